"""Which sources a deployment allows and denies, by patterns of host, organisation and repository. Pure; the bot judges by this too.

A pattern is a host, or a host and the beginning of a path: ``github.com``, ``github.com/org``, ``github.com/org/repo``. ``*`` and
``?`` stand within one part. A host covers the hosts below it, so that an API beside a site is not forgotten. Letter case, ``.git``
and ports say nothing. DOIs are below ``doi.org``.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Sequence
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class Rules:
    """What may be launched."""

    allow: tuple[str, ...] = ()  # where there are any, nothing else may
    deny: tuple[str, ...] = ()  # goes before ``allow``
    ask: str = ""  # whom people may ask, as they are told

    def denies(self, url: str) -> bool:
        """Whether nothing may be asked or fetched there."""
        return any(fits(pattern, url) for pattern in self.deny)

    def allows(self, url: str) -> bool:
        """Whether a source may be there."""
        return not self.denies(url) and (not self.allow or any(fits(p, url) for p in self.allow))

    def for_guest(self, url: str) -> Rules:
        """Without the patterns that say nothing on this source: they would fill its instance's user data."""
        fitting = tuple(p for p in self.allow if fits(p, url))
        return Rules((fitting or self.allow)[:1], self.deny, self.ask)  # one that does not fit still refuses

    @property
    def hint(self) -> str:
        """What a person can do."""
        return f"Launch another source, or ask {self.ask or 'whoever runs the bot'} to allow this one."


def fits(pattern: str, url: str) -> bool:
    """Whether a URL is at, or below, what the pattern names."""
    host, *wanted = pattern.lower().strip("/").removesuffix(".git").split("/")
    parts = urlsplit(url if "://" in url else f"https://{url}")
    place = _folders(parts.path)
    at_host = parts.hostname or ""
    covers_host = fnmatchcase(at_host, host) or fnmatchcase(at_host, f"*.{host}")
    return covers_host and len(place) >= len(wanted) and all(fnmatchcase(p, w) for p, w in zip(place, wanted))


def _folders(path: str) -> Sequence[str]:
    """The parts of a path as its server reads them."""
    found: list[str] = []
    for part in unquote(path).lower().split("/"):
        if part == "..":
            found = found[:-1]
        elif part not in ("", "."):
            found.append(part)
    return [*found[:-1], found[-1].removesuffix(".git")] if found else []
