"""Bitbucket, and Gitea and Forgejo on any host (Codeberg is one): pages that end in a git repository's URL."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.grammar.found import NAME, Source, is_attached, joined, named, no_files, only_a_site, ref_of
from bot.grammar.text import Text
from bot.grammar.urls import Url, refuse_odd_segments
from provisioning.sources.records import archive_ending

_BITBUCKET = "bitbucket.org"
_GITEA_HOSTS = frozenset({"codeberg.org", "gitea.com", "notabug.org"})
_STATES = frozenset({"branch", "tag", "commit"})
_FILES = frozenset({"src", "raw", "media"})


@dataclass(frozen=True, slots=True)
class Bitbucket:
    """bitbucket.org. Its pages do not say whether a path is a folder or a file, and it gives no ref of a pull request."""

    def detect(self, url: Url) -> Source | None:
        """A repository or one of its pages."""
        if url.host.removeprefix("www.") != _BITBUCKET or is_attached(url.segments):
            return None
        if len(url.segments) < 2:
            raise only_a_site(url.whole)
        names = named(url.segments[:2], NAME)
        ending = ".git" if url.segments[1].value.endswith(".git") else ""
        found = Source(provider="git", repo="/".join((f"https://{_BITBUCKET}", *names)) + ending)
        kind, rest = next(iter(url.segments[2:]), None), url.segments[3:]
        if kind is None or (kind.value in {"src", "branches", "overview"} and not rest):
            return found
        if kind.value in {"src", "raw"}:
            below = joined(rest[1:])
            is_file = kind.value == "raw"
            return replace(
                found,
                ref=rest[0].decoded(),
                file=below if is_file else None,
                folder=None if is_file else below,
            )
        if kind.value == "branch" and rest:
            return replace(found, ref=joined(rest))
        if kind.value == "commits" and rest:
            return replace(found, ref=joined(rest[1:]) if rest[0].value in {"tag", "branch"} else rest[0])
        if kind.value == "get" and rest:
            return replace(found, ref=_without_ending(rest))
        raise no_files(kind)


@dataclass(frozen=True, slots=True)
class Gitea:
    """Gitea and Forgejo, known by the form of their pages; the repository alone looks like any other."""

    def detect(self, url: Url) -> Source | None:
        """A page that shows files, a commit, a release, a pull request or an archive."""
        words = [segment.value for segment in url.segments]
        is_known = url.host in _GITEA_HOSTS
        if is_known and len(words) < 2:
            raise only_a_site(url.whole)
        pages = (at for at in range(2, len(words) - 2) if words[at] in _FILES and words[at + 1] in _STATES)
        at = next(pages, 2 if is_known else len(words))
        if at >= len(words) or is_attached(url.segments):
            return None
        refuse_odd_segments(url.segments[:at])
        found = Source(provider="git", repo=url.base(at))
        return _shown(found, url.segments[at], url.segments[at + 1 :])


def _shown(found: Source, kind: Text, rest: Sequence[Text]) -> Source:
    words = [segment.value for segment in rest]
    if kind.value in _FILES and words[:1] and words[0] in _STATES and len(words) > 1:
        below = joined(rest[2:])
        is_file = kind.value != "src"
        return replace(
            found,
            ref=rest[1].decoded(),
            file=below if is_file else None,
            folder=None if is_file else below,
        )
    if kind.value == "commit" and rest:
        return replace(found, ref=rest[0])
    if kind.value == "commits" and len(words) > 1 and words[0] in _STATES:
        return replace(found, ref=joined(rest[1:]))
    if kind.value == "releases" and words[:1] == ["tag"] and len(words) > 1:
        return replace(found, ref=joined(rest[1:]))
    if kind.value == "pulls" and rest and words[0].isascii() and words[0].isdigit():
        return replace(found, ref=rest[0].instead(f"refs/pull/{int(words[0][:12])}/head"))
    if kind.value == "archive" and rest:
        return replace(found, ref=_without_ending(rest))
    raise no_files(kind)


def _without_ending(pieces: Sequence[Text]) -> Text | None:
    ref = ref_of(pieces)
    ending = archive_ending(ref.value) if ref else ""
    return ref.cut(0, len(ref.value) - len(ending)) if ref and ending else ref
