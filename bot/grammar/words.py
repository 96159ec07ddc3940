"""Words of a launch: positions and ``key value`` pairs. Knows no key's meaning."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.grammar.text import Text, plain_dashes, shown

_KEY_AND_VALUE = re.compile(r"(-*)([A-Za-z][A-Za-z0-9_-]*)=")
_KEY_ALONE = re.compile(r"--+([A-Za-z][A-Za-z0-9_-]*)")
# Each quote with those that may close it; keyboards curl them.
DOUBLE_QUOTES = frozenset('"\u201c\u201d\u201e\u201f\u00ab\u00bb')
_SINGLE_QUOTES = frozenset("'\u2018\u2019\u201a\u201b")
_CLOSES = {quote: kind for kind in (DOUBLE_QUOTES, _SINGLE_QUOTES) for quote in kind}
_SHELL = frozenset(";|&$`<>\\^{}")  # never part of an honest launch, wherever they stand


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What stands between spaces: a bare part, and maybe a quoted one at its end."""

    whole: Text
    bare: Text
    quoted: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One thing given: by position where ``key`` is None. ``value`` is never empty."""

    key: Text | None
    value: Text
    whole: Text


def given(text: Text) -> list[Given]:
    """Everything given, in the order typed."""
    words = list(_words(text))
    for word in words:
        refuse_shell(word.whole, _SHELL - _allowed_in(word.whole.value))
    things: list[Given] = []
    rest = iter(words)
    for word in rest:
        key_alone = None if word.quoted else _KEY_ALONE.fullmatch(word.bare.value)
        if key_alone:
            things.append(_with_next(word.whole, word.bare.cut(*key_alone.span(1)), next(rest, None)))
        else:
            things.append(_one(word))
    return things


def _allowed_in(word: str) -> set[str]:
    """What a link's query needs, and what an identifier of Software Heritage has before its qualifiers."""
    return {"&"} if "?" in word else {";"} if "swh:1:" in word.lower() else set()


def refuse_shell(text: Text, characters: frozenset[str]) -> None:
    """Refuse the characters by which a shell is told to do something else."""
    brackets = text.value.find("](")  # what is left of Markdown once its links are taken out
    for at, char in enumerate(text.value):
        if char in characters or at == brackets:
            raise text.cut(at, at + 1).refuse(
                "shell-character",
                f"The character {char} cannot be part of a launch.",
                "Leave it out. If a file's name has it, open its folder and click on the file there.",
            )


def _words(text: Text) -> Iterator[Word]:
    value, at = text.value, 0
    while at < len(value):
        if value[at].isspace():
            at += 1
            continue
        start, quote, equals = at, None, -1
        while at < len(value) and not value[at].isspace():
            if value[at] in _CLOSES and (
                at == start or equals == at - 1
            ):  # at once, or after the first equals sign
                quote = at
                break
            equals = at if value[at] == "=" and equals < 0 else equals
            if value[at] in DOUBLE_QUOTES:
                raise _stray_quote(text.cut(at, at + 1))
            at += 1
        if quote is None:
            yield Word(whole=text.cut(start, at), bare=plain_dashes(text.cut(start, at)))
            continue
        at = _closing(text, quote) + 1
        yield Word(
            whole=text.cut(start, at),
            bare=plain_dashes(text.cut(start, quote)),
            quoted=text.cut(quote + 1, at - 1),
        )


def _closing(text: Text, quote: int) -> int:
    """Where the quote that opens at ``quote`` closes."""
    closing = _CLOSES[text.value[quote]]
    end = next((at for at in range(quote + 1, len(text.value)) if text.value[at] in closing), -1)
    if end < 0:
        raise text.cut(quote).refuse(
            "open-quote",
            "A quote opens here and does not close.",
            'Put the second quote at the end of the value, such as name="Week 1".',
        )
    if end + 1 < len(text.value) and not text.value[end + 1].isspace():
        raise _stray_quote(text.cut(end, end + 1))
    return end


def _stray_quote(place: Text) -> Exception:
    return place.refuse(
        "stray-quote",
        "There is a quote in the middle of a word.",
        'Put quotes around the whole value, such as name="Week 1", and none inside it.',
    )


def _one(word: Word) -> Given:
    """A position, or a key and its value in one word."""
    pair = _KEY_AND_VALUE.match(word.bare.value)
    if pair and len(pair.group(1)) != 1:
        key = word.bare.cut(*pair.span(2))
        value = word.bare.cut(pair.end()) if word.quoted is None else word.quoted
        return Given(key=key, value=_present(key, value, word.whole), whole=word.whole)
    if word.bare.value.startswith("-"):
        raise word.whole.refuse(
            "looks-like-option",
            f"{shown(word.whole.value)} looks like an option of a program.",
            "Write options as flavor=m3.small or --flavor m3.small, with two hyphens.",
        )
    if word.quoted is not None and word.bare.value:
        raise _stray_quote(word.quoted if word.quoted.value else word.whole)
    if word.bare.value.startswith("="):
        raise word.whole.refuse(
            "missing-key",
            "There is an equals sign with nothing before it.",
            "Write the option's name, the equals sign and the value without spaces, such as flavor=m3.small.",
        )
    value = word.bare if word.quoted is None else word.quoted
    if not value.value.strip():
        raise word.whole.refuse(
            "missing-value",
            "There is nothing between the quotes.",
            "Write the repository first, such as org/repo, and leave empty quotes out.",
        )
    return Given(key=None, value=value, whole=word.whole)


def _with_next(whole: Text, key: Text, following: Word | None) -> Given:
    """``--key`` and the word after it."""
    if following is None or following.bare.value.startswith("-"):
        raise _no_value(key, whole)
    if _KEY_AND_VALUE.match(following.bare.value) or (following.quoted is not None and following.bare.value):
        raise _no_value(key, whole)
    value = following.bare if following.quoted is None else following.quoted
    return Given(key=key, value=_present(key, value, whole), whole=whole)


def _present(key: Text, value: Text, whole: Text) -> Text:
    if not value.value.strip():
        raise _no_value(key, whole)
    return value


def _no_value(key: Text, whole: Text) -> Exception:
    name = key.value.lower()
    return whole.refuse(
        "missing-value",
        f"{name} has no value.",
        f"Write {name}=value without spaces around the equals sign, or leave {name} out.",
    )
