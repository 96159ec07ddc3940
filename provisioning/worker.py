"""The loops that do the work of a process: each takes one due thing after another, and sleeps until the bell rings.

This is the whole engine. Rows hold the truth (``wake_at``, ``rev``, leases); a loop only asks for what is due, so a lost
ring costs one tick and a killed process costs one lease. Why not a queue library: docs/decisions/0001-no-job-queue.md.
"""

import asyncio
import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from provisioning.errors import TemporaryError
from provisioning.store.database import Bell

log = logging.getLogger(__name__)

_PAUSE_AFTER_ERROR_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """One kind of work."""

    topic: str  # what the bell calls it
    once: Callable[[], Awaitable[bool]]  # does one due thing under its own lease; False: nothing is due
    width: int = 1  # how many things at the same time
    tick_s: float = 1.0  # how late a thing may be noticed that nobody rang for
    #: ``once`` rings as soon as it has taken something and there may be more: then one idle loop looks out for all, and who is done
    #: need not look.
    is_chained: bool = False


class Worker:
    """Runs loops until told to stop."""

    def __init__(self, bell: Bell, loops: Sequence[Loop]) -> None:
        self._bell = bell
        self._loops = loops
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._turned: dict[str, float] = {}  # by topic: when a loop last came round (monotonic)
        self._lookouts: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def start(self) -> None:
        """Start all loops; returns at once."""
        for loop in self._loops:
            for number in range(loop.width):
                task = asyncio.create_task(self._run(loop), name=f"{loop.topic}-{number}")
                self._tasks.append(task)

    def stalled(self, longest_s: float) -> tuple[str, ...]:
        """Topics whose loops have ended, or of which none came round for ``longest_s`` seconds."""
        now = time.monotonic()
        ended = {task.get_name().rpartition("-")[0] for task in self._tasks if task.done()}
        late = {topic for topic, turned in self._turned.items() if now - turned > longest_s}
        return tuple(sorted(ended | late))

    async def stop(self, patience_s: float = 20) -> None:
        """Let what is under way end within ``patience_s`` seconds; what is cut off then is taken over by its lease."""
        self._stopping.set()
        for loop in self._loops:
            self._bell.ring(loop.topic)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=patience_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(self, loop: Loop) -> None:
        while not self._stopping.is_set():
            self._turned[loop.topic] = time.monotonic()
            try:
                busy = await loop.once()
            except TemporaryError as error:
                log.warning("loop-waits loop=%s code=%s message=%s", loop.topic, error.code, error.message)
                busy = await self._pause()
            except Exception:  # the last line of defence: one broken row must not stop all work
                log.exception("loop-broke loop=%s incident=%s", loop.topic, uuid.uuid4().hex[:8])
                busy = await self._pause()
            if (loop.is_chained or not busy) and not self._stopping.is_set():
                await self._rest(loop)

    async def _rest(self, loop: Loop) -> None:
        """Until something may be due. Of chained loops one at a time looks out, so that width costs an idle database nothing."""
        if not loop.is_chained:
            await self._bell.wait(loop.topic, loop.tick_s)
            return
        async with self._lookouts[loop.topic]:
            if not self._stopping.is_set():
                await self._bell.wait(loop.topic, loop.tick_s)

    async def _pause(self) -> bool:
        await asyncio.sleep(_PAUSE_AFTER_ERROR_S)
        return False
