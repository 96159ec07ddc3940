"""How calls to the cloud are bounded: threads of their own for each service and purpose, one rate for what reads, one time limit.

What waits for its turn waits on the event loop and holds no thread. A service that is silent holds at most the threads of its own
lanes, and within it what reads, what makes and the consoles do not wait for each other.
"""

import asyncio
import contextvars
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from provisioning.clouds.openstack_words import silent

T = TypeVar("T")

#: Told of each request: what was asked (``GET compute /servers/detail``), the answer's status or why there is none, seconds.
Observe = Callable[[str, str, float], None]


class Purpose(StrEnum):
    """What a request is for."""

    READ = "read"  # listings, lookups, numbers
    MAKE = "make"  # whatever changes something: creations, deletions
    CONSOLE = "console"


#: How many requests of one lane are under way at once.
THREADS: Mapping[Purpose, int] = {Purpose.READ: 3, Purpose.MAKE: 8, Purpose.CONSOLE: 2}


@dataclass(frozen=True, slots=True)
class Lane:
    """What shares threads: requests to one service for one purpose."""

    service: str
    purpose: Purpose


class Calls:
    """Runs blocking functions aside, and whole calls within their time limit."""

    def __init__(self, *, limit_s: float) -> None:
        self._limit_s = limit_s
        self._pools: dict[Lane, ThreadPoolExecutor] = {}
        self._is_closed = False

    async def within(self, asked: str, work: Callable[[], Awaitable[T]]) -> T:
        """The result of ``work``. Raises `TemporaryError` (``cloud-silent``) when the time limit is over, waiting for turns included."""
        try:
            async with asyncio.timeout(self._limit_s):
                return await work()
        except TimeoutError as error:
            raise silent(asked, f"nothing within {self._limit_s:g} s") from error

    async def aside(self, lane: Lane, work: Callable[[], T]) -> T:
        """The result of ``work``, run in a thread of the lane with the caller's context.

        Who gives up while all threads are taken never begins; a thread that has begun ends by itself.
        """
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._pool(lane), context.run, work)

    def close(self) -> None:
        """Begin nothing more. What is under way ends by itself."""
        self._is_closed = True
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    def _pool(self, lane: Lane) -> ThreadPoolExecutor:
        if self._is_closed:
            raise RuntimeError("the cloud was closed")
        if lane not in self._pools:
            name = f"cloud-{lane.service}-{lane.purpose}"
            self._pools[lane] = ThreadPoolExecutor(THREADS[lane.purpose], thread_name_prefix=name)
        return self._pools[lane]


class Pace:
    """So many turns a second, spread evenly. Of each lane one stands in the common line, so that a hundred consoles delay no listing."""

    def __init__(
        self,
        per_s: float,
        *,
        seconds: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._gap = 1 / per_s
        self._seconds = seconds
        self._pause = pause
        self._lanes: defaultdict[Lane, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._line = asyncio.Lock()
        self._next = 0.0

    async def turn(self, lane: Lane) -> None:
        """Return when it is this caller's turn; who gives up before takes none."""
        async with self._lanes[lane], self._line:
            now = self._seconds()
            turn = max(now, self._next)
            await self._pause(turn - now)
            self._next = turn + self._gap
