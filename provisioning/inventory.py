"""One listing of the cloud, shared by all binders of this process, however many ask."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from provisioning.clouds import Cloud
from provisioning.model import Listing


class Inventory:
    """Lists at most once each ``every``; many binders that wait at the same time wait for the same listing."""

    def __init__(self, cloud: Cloud, clock: Callable[[], datetime], *, every: timedelta) -> None:
        self._cloud = cloud
        self._clock = clock
        self._every = every
        self._latest: Listing | None = None
        self._running: asyncio.Task[Listing] | None = None

    async def since(self, moment: datetime) -> Listing:
        """A listing that began after ``moment``: an older one may miss what was made since.

        Raises what the cloud's listing raises; a listing that failed is no listing.
        """
        while True:
            if self._latest is not None and self._latest.began_at > moment:
                return self._latest
            if self._running is None or self._running.done():
                self._running = asyncio.create_task(self._list(), name="listing")
            # Shielded: one waiter that gives up does not take the listing away from the others.
            self._latest = await asyncio.shield(self._running)

    async def _list(self) -> Listing:
        if self._latest is not None:
            wait = self._latest.began_at + self._every - self._clock()
            await asyncio.sleep(max(0.0, wait.total_seconds()))
        return await self._cloud.listing()
