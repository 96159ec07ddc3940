"""What all binders of this process share of a cloud, however many ask: one listing, one reading of the quota."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from provisioning.cloud_objects import Listing
from provisioning.clouds import Cloud
from provisioning.errors import BinderopsError, TemporaryError

T = TypeVar("T")

_PATIENCE = timedelta(seconds=45)
_LONGEST_PAUSE = timedelta(seconds=30)


class Shared(Generic[T]):
    """Reads at most once each ``every``; many that wait at the same time wait for the same reading.

    While readings fail, callers get the newest failure at once and a reading is tried beside, less and less often: a cloud that
    is silent must not hold everybody who has something else to do. ``moment``: when a value's reading began.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[T]],
        clock: Callable[[], datetime],
        *,
        every: timedelta,
        moment: Callable[[T], datetime],
        patience: timedelta = _PATIENCE,
    ) -> None:
        self.clock = clock
        self._read = read
        self._every = every
        self._moment = moment
        self._patience_s = patience.total_seconds()
        self._began: datetime | None = None  # the newest reading, whether it worked or not
        self._latest: T | None = None
        self._failures = 0  # in a row
        self._error: BinderopsError | None = None
        self._running: asyncio.Task[T] | None = None
        self._until = (
            0.0  # by the loop's clock: who waits for the running one is told then that it takes too long
        )

    async def since(self, moment: datetime) -> T:
        """A value whose reading began after ``moment``: an older one may miss what was made since.

        Raises what the reading raises, and `TemporaryError` (``cloud-silent``) where it takes too long; it then goes on beside.
        """
        while True:
            if self._latest is not None and self._moment(self._latest) > moment:
                return self._latest
            running = self._running
            if running is None or running.done():
                running = self._begin()
            if self._error is not None and self._failures > 1:
                raise self._error.with_traceback(None)
            await self._wait(running)

    def _begin(self) -> asyncio.Task[T]:
        loop = asyncio.get_running_loop()
        pause_s = self._pause_s()
        self._until = loop.time() + pause_s + self._patience_s
        self._running = asyncio.create_task(self._next(pause_s), name="shared-reading")
        self._running.add_done_callback(_looked_at)
        return self._running

    async def _wait(self, running: asyncio.Task[T]) -> None:
        try:
            async with asyncio.timeout_at(self._until):
                # Shielded: one waiter that gives up does not take the reading away from the others.
                await asyncio.shield(running)
        except TimeoutError as error:
            raise TemporaryError(
                "cloud-silent",
                f"The cloud has not told what there is within {self._patience_s:g} s.",
                "It is asked again.",
            ) from error

    def _pause_s(self) -> float:
        if self._began is None:
            return 0.0
        every = min(self._every * (1 << min(self._failures, 10)), max(self._every, _LONGEST_PAUSE))
        return max(0.0, (self._began + every - self.clock()).total_seconds())

    async def _next(self, pause_s: float) -> T:
        await asyncio.sleep(pause_s)
        self._began = self.clock()
        try:
            self._latest = await self._read()
        except BinderopsError as error:
            self._failures, self._error = self._failures + 1, error
            raise
        self._failures, self._error = 0, None
        return self._latest


def _looked_at(reading: asyncio.Task[T]) -> None:
    """Nobody may wait for a reading any more when it fails."""
    if not reading.cancelled():
        reading.exception()


class Inventory(Shared[Listing]):
    """The cloud's listing of this deployment."""

    def __init__(self, cloud: Cloud, clock: Callable[[], datetime], *, every: timedelta) -> None:
        super().__init__(cloud.listing, clock, every=every, moment=lambda listing: listing.began_at)
