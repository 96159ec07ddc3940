"""GitLab: groups of any depth on gitlab.com, and every other GitLab by the ``/-/`` in its pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.grammar.found import Source, hosted, only_a_site
from bot.grammar.pages import FILE_PAGES, FOLDER_PAGES, page
from bot.grammar.text import Text
from bot.grammar.urls import Url, refuse_odd_segments

GITLAB = "gitlab.com"


@dataclass(frozen=True, slots=True)
class GitLab:
    """gitlab.com."""

    def detect(self, url: Url) -> Source | None:
        """A project or one of its pages."""
        if url.host.removeprefix("www.") != GITLAB:
            return None
        parts, shown = _parted(url.segments)
        return page(project(parts, url.whole), shown)


@dataclass(frozen=True, slots=True)
class OtherGitLab:
    """A GitLab that a university or a team runs."""

    def detect(self, url: Url) -> Source | None:
        """One of a project's pages; the project alone looks like any git repository."""
        parts, shown = _parted(url.segments, dashed=True)
        if not shown:
            return None
        if not parts:
            raise only_a_site(url.whole)
        refuse_odd_segments(parts)
        # Without .git GitLab answers by a redirect.
        return page(Source(provider="git", repo=url.base(len(parts)).removesuffix(".git") + ".git"), shown)


def project(parts: Sequence[Text], place: Text) -> Source:
    """A project on gitlab.com."""
    return hosted("gl", GITLAB, parts, place)


def _parted(segments: Sequence[Text], *, dashed: bool = False) -> tuple[Sequence[Text], Sequence[Text]]:
    """Project and page: parted by ``/-/``, or in older links by the page's kind."""
    for at, segment in enumerate(segments):
        if segment.value == "-":
            return segments[:at], segments[at + 1 :]
        if not dashed and at >= 2 and segment.value in FOLDER_PAGES | FILE_PAGES:
            return segments[:at], segments[at:]
    return segments, ()
