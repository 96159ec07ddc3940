"""What a person typed, cleaned step by step, each character still knowing its place in the original.

Undoes what Slack and keyboards do to text (links in angle brackets, entities, dashes) and refuses characters that nobody
sees. Knows nothing of keys, repositories or paths.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from provisioning.errors import PersonError

LIMIT = 2000  # characters; the longest honest link seen in a badge is a third of this

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Invisible although Unicode calls them letters, marks or symbols: fillers, joiners, variation selectors, blank Braille.
_HIDDEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0") | frozenset(
    map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
# What keyboards make of hyphens, written as code points since they look alike.
_DASHES = {
    **dict.fromkeys("\u2010\u2011\u2012\u2212", "-"),  # hyphens, figure dash, minus
    **dict.fromkeys("\u2013\u2014\u2015", "--"),  # en dash, em dash, bar
}
_ENTITIES = {"&lt;": "<", "&gt;": ">"}
# Slack escapes the ampersand of what was escaped already, as HTML's badges are.
_ENTITY = re.compile(r"&(?:amp;)+|&lt;|&gt;")
_ANGLES = re.compile(r"<([^<>]*)>")
_MARKED = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]*:[^\s|<>]*)(?:\|([^<>]*))?>")
_LINK = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:[^\s|]*)(?:\|(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A piece of text. ``places[i]`` is where character ``i`` stands in ``original``: (start, end)."""

    value: str
    places: tuple[tuple[int, int], ...]
    original: str

    @property
    def span(self) -> tuple[int, int]:
        """The piece's place in the original; the whole original for an empty piece."""
        if not self.places:
            return (0, len(self.original))
        return (self.places[0][0], self.places[-1][1])

    def cut(self, start: int, stop: int | None = None) -> "Text":
        """The piece from ``start`` to before ``stop``, as slices count."""
        where = slice(start, stop)
        return Text(value=self.value[where], places=self.places[where], original=self.original)

    def split(self, separator: str) -> list["Text"]:
        """The pieces between single-character separators, empty ones too."""
        pieces, start = [], 0
        for piece in self.value.split(separator):
            pieces.append(self.cut(start, start + len(piece)))
            start += len(piece) + 1
        return pieces

    def instead(self, value: str) -> "Text":
        """Another value at the same place, such as a decoded one."""
        return Text(value=value, places=(self.span,) * len(value), original=self.original)

    def decoded(self) -> "Text":
        """The piece with ``%xx`` decoded; refuses what is not UTF-8 or decodes to characters nobody sees."""
        if "%" not in self.value:
            return self
        try:
            plain = self.instead(unquote_to_bytes(self.value).decode())
        except UnicodeDecodeError:
            raise self.refuse(
                "bad-percent-code",
                f"{shown(self.value)} has a %-code that stands for no character.",
                "Copy the link again from the browser's address bar.",
            ) from None
        refuse_hidden(plain)
        return plain

    def refuse(self, code: str, message: str, hint: str) -> PersonError:
        """The error that marks this piece."""
        return PersonError(code, message, hint, text=self.original, span=self.span)


def shown(value: str) -> str:
    """A value in quotes for a message, cut where it is long."""
    return f"“{value}”" if len(value) <= 60 else f"“{value[:57]}...”"


def typed(original: str, *, lines: bool = False) -> Text:
    """The text without surrounding space; refuses too much text and characters nobody sees, ends of lines among them.

    ``lines``: these are left for later, when the markup that is spread over them is gone.
    """
    if len(original) > LIMIT:
        raise PersonError(
            "too-long",
            f"That is {len(original)} characters; a launch may have {LIMIT}.",
            "Keep the repository, the branch and the path, and leave the rest out.",
            text=original,
            span=(LIMIT, len(original)),
        )
    start = len(original) - len(original.lstrip(" \t\r\n"))
    stop = len(original.rstrip(" \t\r\n"))
    places = tuple((at, at + 1) for at in range(start, stop))
    text = Text(value=original[start:stop], places=places, original=original)
    refuse_hidden(text, but="\t\r\n" if lines else "\t")
    return text


def refuse_hidden(text: Text, *, but: str = "") -> None:
    """Refuse control, bidirectional and invisible characters: what is shown must be what is read."""
    for at, char in enumerate(text.value):
        if char in but or not is_hidden(char):
            continue
        name = unicodedata.name(char, "a control character").lower()
        if char in "\r\n":
            message = "There is a line break in the middle."
        else:
            message = f"There is a character that cannot be seen: U+{ord(char):04X}, {name}."
        raise text.cut(at, at + 1).refuse(
            "hidden-character",
            message,
            "Type that part again by hand, all on one line; pasted text often brings such characters along.",
        )


def is_hidden(char: str) -> bool:
    """Whether a reader cannot see the character, or it changes how its neighbours are seen."""
    return char in _HIDDEN or unicodedata.category(char) in _HIDDEN_CATEGORIES


def as_meant(text: Text, *, mentions: bool = False) -> Text:
    """The text before Slack marked its links and escaped its characters.

    ``mentions``: people and channels are meant, and stay as ``<@U1>`` and ``<#C1>``; else they are refused.
    """
    return _unescaped(_unlinked(text, mentions=mentions))


def without_links(text: str) -> str:
    """A command's text as it was typed, with mentions but without the brackets that Slack puts around links."""
    return _MARKED.sub(lambda m: m[2] if _is_guessed(m[1], m[2]) else m[1], text)


def plain_dashes(text: Text) -> Text:
    """Dashes that a keyboard made of hyphens are hyphens again."""
    values = [_DASHES.get(char, char) for char in text.value]
    places = (place for value, place in zip(values, text.places, strict=True) for _ in value)
    return Text(value="".join(values), places=tuple(places), original=text.original)


def _unlinked(text: Text, *, mentions: bool) -> Text:
    """Slack's ``<url|label>`` is the URL; where Slack only guessed a scheme, it is what was typed."""
    pieces, end = [], 0
    for match in _ANGLES.finditer(text.value):
        body = text.cut(*match.span(1))
        if mentions and body.value[:1] in {"@", "#", "!"}:
            named = text.cut(*match.span()).instead(f"<{body.value.partition('|')[0]}>")
            pieces += [text.cut(end, match.start()), named]
            end = match.end()
            continue
        if body.value[:1] in {"@", "#", "!"}:
            raise text.cut(*match.span()).refuse(
                "mention",
                "A person or a channel is mentioned where a launch needs a repository, a branch or a path.",
                "Leave the mention out, such as /binder org/repo.",
            )
        link = _LINK.fullmatch(body.value)
        if link is None:
            continue  # refused later, as the shell character that it is
        url, label = link.group(1), link.group(2)
        guessed = _is_guessed(url, label)
        pieces += [text.cut(end, match.start()), body.cut(*link.span(2 if guessed else 1))]
        end = match.end()
    return put_together(text, [*pieces, text.cut(end)])


def _is_guessed(url: str, label: str | None) -> bool:
    """Slack links "setup.py" and "gitlab.com/a/b" by itself, as http, and an address as mailto."""
    return label is not None and url in {f"http://{label}", f"http://{label}/", f"mailto:{label}"}


def _unescaped(text: Text) -> Text:
    """Slack's three entities are their characters."""
    pieces, end = [], 0
    for match in _ENTITY.finditer(text.value):
        pieces += [
            text.cut(end, match.start()),
            text.cut(*match.span()).instead(_ENTITIES.get(match.group(), "&")),
        ]
        end = match.end()
    return put_together(text, [*pieces, text.cut(end)])


def put_together(text: Text, pieces: Iterable[Text]) -> Text:
    """The pieces of a text as one; each character keeps its place."""
    whole = list(pieces)
    return Text(
        value="".join(piece.value for piece in whole),
        places=tuple(place for piece in whole for place in piece.places),
        original=text.original,
    )
