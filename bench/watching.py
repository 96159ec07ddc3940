"""The bot's own parts, as they are, with a note of when each launch waited for what. They decide nothing and change nothing.

Which launch a wait belongs to is told by a context variable, set where a loop claims a binder: loops, the reading tasks they
start and the threads of the cloud's calls inherit it.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from bench import shares
from bench.shares import Share, Span
from provisioning.actions import Action
from provisioning.cloud_objects import Listing
from provisioning.clouds import Cloud
from provisioning.clouds.openstack import OpenStackCloud
from provisioning.clouds.openstack_calls import Calls, Lane
from provisioning.clouds.openstack_lookups import Lookups
from provisioning.clouds.openstack_wire import Wire
from provisioning.inventory import Inventory, Shared
from provisioning.model import Phase
from provisioning.quota import Quota
from provisioning.right import Right
from provisioning.store.database import Database, Row, Tx
from provisioning.turns import Turns

T = TypeVar("T")

_now_stepped: ContextVar[str] = ContextVar("now_stepped", default="")


class Watch:
    """When each binder waited for what, when it was up, when it was gone."""

    def __init__(self) -> None:
        self.full: list[Span] = []  # when no loop was idle
        self.spans: dict[str, list[Span]] = defaultdict(list)
        self.asked: dict[str, float] = {}
        self.up: dict[str, float] = {}
        self.failed: dict[str, float] = {}
        self.gone: dict[str, float] = {}
        self.on_the_wire: list[tuple[float, float]] = []
        self.moved = asyncio.Event()  # a step is over
        self._due: dict[str, float] = {}
        self._idle: set[asyncio.Task[Any] | None] = set()  # loops that found nothing to do
        self._full_since = time.time()

    def ask(self, binder: str) -> None:
        """It is asked for now, and due."""
        self.asked[binder] = self._due[binder] = time.time()

    def note(self, share: Share, began: float, ended: float, binder: str = "") -> None:
        """It waited; times as `time.time` tells them."""
        self.spans[binder or _now_stepped.get()].append(Span(share=share, began=began, ended=ended))

    @contextmanager
    def waiting(self, share: Share) -> Iterator[None]:
        """It waits as long as the context lasts."""
        began = time.time()
        try:
            yield
        finally:
            self.note(share, began, time.time())

    async def resting(self, right: Right, seconds: float) -> bool:
        """It put itself off under its lease."""
        with self.waiting(Share.ASLEEP):
            return await right.rest(seconds)

    def answered(self, label: str, _status: str, seconds: float) -> None:
        """The cloud answered; what reads is within a lookup or a listing already."""
        now = time.time()
        self.on_the_wire.append((now - seconds, now))
        if not label.startswith("GET "):
            self.note(Share.ANSWER, now - seconds, now)

    def looks(self) -> None:
        """A loop looks for something to do."""
        was_idle = asyncio.current_task() in self._idle
        self._idle.discard(asyncio.current_task())
        if was_idle and not self._idle:
            self._full_since = time.time()

    def found_nothing(self) -> None:
        """It goes to sleep."""
        if not self._idle:
            self.full.append(Span(share=Share.QUEUE, began=self._full_since, ended=time.time()))
        self._idle.add(asyncio.current_task())

    def claimed(self, binder: str) -> None:
        """A loop has it."""
        _now_stepped.set(binder)
        now = time.time()
        self.note(Share.UNNOTICED, self._due.get(binder, now), now)

    def let_go(self, binder: str, wake_at: datetime | None, phase: str = "") -> None:
        """Its step is over."""
        self.moved.set()
        now = time.time()
        self._due[binder] = now if wake_at is None else max(now, wake_at.timestamp())
        self.note(Share.ASLEEP, now, self._due[binder], binder)
        if phase == Phase.BOOTING:
            self.up.setdefault(binder, now)
        if phase == Phase.FAILED:
            self.failed.setdefault(binder, now)
        if phase == Phase.DELETED:
            self.gone.setdefault(binder, now)

    def timelines(self) -> dict[str, list[Span]]:
        """Of each binder that is up: what it did or waited for at each instant."""
        if not self._idle:
            self.full.append(Span(share=Share.QUEUE, began=self._full_since, ended=time.time()))
        found = {}
        for binder, up in self.up.items():
            due = [s for s in self.spans[binder] if s.share is Share.UNNOTICED]
            spans = [*self.spans[binder], *shares.common(due, self.full, Share.QUEUE)]
            found[binder] = shares.timeline(self.asked[binder], up, spans)
        return found


class WatchedTx(Tx):
    """Sees binders being claimed and recorded."""

    def __init__(self, tx: Tx, watch: Watch) -> None:
        self._tx = tx
        self._watch = watch

    async def rows(self, name: str, /, **params: object) -> list[Row]:
        return await self._tx.rows(name, **params)

    async def row(self, name: str, /, **params: object) -> Row | None:
        if not name.startswith("binders.claim"):
            return await self._tx.row(name, **params)
        self._watch.looks()
        found = await self._tx.row(name, **params)
        if found is None:
            self._watch.found_nothing()
        else:
            self._watch.claimed(found["id"])
        return found

    async def run(self, name: str, /, **params: Any) -> int:
        # A release is noted before: another loop may have the binder before this one hears that it is free.
        if name == "binders.release":
            self._watch.let_go(params["id"], params["wake_at"])
        touched = await self._tx.run(name, **params)
        if touched and name == "binders.record" and not params["keep_lease"]:
            self._watch.let_go(params["id"], params["wake_at"], params["phase"])
        return touched


class WatchedDatabase(Database):
    """The database, its transactions timed."""

    def __init__(self, url: str, watch: Watch) -> None:
        super().__init__(url)
        self._watch = watch

    @asynccontextmanager
    async def transaction(self, *, patience_s: float | None = None) -> AsyncIterator[Tx]:
        with self._watch.waiting(Share.DATABASE):
            async with super().transaction(patience_s=patience_s) as tx:
                yield WatchedTx(tx, self._watch)

    @asynccontextmanager
    async def apart(self, *, patience_s: float | None = None) -> AsyncIterator[Tx]:
        with self._watch.waiting(Share.DATABASE):
            async with super().apart(patience_s=patience_s) as tx:
                yield WatchedTx(tx, self._watch)


class WatchedCloud(OpenStackCloud):
    """The driver, with its wait for a thread and its lookups timed."""

    def __init__(self, watch: Watch, *args: Any, **more: Any) -> None:
        super().__init__(*args, observe=watch.answered, **more)
        self.wire.calls = WatchedCalls(watch)
        self.lookups = WatchedLookups(self.wire, watch)


class WatchedCalls(Calls):
    """The driver's threads, the wait for one timed."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(limit_s=OpenStackCloud.answers_within.total_seconds())
        self._watch = watch

    async def aside(self, lane: Lane, work: Callable[[], T]) -> T:
        queued = time.time()

        def begun() -> T:
            self._watch.note(Share.THREAD, queued, time.time())
            return work()

        return await super().aside(lane, begun)


class WatchedTurns(Turns):
    """The launcher's turns, the wait for one timed as that for a thread, which it spares."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    @asynccontextmanager
    async def taken(self, action: Action | None, cloud: str, unless: asyncio.Event) -> AsyncIterator[bool]:
        queued = time.time()
        async with super().taken(action, cloud, unless) as is_ours:
            self._watch.note(Share.THREAD, queued, time.time())
            yield is_ours


class WatchedLookups(Lookups):
    """The lookups, timed as a whole: a launch waits for another one's, or sends paced requests itself."""

    def __init__(self, wire: Wire, watch: Watch) -> None:
        super().__init__(wire, lambda: datetime.now(UTC))
        self._watch = watch

    async def _once(self, key: tuple[str, ...], find: Callable[[], Awaitable[T]]) -> T:
        with self._watch.waiting(Share.LOOKUP):
            return await super()._once(key, find)


class WatchedInventory(Inventory):
    """The shared listing, its waiters timed."""

    def __init__(
        self, watch: Watch, cloud: Cloud, clock: Callable[[], datetime], *, every: timedelta
    ) -> None:
        super().__init__(cloud, clock, every=every)
        self._watch = watch

    async def since(self, moment: datetime) -> Listing:
        with self._watch.waiting(Share.LISTING):
            return await super().since(moment)


class WatchedQuota(Shared[Quota]):
    """The shared reading of the quota, its waiters timed."""

    def __init__(
        self, watch: Watch, cloud: Cloud, clock: Callable[[], datetime], *, every: timedelta
    ) -> None:
        super().__init__(cloud.quota, clock, every=every, moment=lambda quota: quota.read_at)
        self._watch = watch

    async def since(self, moment: datetime) -> Quota:
        with self._watch.waiting(Share.QUOTA):
            return await super().since(moment)
