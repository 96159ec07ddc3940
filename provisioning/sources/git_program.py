"""Running git where nothing of the machine or of a stranger's server decides: argument lists, a closed environment, no prompt,
one protocol, the checked address, a limit on what it says and on what it writes. What its words mean is `git`'s business.
"""

import asyncio
import os
import re
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from provisioning.errors import RefusedError
from provisioning.source_tokens import SourceToken
from provisioning.sources.address import host_and_port, is_literal

_PINS_SINCE = (2, 37)  # http.curloptResolve; an older git passes the setting over without a word
_PASSED_ON = ("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_EXEC_PATH")
_COMPLAINT_BYTES = 64 * 1024
_LOOK_S = 0.2  # how often a folder's size is looked at
_SETTINGS = (
    "http.followRedirects=false",
    "credential.helper=",
    "core.hooksPath=/dev/null",
    "gc.auto=0",  # nothing goes on in the background
    "maintenance.auto=false",
    "transfer.bundleURI=false",  # no second server
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where git is sent: a URL, and the address that was checked for it (empty: exempt)."""

    url: str
    address: str
    token: SourceToken | None = None  # what opens it, where it is closed


class GitError(Exception):
    """Git ended with an error; the text is its complaint."""


class TooMuchError(Exception):
    """Git said or wrote more than it may."""


async def run(place: Place, *words: str, most_bytes: int) -> str:
    """What git says. Raises `GitError`, `TooMuchError`, `RefusedError` (``program-missing``, ``git-too-old``)."""
    process = await _start(place, words)
    complaint = asyncio.create_task(_last_bytes(process.stderr))
    try:
        said = await _first_bytes(process.stdout, most_bytes)
        complained = await complaint
        status = await process.wait()
    finally:
        complaint.cancel()
        if process.returncode is None:
            # The whole group: git's helper for http is a process of its own.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if status != 0:
        raise GitError(complained)
    return said


async def run_filling(place: Place, folder: Path, *words: str, most_bytes: int) -> str:
    """`run`, ended with `TooMuchError` when the folder holds more than it may."""
    running = asyncio.create_task(run(place, *words, most_bytes=most_bytes))
    try:
        while not running.done():
            await asyncio.wait({running}, timeout=_LOOK_S)
            if not running.done():
                await _refuse_more(folder, most_bytes)
        said = await running
        await _refuse_more(folder, most_bytes)
        return said
    finally:
        running.cancel()
        await asyncio.wait({running})


async def require_pinning(place: Place) -> None:
    """Refuse to go on with a git that would look the host up again by itself."""
    if not place.address:
        return
    version = await run(place, "version", most_bytes=1000)
    found = re.search(r"(\d+)\.(\d+)", version)
    if not found or (int(found[1]), int(found[2])) < _PINS_SINCE:
        raise RefusedError(
            "git-too-old",
            f"This machine's git ({version.strip()}) cannot be held to a checked address.",
            "Whoever runs the bot: install git 2.37 or newer.",
        )


async def _start(place: Place, words: tuple[str, ...]) -> asyncio.subprocess.Process:
    settings = [part for setting in (*_SETTINGS, *_pin(place)) for part in ("-c", setting)]
    try:
        return await asyncio.create_subprocess_exec(
            "git", *settings, *words,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=_environment(place), start_new_session=True,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise RefusedError(
            "program-missing", "The program git is missing.", "Whoever runs the bot: install git."
        ) from error


def _pin(place: Place) -> list[str]:
    """The setting by which curl connects to the checked address and asks no resolver."""
    if not place.address:
        return []
    host, port = host_and_port(place.url)
    if is_literal(host):
        return []
    address = f"[{place.address}]" if ":" in place.address else place.address
    return [f"http.curloptResolve={host}:{port}:{address}"]


def _environment(place: Place) -> dict[str, str]:
    return {
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        "HOME": "/nonexistent", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true", "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": urlsplit(place.url).scheme, **_opened(place),
    }  # fmt: skip


def _opened(place: Place) -> dict[str, str]:
    """The token as a setting for this very URL: in the environment, for everybody on the machine reads arguments."""
    if place.token is None:
        return {}
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{place.url}.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: {place.token.login.authorization}",
    }


async def _first_bytes(stream: asyncio.StreamReader | None, most: int) -> str:
    pieces: list[bytes] = []
    size = 0
    while stream is not None and (piece := await stream.read(64 * 1024)):
        size += len(piece)
        if size > most:
            raise TooMuchError
        pieces.append(piece)
    return b"".join(pieces).decode(errors="replace")


async def _last_bytes(stream: asyncio.StreamReader | None) -> str:
    kept = b""
    while stream is not None and (piece := await stream.read(64 * 1024)):
        kept = (kept + piece)[-_COMPLAINT_BYTES:]
    return kept.decode(errors="replace")


async def _refuse_more(folder: Path, most_bytes: int) -> None:
    if await asyncio.to_thread(_size, folder) > most_bytes:
        raise TooMuchError


def _size(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):  # a temporary file of git's, gone meanwhile
                total += (Path(parent) / name).lstat().st_size
    return total
