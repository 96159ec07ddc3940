"""How calls to the cloud are paced: a bounded pool of threads, one rate for listings, one time limit for each call."""

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from provisioning.clouds.openstack_words import silent

T = TypeVar("T")

#: Told of each request: what was asked (``GET compute /servers/detail``), the answer's status or why there is none, seconds.
Observe = Callable[[str, str, float], None]


class Calls:
    """Runs blocking functions aside. What waits for its turn when its time is over never begins."""

    def __init__(self, *, threads: int, limit_s: float) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="cloud")
        self._limit_s = limit_s

    async def run(self, asked: str, work: Callable[[], T]) -> T:
        """The result of ``work``, run in a thread of the pool with the caller's context.

        Raises what it raises, and `TemporaryError` (``cloud-silent``) when the time limit is over: the thread then ends by itself.
        """
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._limit_s):
                return await loop.run_in_executor(self._pool, context.run, work)
        except TimeoutError as error:
            raise silent(asked, f"nothing within {self._limit_s:g} s") from error

    def close(self) -> None:
        """Begin nothing more. What is under way ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Pace:
    """So many turns a second, spread evenly; callers are threads."""

    def __init__(self, per_s: float) -> None:
        self._gap = 1 / per_s
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Return when it is this caller's turn."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._gap
        time.sleep(turn - now)
