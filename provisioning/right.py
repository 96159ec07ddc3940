"""The right to act for a binder: a lease that is renewed while its step goes on, and what the step has to hear meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from provisioning.errors import BinderopsError
from provisioning.store.binders import Claim
from provisioning.store.database import Database

LEASE = timedelta(seconds=15)
_LAST_MOMENT = timedelta(seconds=1)


@dataclass(slots=True, kw_only=True)
class Right:
    """Until when this process may act for a binder; a process that slept past it may not."""

    until: datetime
    clock: Callable[[], datetime]
    #: Somebody wrote since the claim, or works on it now: a step that still waits for its turn begins anew, and sees it.
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def holds(self) -> bool:
        """Whether there is still time for a request to leave."""
        return self.clock() < self.until - _LAST_MOMENT

    def end(self) -> None:
        """The step is over: what it left behind in a thread may send nothing any more."""
        self.until = datetime.min.replace(tzinfo=UTC)

    async def rest(self, seconds: float) -> bool:
        """Wait so long; False, and at once, where there is news."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.news.wait()
        return not self.news.is_set()

    @asynccontextmanager
    async def renewed(self, db: Database, claimed: Claim) -> AsyncIterator[None]:
        """Hold it for as long as the context lasts, and end it then."""
        task = asyncio.create_task(self._renew(db, claimed), name=f"renew-{claimed.binder.id}")
        try:
            yield
        finally:
            self.end()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _renew(self, db: Database, claimed: Claim) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            with suppress(BinderopsError):  # the next one may work; the fence holds anyway
                async with db.apart() as tx:
                    until = self.clock() + LEASE
                    held = await tx.row(
                        "binders.renew", id=claimed.binder.id, lease=claimed.lease, until=until
                    )
                if held is not None:
                    self.until = until
                if held is None or held["rev"] != claimed.rev:
                    self.news.set()
