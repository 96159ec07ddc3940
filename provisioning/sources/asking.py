"""Asking a site's API: JSON answers within limits of time and size, and what a refusal means. What they say is each source's business."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import aiohttp

from provisioning.errors import BinderopsError, PersonError, RefusedError
from provisioning.sources import guarded
from provisioning.sources.resolved import SourcePolicy
from provisioning.sources.trouble import slow, unreachable

LIMIT = timedelta(seconds=30)  # for everything about one record
_MOST_BYTES = 8 * 2**20  # a record of some 10,000 files
_ABSENT = frozenset({401, 403, 404, 410})
_MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A part of a JSON answer. What is not there reads as empty, unless it is needed."""

    value: object
    url: str  # that was asked, for the error

    def at(self, *path: str | int) -> "Said":
        """The part below, by names and places; an empty one where the answer ends before."""
        value = self.value
        for step in path:
            if isinstance(step, str) and isinstance(value, dict):
                value = value.get(step)
            elif isinstance(step, int) and isinstance(value, list) and 0 <= step < len(value):
                value = value[step]
            else:
                value = None
        return Said(value=value, url=self.url)

    def text(self) -> str:
        """The text or number as text on one line, its spaces joined and unprintable characters left out."""
        if isinstance(self.value, bool) or not isinstance(self.value, str | int):
            return ""
        return " ".join("".join(c if c.isprintable() else " " for c in str(self.value)).split())[:500]

    def number(self) -> int | None:
        """The whole number, of zero and above."""
        value = self.value
        return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None

    def items(self) -> Iterator["Said"]:
        """The list's parts."""
        if isinstance(self.value, list):
            for value in self.value:
                yield Said(value=value, url=self.url)

    def needed(self) -> str:
        """The text, which must be there. Raises `RefusedError` ``source-unreadable``."""
        text = self.text()
        if not text:
            raise unreadable(self.url)
        return text


async def ask(url: str, policy: SourcePolicy, *, most_bytes: int = _MOST_BYTES) -> Said:
    """The JSON that a site answers.

    Raises `PersonError` (``record-not-found``, and what `guarded` refuses), `TemporaryError` (``source-unreachable``) and
    `RefusedError` (``source-unreadable``).
    """
    async with guarded.answered(url, policy, "application/json") as answer:
        if answer.status != 200:
            raise refusal(url, answer.status)
        body = await first_bytes(answer, most_bytes)
        final = str(answer.url)
    try:
        return Said(value=json.loads(body), url=final)
    except (ValueError, RecursionError) as error:
        raise unreadable(url) from error


@asynccontextmanager
async def in_time(repo: str, limit: timedelta = LIMIT) -> AsyncIterator[None]:
    """End what takes longer than a lookup may, with `TemporaryError` ``source-slow``."""
    try:
        async with asyncio.timeout(limit.total_seconds()):
            yield
    except TimeoutError as error:
        raise slow(repo) from error


def refusal(url: str, status: int) -> BinderopsError:
    """What an answer other than 200 means."""
    if status in _ABSENT:
        return PersonError(
            "record-not-found",
            f"There is no public record at {url}: it does not exist, was withdrawn, or is closed.",
            "Open its page in a browser that is not signed in, and copy its DOI from there.",
        )
    return unreachable(url, f"it answers with status {status}")


def unreadable(url: str) -> RefusedError:
    """An answer in a form that is not understood."""
    return RefusedError(
        "source-unreadable",
        f"{url} answers in a form that is not understood.",
        "Check that it is the page of a record. If it is, the site has changed: tell whoever runs the bot.",
    )


def size_mib(sizes: list[int | None]) -> int | None:
    """Bytes together in MiB, rounded up; None where one of them is not known."""
    known = [size for size in sizes if size is not None]
    return -(-sum(known) // _MIB) if len(known) == len(sizes) else None


async def first_bytes(answer: aiohttp.ClientResponse, most: int) -> bytes:
    """The whole body. Raises `RefusedError` (``source-unreadable``) where it has more than ``most`` bytes: no answer to a question about one thing."""
    body = bytearray()
    async for chunk in answer.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > most:
            raise unreadable(str(answer.url))
    return bytes(body)
