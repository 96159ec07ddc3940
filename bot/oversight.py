"""What watches a process at work: counts its calls and log lines, looks at Slack's token and at each cloud, answers the operator."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from bot.figures import EventCounter, Figures
from bot.inbound import Inbound
from bot.listening import Address
from bot.ops import Ops
from bot.slack_client import SlackClient
from bot.slack_token import TokenWatch
from bot.watch import Watch
from provisioning.cloud_objects import Listing
from provisioning.inventory import Shared
from provisioning.sites import Sites
from provisioning.store.database import Bell, Database
from provisioning.worker import Worker

CLOUD_EVERY = timedelta(seconds=30)  # where binders are at work their listing is much younger, and is shared


class Oversight:
    """Counts calls at once; looks at what is outside while `watching`."""

    def __init__(
        self,
        *,
        slack: SlackClient,
        token: Callable[[], str],
        db: Database,
        bell: Bell,
        sites: Sites,
        figures: Figures,
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._clock = clock
        self._figures = figures
        self._counter = EventCounter(figures.event)
        self._token = TokenWatch(slack, token, db, bell, clock)
        slack.observers = (figures.slack_call, self._token.observe)
        self._clouds = {
            one.name: Watch(f"cloud-{one.name}".rstrip("-"), _listing(one.inventory, clock), clock, every=CLOUD_EVERY)
            for one in sites
        }  # fmt: skip

    @asynccontextmanager
    async def watching(
        self, worker: Worker, inbound: Inbound, address: Address | None
    ) -> AsyncIterator[None]:
        """Look and count for as long as the context lasts, and answer the operator at ``address``."""
        logging.getLogger().addHandler(self._counter)
        watches: tuple[TokenWatch | Watch, ...] = (self._token, *self._clouds.values())
        ops = self._ops(address, worker, inbound) if address else None
        try:
            if ops is not None:
                await ops.start()
            for watch in watches:
                await watch.start()
            yield
        finally:
            for watch in watches:
                await watch.stop()
            if ops is not None:
                await ops.stop()
            logging.getLogger().removeHandler(self._counter)

    def _ops(self, address: Address, worker: Worker, inbound: Inbound) -> Ops:
        return Ops(
            address=address, db=self._db, clock=self._clock, figures=self._figures, stalled=worker.stalled,
            line=inbound.line, token=self._token.part,
            clouds={name: watch.part for name, watch in self._clouds.items()},
        )  # fmt: skip


def _listing(inventory: Shared[Listing], clock: Callable[[], datetime]) -> Callable[[], Awaitable[object]]:
    async def look() -> object:
        return await inventory.since(clock() - CLOUD_EVERY)

    return look
