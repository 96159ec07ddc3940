"""Kinds of sources as people name them, in order: the first that detects a link reads it. ``org/repo`` means GitHub."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.grammar.forges import Bitbucket, Gitea
from bot.grammar.found import WORKS_TODAY, Kind, Source, only_a_site
from bot.grammar.github import Gist, GitHub, repository
from bot.grammar.gitlab import GitLab, OtherGitLab
from bot.grammar.records import Records
from bot.grammar.text import Text, shown
from bot.grammar.urls import Url, is_exempt, refuse_odd_segments
from bot.grammar.viewers import Viewers, is_viewer
from provisioning.sources import swhids
from provisioning.sources.records import archive_ending, is_record_host


@dataclass(frozen=True, slots=True)
class AnyGit:
    """Any git URL, as typed. Takes whatever is left."""

    def detect(self, url: Url) -> Source | None:
        """The repository at the URL."""
        if not url.segments:
            raise only_a_site(url.whole)
        if url.query is not None and url.query.value and archive_ending(url.segments[-1].value):
            raise url.query.refuse(
                "not-a-repository",
                "The link of the archive has a question mark; what follows may be a secret, and may soon end.",
                "Give the archive's lasting address, without what follows the question mark.",
            )
        if url.query is not None and url.query.value:
            raise url.query.refuse(
                "not-a-repository",
                "The link has a question mark; it is a page's, not a repository's.",
                "Copy the link that the page offers for cloning over https.",
            )
        refuse_odd_segments(url.segments)
        return Source(provider="git", repo=url.base())


_GIT_KINDS: tuple[Kind, ...] = (GitHub(), Gist(), GitLab(), Bitbucket(), OtherGitLab(), Gitea())
# A viewer's link begins as GitHub's in one case; a record's form is looked for where no site of repositories was named.
KINDS: tuple[Kind, ...] = (Viewers(), *_GIT_KINDS, Records(), AnyGit())


def names_only(url: Url) -> bool:
    """Whether a link is of a site that is never fetched from: the link names a record or a repository elsewhere."""
    return is_record_host(url.host) or url.host == swhids.HOST or is_viewer(url.host)


def shorthand(text: Text) -> Source:
    """``org/repo``, which means GitHub."""
    pieces = [piece for piece in text.split("/") if piece.value]
    if len(pieces) != 2 or text.value.startswith(("/", ".", "~")):
        raise text.refuse(
            "not-a-repository",
            f"{shown(text.value)} does not name a repository.",
            f"Write org/repo or the repository's https link first. {WORKS_TODAY}",
        )
    return repository(pieces, text)


def from_url(url: Url, allow_exact: Sequence[str], *, git_only: bool = False) -> Source:
    """The source at a URL; ``git_only`` where it was said to be a git repository."""
    if git_only and is_exempt(url.base(), allow_exact):
        return _first(url, (AnyGit(),))
    if is_exempt(url.base(), allow_exact):
        return _first(url, (Records(), AnyGit()))
    has_records_alone = is_record_host(url.host) or url.host == swhids.HOST
    return _first(url, (*_GIT_KINDS, AnyGit()) if git_only and not has_records_alone else KINDS)


def _first(url: Url, kinds: Sequence[Kind]) -> Source:
    """What the first kind reads that detects the link; the last one takes them all."""
    for kind in kinds:
        found = kind.detect(url)
        if found is not None:
            return found
    raise only_a_site(url.whole)
