"""What a page of a GitHub or GitLab project shows: a branch, a folder, a file, a commit, a change that somebody proposes."""

from collections.abc import Sequence
from dataclasses import replace

from bot.grammar.found import Source, is_full_ref, joined, no_files, ref_of
from bot.grammar.text import Text
from provisioning.sources.records import archive_ending

FOLDER_PAGES = frozenset({"tree"})
FILE_PAGES = frozenset({"blob", "raw", "blame", "edit"})
_COMMIT_PAGES = frozenset({"commit", "commits", "tags"})
_ARCHIVE_PAGES = frozenset({"archive", "zipball", "tarball"})
# Pull and merge requests: the git host keeps each one's newest commit under a ref of its own.
_PROPOSALS = {"pull": "refs/pull/{}/head", "merge_requests": "refs/merge-requests/{}/head"}


def page(found: Source, parts: Sequence[Text]) -> Source:
    """The project at what the page shows. A branch with a slash is told from its folder when the repository is asked."""
    kind = parts[0].value if parts else ""
    rest = parts[1:]
    if kind == "releases" and len(parts) > 1 and parts[1].value == "tag":
        kind, rest = "tags", parts[2:]
    if not kind or (kind in FOLDER_PAGES and not rest):
        return found
    if kind in _PROPOSALS and rest and rest[0].value.isascii() and rest[0].value.isdigit():
        return _proposal(found, _PROPOSALS[kind], rest)
    if rest and kind in _COMMIT_PAGES:
        return replace(found, ref=rest[0].decoded())
    if rest and kind in FOLDER_PAGES | FILE_PAGES:
        return _files(found, rest, is_file=kind in FILE_PAGES)
    if rest and kind in _ARCHIVE_PAGES:
        return _archive(found, rest)
    raise no_files(parts[0])


def _files(found: Source, rest: Sequence[Text], *, is_file: bool) -> Source:
    start = 2 if is_full_ref(rest) else 0
    below = joined(rest[start + 1 :])
    return replace(
        found,
        ref=rest[start].decoded(),
        folder=None if is_file else below,
        file=below if is_file else None,
    )


def _proposal(found: Source, ref: str, rest: Sequence[Text]) -> Source:
    """The proposed change's head; one of its commits where the page shows one."""
    if len(rest) > 2 and rest[1].value == "commits":
        return replace(found, ref=rest[2])
    return replace(found, ref=rest[0].instead(ref.format(int(rest[0].value[:12]))))


def _archive(found: Source, rest: Sequence[Text]) -> Source:
    """The state that an archive was made of: GitHub ends the ref with the file's ending, GitLab adds a file's name."""
    if found.provider != "gh" and len(rest) > 1:
        rest = rest[:-1]
    ref = ref_of(rest)
    ending = archive_ending(ref.value) if ref else ""
    return replace(found, ref=ref.cut(0, len(ref.value) - len(ending)) if ref and ending else ref)
