"""Git repositories on any host: the ref that a person means, asked of the server by git itself."""

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from provisioning.model import Request
from provisioning.sources import refs, trouble
from provisioning.sources.git_program import (
    GitError,
    Place,
    TooMuchError,
    require_pinning,
    run,
    run_filling,
)
from provisioning.sources.redirects import final_place
from provisioning.sources.resolved import GIT_PROVIDERS, Resolved, SourcePolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """Any host that speaks git's smart protocol over https."""

    limit: timedelta = timedelta(seconds=30)  # for everything about one request
    most_listed_bytes: int = 20_000_000  # a listing of some 200,000 refs
    most_fetched_bytes: int = 512 * 2**20  # where a commit must be fetched to be sure of it

    def detect(self, request: Request) -> bool:
        """Every git host, whatever its name."""
        return request.provider in GIT_PROVIDERS and bool(request.repo)

    async def resolve(self, request: Request, policy: SourcePolicy) -> Resolved:
        """The commit behind the request's ref, asked of the server."""
        place: Place | None = None
        try:
            async with asyncio.timeout(self.limit.total_seconds()):
                place = await final_place(request.repo, policy)
                await require_pinning(place)
                commit, name, moved = await self._find(place, _wanted(request), request.path)
        except GitError as error:
            raise trouble.told(place, request.repo, str(error)) from error
        except TooMuchError as error:
            raise trouble.too_large(request.repo) from error
        except TimeoutError as error:
            if refs.may_be_commit(request.ref) and not refs.is_full(request.ref):
                raise trouble.slow(request.repo, "Give the whole commit, which is found faster.") from error
            raise trouble.slow(request.repo) from error
        return Resolved(
            commit=commit, ref=name, address=place.address, url=place.url, folders_in_ref=moved,
            needs_token=place.token is not None,
        )  # fmt: skip

    async def _find(self, place: Place, wanted: str, path: str) -> tuple[str, str, int]:
        """Commit, short name, and how many folders of the path belong to that name."""
        said = await run(place, "ls-remote", "--symref", "--", place.url, most_bytes=self.most_listed_bytes)
        listed = refs.read_listing(said)
        picked = refs.pick(listed, wanted)
        split = None if picked else refs.split(listed, wanted, path)
        if split:
            return split
        found = picked or await self._unlisted(place, listed, wanted.lower())
        if found is None:
            raise refs.missing(listed, wanted, place.url)
        return (*found, 0)

    async def _unlisted(self, place: Place, listed: refs.Listed, wanted: str) -> tuple[str, str] | None:
        """A commit that no branch or tag points at: a whole id is fetched alone, a short one looked for in the history.

        Only commits are fetched, no files, where the server can leave them out.
        """
        if not refs.may_be_commit(wanted):
            return None
        if refs.is_full(wanted):
            what = ("--depth=1", "--", place.url, wanted)
        else:
            what = ("--", place.url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        kind = "sha256" if any(len(known) == 64 for known in listed.refs.values()) else "sha1"
        with tempfile.TemporaryDirectory(prefix="binderops-ref-", ignore_cleanup_errors=True) as folder:
            inside = ("--git-dir", folder)
            await run(
                place, "init", "--quiet", "--bare", f"--object-format={kind}", folder, most_bytes=10_000
            )
            try:
                await run_filling(
                    place, Path(folder), *inside, "fetch", "--quiet", "--no-tags", "--filter=tree:0", *what,
                    most_bytes=self.most_fetched_bytes,
                )  # fmt: skip
            except GitError as error:
                if trouble.has_no_such_commit(str(error)):
                    return None
                raise
            return await _parsed(place, inside, wanted)


def _wanted(request: Request) -> str:
    """A gist has one branch, which links call by either name; BinderHub takes both for the newest revision."""
    return "" if request.provider == "gist" and request.ref in {"main", "master"} else request.ref


async def _parsed(place: Place, inside: tuple[str, ...], wanted: str) -> tuple[str, str] | None:
    """The commit in the fetched history; a tag's or a file's id, or nothing at all, is None."""
    try:
        said = await run(place, *inside, "rev-parse", "--verify", f"{wanted}^{{commit}}", most_bytes=10_000)
    except GitError as error:
        if "ambiguous" in str(error):
            raise trouble.ambiguous(place.url, wanted) from error
        return None
    return said.strip(), wanted
