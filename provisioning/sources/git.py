"""Asking a git server by git itself: argument lists, a closed environment, no prompt, one protocol, the checked address, a limit.

Redirects are followed here, not by git: each place is checked as the first one was.
"""

import asyncio
import os
import tempfile
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from provisioning.errors import BinderopsError, PersonError, TemporaryError
from provisioning.model import Request
from provisioning.sources import address, refs
from provisioning.sources.resolved import Resolved, SourcePolicy

_ASK_S = 25
_MOST_BYTES = 20_000_000  # a listing of some 200,000 refs
_REDIRECTS = 3
_INFO = "/info/refs"
_SERVICE = "?service=git-upload-pack"
_PASSED_ON = ("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_EXEC_PATH")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where git is sent: a URL, and the address that was checked for it (empty: exempt)."""

    url: str
    address: str


class Git:
    """Any host that speaks git's smart protocol over https."""

    def detect(self, request: Request) -> bool:
        """The last resort: whatever no other source takes."""
        return bool(request.repo)

    async def resolve(self, request: Request, policy: SourcePolicy) -> Resolved:
        """The commit behind the request's ref, asked of the server."""
        place = await _checked(request.repo, policy)
        listed = refs.read_listing(await _git(place, "ls-remote", "--symref", "--", place.url))
        found = refs.pick(listed, request.ref) or await _unlisted(place, request.ref)
        if found is None:
            raise refs.missing(listed, request.ref, request.repo)
        commit, name = found
        return Resolved(commit=commit, ref=name, address=place.address, url=place.url)


async def _checked(url: str, policy: SourcePolicy) -> _Place:
    """Follow redirects by hand, checking each place."""
    for _ in range(_REDIRECTS + 1):
        scheme = urlsplit(url).scheme
        is_exempt = policy.exempts(url)
        if scheme != "https" and not is_exempt:
            raise PersonError(
                "protocol-not-allowed",
                f"{url} is no https address.",
                "Give the https address of the repository.",
            )
        place = _Place(url=url, address="" if is_exempt else await address.look_up(url))
        onward = await _redirect(place) if scheme in ("https", "http") else ""
        if not onward:
            return place
        url = onward
    raise PersonError(
        "too-many-redirects", f"{url} redirects again and again.", "Give the repository's final address."
    )


async def _redirect(place: _Place) -> str:
    """Where the server sends git instead; empty where it answers itself. Nothing is followed."""
    connector = (
        aiohttp.TCPConnector(resolver=_Pinned(place.address)) if place.address else aiohttp.TCPConnector()
    )
    asked = place.url + _INFO + _SERVICE
    try:
        async with (
            aiohttp.ClientSession(
                connector=connector, timeout=aiohttp.ClientTimeout(total=_ASK_S)
            ) as session,
            session.get(asked, allow_redirects=False) as answer,
        ):
            location = answer.headers.get("Location", "") if answer.status // 100 == 3 else ""
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise _unreachable(place.url, type(error).__name__) from error
    if not location:
        return ""
    target = urljoin(asked, location)
    if not target.endswith(_INFO + _SERVICE):
        raise _absent(place.url)  # a sign-in page, or an ordinary web page
    return target.removesuffix(_INFO + _SERVICE)


class _Pinned(AbstractResolver):
    """Resolves every name to the checked address."""

    def __init__(self, pinned: str) -> None:
        self._pinned = pinned

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host=self._pinned, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is held."""


async def _unlisted(place: _Place, wanted: str) -> tuple[str, str] | None:
    """A commit that no branch or tag points at: a whole id is fetched alone, a short one looked for in the history."""
    if not refs.may_be_commit(wanted):
        return None
    with tempfile.TemporaryDirectory(prefix="binderops-ref-") as folder:
        await _git(place, "init", "--quiet", "--bare", folder)
        inside = ("--git-dir", folder)
        if refs.is_full(wanted):
            fetched = await _tried(
                place,
                *inside,
                "fetch",
                "--quiet",
                "--depth=1",
                "--filter=tree:0",
                "--",
                place.url,
                wanted.lower(),
            )
        else:
            heads = "+refs/*:refs/*"
            fetched = await _tried(
                place, *inside, "fetch", "--quiet", "--no-tags", "--filter=tree:0", "--", place.url, heads
            )
        found = (
            await _tried(place, *inside, "rev-parse", "--verify", "--quiet", f"{wanted.lower()}^{{commit}}")
            if fetched is not None
            else None
        )
    return (found.strip(), wanted) if found else None


async def _tried(place: _Place, *words: str) -> str | None:
    try:
        return await _git(place, *words)
    except TemporaryError:
        raise
    except BinderopsError:
        return None


async def _git(place: _Place, *words: str) -> str:
    """What git says. Raises `PersonError` (``repository-not-found``), `TemporaryError` (``source-unreachable``, ``source-slow``)."""
    process = await asyncio.create_subprocess_exec(
        "git", *_settings(place), *words,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=_environment(place), limit=_MOST_BYTES,
    )  # fmt: skip
    try:
        async with asyncio.timeout(_ASK_S):
            said, complaint = await process.communicate()
    except TimeoutError as error:
        raise TemporaryError(
            "source-slow", f"{place.url} takes too long to answer.", "It is asked again."
        ) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise _complaint(place.url, complaint.decode(errors="replace"))
    return said[:_MOST_BYTES].decode(errors="replace")


def _settings(place: _Place) -> list[str]:
    parts = urlsplit(place.url)
    settings = [
        "-c",
        "http.followRedirects=false",
        "-c",
        "credential.helper=",
        "-c",
        "core.hooksPath=/dev/null",
    ]
    if place.address:
        host = f"[{place.address}]" if ":" in place.address else place.address
        settings += ["-c", f"http.curloptResolve={parts.hostname}:{parts.port or 443}:{host}"]
    return settings


def _environment(place: _Place) -> dict[str, str]:
    return {
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        "HOME": "/nonexistent", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true",
        "GIT_ALLOW_PROTOCOL": urlsplit(place.url).scheme,
    }  # fmt: skip


def _complaint(url: str, text: str) -> BinderopsError:
    """Its words, seen with git 2.39 and 2.47 against GitHub, GitLab and git http-backend."""
    low = text.lower()
    absent = (
        "not found",
        "could not read username",
        "authentication failed",
        "access denied",
        "terminal prompts disabled",
        "403",
    )
    if "couldn't find remote ref" in low or "not our ref" in low or "unadvertised object" in low:
        return PersonError("ref-not-found", f"{url} does not have this commit.", "Check the commit.")
    if any(words in low for words in absent):
        return _absent(url)
    last = next((line for line in reversed(text.splitlines()) if line.strip()), "git gave no reason")
    return _unreachable(url, last.strip()[:200])


def _absent(url: str) -> PersonError:
    return PersonError(
        "repository-not-found",
        f"There is no public repository at {url}: it does not exist, or it is private.",
        "Check its address; a private one must be made public first.",
    )


def _unreachable(url: str, why: str) -> TemporaryError:
    return TemporaryError(
        "source-unreachable", f"{url} cannot be reached ({why}).", "It is asked again; check its address."
    )
