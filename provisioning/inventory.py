"""What all binders of this process share of a cloud, however many ask: one listing, one reading of the quota."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from provisioning.clouds import Cloud
from provisioning.model import Listing

T = TypeVar("T")


class Shared(Generic[T]):
    """Reads at most once each ``every``; many that wait at the same time wait for the same reading.

    ``moment``: when a value's reading began.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[T]],
        clock: Callable[[], datetime],
        *,
        every: timedelta,
        moment: Callable[[T], datetime],
    ) -> None:
        self.clock = clock
        self._read = read
        self._every = every
        self._moment = moment
        self._began: datetime | None = None  # the newest reading, whether it worked or not
        self._latest: T | None = None
        self._running: asyncio.Task[T] | None = None

    async def since(self, moment: datetime) -> T:
        """A value whose reading began after ``moment``: an older one may miss what was made since.

        Raises what the reading raises; a reading that failed is none.
        """
        while True:
            if self._latest is not None and self._moment(self._latest) > moment:
                return self._latest
            if self._running is None or self._running.done():
                self._running = asyncio.create_task(self._next(), name="shared-reading")
            # Shielded: one waiter that gives up does not take the reading away from the others.
            self._latest = await asyncio.shield(self._running)

    async def _next(self) -> T:
        if self._began is not None:
            wait = self._began + self._every - self.clock()
            await asyncio.sleep(max(0.0, wait.total_seconds()))
        self._began = self.clock()
        return await self._read()


class Inventory(Shared[Listing]):
    """The cloud's listing of this deployment."""

    def __init__(self, cloud: Cloud, clock: Callable[[], datetime], *, every: timedelta) -> None:
        super().__init__(cloud.listing, clock, every=every, moment=lambda listing: listing.began_at)
