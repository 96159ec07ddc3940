"""GitHub and Gist: repositories, their pages, their editors and their raw files."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.grammar.found import Source, hosted, is_attached, named, no_files, only_a_site
from bot.grammar.pages import page
from bot.grammar.text import Text
from bot.grammar.urls import Url
from provisioning.sources.records import archive_ending

GITHUB = "github.com"
GIST = "gist.github.com"

_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SAME_PATHS = frozenset({GITHUB, "github.dev"})


@dataclass(frozen=True, slots=True)
class GitHub:
    """github.com, and the editor that has its paths."""

    def detect(self, url: Url) -> Source | None:
        """A repository or one of its pages."""
        host = url.host.removeprefix("www.")
        if host == "raw.githubusercontent.com":
            found = repository(url.segments[:2], url.whole)
            return page(found, (_as_page("raw", url), *url.segments[2:])) if url.segments[2:] else found
        if host not in _SAME_PATHS or is_attached(url.segments):
            return None
        return page(repository(url.segments[:2], url.whole), url.segments[2:])


@dataclass(frozen=True, slots=True)
class Gist:
    """gist.github.com: with or without its owner before its id; a third part is a revision."""

    def detect(self, url: Url) -> Source | None:
        """A gist, a revision of it, or one of its raw files."""
        if url.host not in {GIST, "gist.githubusercontent.com"}:
            return None
        return gist(url.segments, url.whole)


def repository(project: Sequence[Text], place: Text) -> Source:
    """A repository on GitHub."""
    return hosted("gh", GITHUB, project, place, _OWNER)


def gist(segments: Sequence[Text], place: Text) -> Source:
    """A gist of owner, id and what follows: a revision, ``raw/<revision>/<file>``, ``archive/<revision>.zip``."""
    if not segments:
        raise only_a_site(place)
    embedded = segments[-1].value.endswith(".js") and len(segments) < 3  # as a page includes a gist
    last = segments[-1].cut(0, -3) if embedded else segments[-1]
    segments = (*segments[:-1], last)
    names = named(segments[:2], _OWNER)
    found = Source(provider="gist", repo="/".join((f"https://{GIST}", *names)))
    rest = segments[2:]
    if rest and rest[0].value == "raw":
        commit = rest[1] if len(rest) > 1 and _COMMIT.fullmatch(rest[1].value) else None
        return replace(
            found, ref=commit, file=rest[-1].decoded() if len(rest) > (2 if commit else 1) else None
        )
    if len(rest) > 1 and rest[0].value == "archive":
        ending = archive_ending(rest[1].value)
        return replace(found, ref=rest[1].cut(0, len(rest[1].value) - len(ending)))
    if rest and rest[0].value in {"revisions", "forks", "stargazers"}:
        raise no_files(rest[0])
    return replace(found, ref=next(iter(rest), None))


def _as_page(kind: str, url: Url) -> Text:
    return url.segments[1].instead(kind)
