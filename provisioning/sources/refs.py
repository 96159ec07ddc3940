"""From what a git server lists to the one commit that a person means. Pure."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from provisioning.errors import PersonError

_FULL = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT = re.compile(r"[0-9a-f]{4,40}")
_MOST_COMPARED = 5000  # names; comparing more would hold everything else up
_SURE = 7  # fewer digits may also begin a commit that the listing does not show
_FALLBACKS = ("main", "master")  # where nobody named a ref and the server's HEAD leads nowhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What ``git ls-remote --symref`` said."""

    refs: Mapping[str, str]  # full ref name -> commit; annotated tags are peeled
    head: str = ""  # the full name of the branch that HEAD means


def read_listing(text: str) -> Listed:
    """The listing of ``git ls-remote --symref``; lines that are none are passed over."""
    refs: dict[str, str] = {}
    head = ""
    for line in text.splitlines():
        left, _, name = line.partition("\t")
        if left.startswith("ref: ") and name == "HEAD":
            head = left.removeprefix("ref: ")
        elif _FULL.fullmatch(left):
            # "refs/tags/v1^{}" is the commit behind the annotated tag "refs/tags/v1", and comes after it.
            refs[name.removesuffix("^{}")] = left
    return Listed(refs=refs, head=head)


def is_full(ref: str) -> bool:
    """Whether it is a whole object id."""
    return _FULL.fullmatch(ref.lower()) is not None


def may_be_commit(ref: str) -> bool:
    """Whether it could be (the beginning of) a commit."""
    return _SHORT.fullmatch(ref.lower()) is not None or is_full(ref)


def pick(listed: Listed, wanted: str) -> tuple[str, str] | None:
    """Commit and short name of the ref a person means; None where the listing does not hold it."""
    if wanted in ("", "HEAD"):
        return _default(listed)
    for name in (f"refs/heads/{wanted}", f"refs/tags/{wanted}", f"refs/{wanted}", wanted):
        if name in listed.refs:
            return listed.refs[name], _short(name)
    if may_be_commit(wanted) and len(wanted) >= _SURE:
        matching = {commit for commit in listed.refs.values() if commit.startswith(wanted.lower())}
        if len(matching) == 1:
            return matching.pop(), wanted
    return None


def split(listed: Listed, wanted: str, path: str) -> tuple[str, str, int] | None:
    """`pick`, where a link's path begins with what belongs to the branch's name: commit, short name, how many folders those are.

    The shortest name that is there counts; git has no branch below another one, so that there is only one, unless a tag is beside.
    """
    folders = path.split("/") if path and wanted else []
    for count in range(1, len(folders) + 1):
        name = "/".join((wanted, *folders[:count]))
        for full in (f"refs/heads/{name}", f"refs/tags/{name}"):
            if full in listed.refs:
                return listed.refs[full], name, count
    return None


def _default(listed: Listed) -> tuple[str, str] | None:
    for name in (listed.head, *(f"refs/heads/{n}" for n in _FALLBACKS)):
        if name in listed.refs:
            return listed.refs[name], _short(name)
    if "HEAD" in listed.refs:  # a detached HEAD
        return listed.refs["HEAD"], "HEAD"
    return None


def missing(listed: Listed, wanted: str, repo: str) -> PersonError:
    """The refusal of a ref that is not there, with the nearest ones that are."""
    names = [_short(name) for name in listed.refs if name.startswith(("refs/heads/", "refs/tags/"))]
    if not names:
        return PersonError(
            "repository-empty", f"{repo} has no branch and no tag yet.", "Push a commit, then launch again."
        )
    near = (
        difflib.get_close_matches(wanted, names[:_MOST_COMPARED], n=3, cutoff=0.5)
        or [n for n in names if wanted.lower() in n.lower()][:3]
    )
    if not wanted:
        hint = f"Name one: {', '.join(names[:3])}."
        return PersonError("ref-not-found", f"{repo} has no default branch.", hint)
    meant = f"Did you mean {' or '.join(near)}?" if near else f"It has {', '.join(names[:3])}."
    return PersonError("ref-not-found", f"{repo} has no branch, tag or commit {wanted}.", meant)


def _short(name: str) -> str:
    return name.removeprefix("refs/heads/").removeprefix("refs/tags/")
