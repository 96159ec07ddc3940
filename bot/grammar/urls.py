"""URLs of sources: https, a public host's name, no credentials. Knows no hosting site."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.grammar.text import Text, shown
from provisioning.sources.resolved import SourcePolicy

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_SCP = re.compile(r"[A-Za-z0-9_.-]+@([A-Za-z0-9.-]+):(?!/)(.*)", re.DOTALL)
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LOCAL_ENDINGS = frozenset({"localhost", "local", "internal", "lan", "home", "corp", "localdomain", "arpa"})
_SEGMENT = re.compile(r"[A-Za-z0-9._~+@%=,:-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """A URL taken apart. ``segments`` are the path's, as typed; none is empty, none leads upwards."""

    whole: Text
    scheme: str
    host: str  # lower case, with the port where it is not the scheme's own
    segments: tuple[Text, ...]
    query: Text | None

    def base(self, segments: int | None = None) -> str:
        """The URL of the first segments, without query and trailing slash."""
        return "/".join((f"{self.scheme}://{self.host}", *(s.value for s in self.segments[:segments])))

    def asked(self) -> str:
        """The URL with its query, without trailing slash."""
        return self.base() + (f"?{self.query.value}" if self.query else "")


def is_url(text: Text) -> bool:
    """Whether this is written as a URL or an ssh address rather than as ``org/repo``."""
    if _SCHEME.match(text.value) or _SCP.match(text.value) or text.value.startswith("//"):
        return True
    host, slash, _ = text.value.partition("/")
    return bool(slash) and "." in host.strip(".")


def split_url(
    text: Text, allow_exact: Sequence[str], *, upgrades: Callable[[Url], bool] = lambda _: False
) -> Url:
    """The URL's parts; refuses what must not be fetched, unless a prefix of ``allow_exact`` covers it.

    ``upgrades``: whether an ``http`` link only names what is fetched by https from elsewhere, and may be read as https.
    """
    scheme, rest = _scheme(text)
    cut = re.search(r"[/?#]", rest.value)
    authority = rest.cut(0, cut.start() if cut else None)
    tail = rest.cut(cut.start()) if cut else rest.cut(len(rest.value))
    path, query = _path_and_query(tail)
    segments = tuple(piece for piece in path.split("/") if piece.value)
    base = "/".join((f"{scheme}://{authority.value.lower()}", *(segment.value for segment in segments)))
    exempt = is_exempt(base, allow_exact)
    if not exempt and scheme not in {"http", "https"}:
        raise _protocol(text, text.cut(0, len(scheme) + 1), scheme)
    if "@" in authority.value:
        raise credentials(authority)
    for segment in segments:
        _refuse_segment(segment)
    host = authority.value.lower() if exempt else _host(text, authority)
    if exempt or scheme == "https":
        return Url(whole=text, scheme=scheme, host=host, segments=segments, query=query)
    secure = Url(whole=text, scheme="https", host=host.removesuffix(":80"), segments=segments, query=query)
    if not upgrades(secure):
        raise _protocol(text, text.cut(0, len(scheme) + 1), scheme)
    return secure


def credentials(place: Text) -> Exception:
    """The refusal of a link that somebody is signed in by."""
    return place.refuse(
        "credentials-in-url",
        "There is a user name or a password in the link.",
        "Remove everything up to the @, and change the password if it was a real one: this text has been sent.",
    )


def is_exempt(url: str, allow_exact: Sequence[str]) -> bool:
    """Whether a prefix covers the URL, by the rule that the lookup goes by later."""
    return SourcePolicy(allow_exact=tuple(allow_exact)).exempts(url)


def _scheme(text: Text) -> tuple[str, Text]:
    """The scheme, and what follows ``//``; https where none is written."""
    ssh = _SCP.match(text.value)
    if ssh:
        raise _protocol(text, text, "ssh", f"https://{ssh.group(1)}/{ssh.group(2)}")
    found = _SCHEME.match(text.value)
    if not found:
        return "https", text.cut(2) if text.value.startswith("//") else text
    scheme = found.group(1).lower()
    if not text.value.startswith("//", found.end()):
        raise _protocol(text, text.cut(0, found.end()), scheme)
    return scheme, text.cut(found.end() + 2)


def _protocol(text: Text, place: Text, scheme: str, instead: str = "") -> Exception:
    if not instead and scheme == "http":
        instead = "https" + text.value[4:]
    example = shown(instead) if instead else "https://github.com/org/repo"
    return place.refuse(
        "protocol-not-allowed",
        f"The link begins with {shown(scheme)}; only https is fetched.",
        f"Write the https link that the repository's page shows, such as {example}.",
    )


def _path_and_query(tail: Text) -> tuple[Text, Text | None]:
    end = tail.value.find("#")
    tail = tail.cut(0, end if end >= 0 else None)
    mark = tail.value.find("?")
    return (tail, None) if mark < 0 else (tail.cut(0, mark), tail.cut(mark + 1))


def _refuse_segment(segment: Text) -> None:
    plain = segment.decoded().value
    if plain in {".", ".."} or "\\" in plain or "/.." in plain or "../" in plain:
        raise segment.refuse(
            "path-outside",
            f"{shown(segment.value)} leads out of the repository.",
            "Copy the link from the browser's address bar; it has no “..”.",
        )


def refuse_odd_segments(segments: Sequence[Text]) -> None:
    """Refuse, in the address of a repository itself, what no hosting site puts there."""
    for segment in segments:
        if segment.value.startswith("-"):
            raise segment.refuse(
                "looks-like-option",
                f"{shown(segment.value)} looks like an option of a program.",
                "Copy the repository's link from its page.",
            )
        plain = segment.decoded().value
        if not _SEGMENT.fullmatch(segment.value) or re.search(r"[\s\"';|&$`<>(){}*?!#/]", plain):
            raise segment.refuse(
                "bad-repository",
                f"{shown(segment.value)} cannot be part of a repository's address.",
                "Copy the repository's link from its page, such as https://git.example.org/team/course.git.",
            )


def _host(text: Text, authority: Text) -> str:
    """The host, with a port that is not 443; refuses addresses and names of this machine or network."""
    name, colon, port = authority.value.partition(":")
    name = name.lower()
    place = authority if authority.value else text
    labels = name.split(".")
    if not all(map(_NAME.fullmatch, labels)) or len(name) > 253:
        raise place.refuse(
            "bad-host",
            f"{shown(authority.value)} is not the name of a site.",
            "Copy the repository's link from its page, such as https://github.com/org/repo.",
        )
    if len(labels) < 2 or labels[-1] in _LOCAL_ENDINGS or not labels[-1][0].isalpha():
        raise place.refuse(
            "private-address",
            f"{shown(name)} is not a public site's name.",
            "Use a repository that everybody can reach, by the name of its site.",
        )
    if colon and not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        raise place.refuse(
            "bad-host",
            f"{shown(port)} is not a port.",
            "Leave the colon and what follows it out of the site's name.",
        )
    return name if not colon or int(port) == 443 else f"{name}:{int(port)}"
