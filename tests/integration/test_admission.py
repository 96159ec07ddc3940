"""Launches ask for room: over PostgreSQL, by two processes at once, on a cloud that counts what it has and refuses more."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from provisioning.acting import Actor, Orders
from provisioning.cloud_objects import CloudId, CloudObject, Kind, Mark
from provisioning.errors import BinderopsError, RefusedError, TeamError, TemporaryError
from provisioning.inventory import Shared
from provisioning.launch import Launcher
from provisioning.model import Binder, BinderId, Phase, Plan, Verb
from provisioning.phases import Policy
from provisioning.quota import Allowance, Quota, Resource
from provisioning.sites import Site, Sites, site
from provisioning.store import binders, listening, resources
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.fakes.cloud import FakeCloud
from tests.fakes.signing import told_at_birth
from tests.strategies import a_binder, a_plan, a_report

pytestmark = pytest.mark.integration

FIRST, SECOND = BinderId("aaaaaaaaaa"), BinderId("bbbbbbbbbb")


class Ticking(Clock):
    """Each look is a little later than the one before."""

    def __call__(self) -> datetime:
        return self.forward(milliseconds=1)


class SmallCloud(FakeCloud):
    """Has so many floating IPs, counts them, and refuses one more."""

    def __init__(self, clock: Clock, floating_ips: int) -> None:
        super().__init__(clock)
        self.limit = floating_ips
        self.readers = asyncio.Barrier(1)  # a reading ends once so many have begun
        self.is_read = asyncio.Event()
        self.refused = 0

    @property
    def used(self) -> int:
        return sum(o.kind is Kind.FLOATING_IP for o in self.objects.values())

    async def quota(self) -> Quota:
        read_at = self.clock()
        self._called("quota")
        self.is_read.set()
        async with self.readers:
            allowance = Allowance(limit=self.limit, used=self.used)
            return Quota(read_at=read_at, allowances={Resource.FLOATING_IPS: allowance})

    async def create_floating_ip(self, mark: Mark, port_id: CloudId) -> CloudObject:
        await asyncio.sleep(0)
        if self.used >= self.limit:
            self.refused += 1
            raise TeamError("quota-exceeded", "The cloud itself had to refuse.", "h")
        return await super().create_floating_ip(mark, port_id)


class NoGuest:
    """Nobody is called."""

    async def log(self, agent_url: str, binder: str, **_: object) -> str:
        return ""


class Bench:
    """Binders and the processes that step them."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self.db, self.clock = db, clock
        self.plans: dict[str, Plan] = {}

    def process(self, cloud: FakeCloud, *more: Site) -> Launcher:
        """One more process of the deployment, with a view of the cloud of its own."""
        sites = Sites([self.site(cloud), *more])
        actor = Actor(
            db=self.db, sites=sites, link=NoGuest(), plan=self._plan, orders=Orders(bot_keys=told_at_birth),
            deployment="test", clock=self.clock,
        )  # type: ignore[arg-type]  # fmt: skip
        return Launcher(
            db=self.db, sites=sites, actor=actor, policy=Policy(), deployment="test", clock=self.clock
        )

    def site(self, cloud: FakeCloud, name: str = "") -> Site:
        at_once = timedelta(0)
        quota = Shared(cloud.quota, self.clock, every=at_once, moment=lambda q: q.read_at)
        return replace(site(cloud, self.clock, name=name, listing_every=at_once), quota=quota)

    async def _plan(self, binder: Binder) -> Plan:
        return self.plans.get(binder.request.options.cloud, a_plan())

    async def ask_for(self, *ids: BinderId, cloud: str = "") -> None:
        request = a_binder().request
        request = replace(request, options=replace(request.options, cloud=cloud))
        self.plans[cloud] = replace(a_plan(), cloud=cloud)
        async with self.db.transaction() as tx:
            for one in ids:
                await binders.insert(tx, replace(a_binder(now=self.clock()), id=one, request=request))

    async def queue(self, binder_id: BinderId) -> None:
        """One that is looked up, and waits for its admission."""
        await self.ask_for(binder_id)
        async with self.db.transaction() as tx:
            await tx.run("tests/wish.queue", id=binder_id, plan=binders.to_json(self.plans[""]))

    async def promise(self, launcher: Launcher, cloud: FakeCloud, binder_id: BinderId) -> Binder:
        """A launch that was let begin, and has nothing yet."""
        await self.ask_for(binder_id)
        cloud.faults["create_port"] = [TemporaryError("cloud-busy", "m", "h")]
        return await self.run_until(launcher, binder_id, Phase.CREATING)

    async def run_until(self, launcher: Launcher, binder_id: BinderId, *phases: Phase) -> Binder:
        for _ in range(120):
            binder = await self.now(binder_id)
            if binder.phase in phases:
                return binder
            self.clock.forward(seconds=2)
            await launcher.step(binder_id)
        raise AssertionError(f"still {binder.phase}: {binder}")

    async def now(self, binder_id: BinderId) -> Binder:
        async with self.db.transaction() as tx:
            found = await binders.get(tx, binder_id)
        assert found is not None
        return found

    async def lose_an_answer(self, binder: Binder, *, is_given_up: bool) -> None:
        """The binder's attempt asked for a floating IP just now and got none."""
        async with self.db.transaction() as tx:
            await resources.intend(tx, binder, Kind.FLOATING_IP, self.clock())
            if is_given_up:
                await resources.give_up(tx, binder, Kind.FLOATING_IP, self.clock())

    async def everybody(self) -> tuple[Binder, ...]:
        async with self.db.transaction() as tx:
            return await binders.all_of(tx)


@pytest.fixture
def clock() -> Clock:
    return Ticking()


@pytest.fixture
async def bench(db: Database, clock: Clock) -> Bench:
    return Bench(db, clock)


async def work(launcher: Launcher) -> None:
    """One task of a process: whatever is due."""
    while await launcher.once():
        pass


async def test_given_two_processes_when_twenty_launches_meet_room_for_seven_then_seven_begin_and_none_is_refused_late(
    bench: Bench, clock: Clock
) -> None:
    cloud = SmallCloud(clock, floating_ips=7)
    await bench.ask_for(*(BinderId(f"binder{n:04}") for n in range(20)))
    processes = [bench.process(cloud), bench.process(cloud)]

    for _ in range(60):
        await asyncio.gather(*(work(process) for process in processes for _ in range(4)))
        clock.forward(seconds=2)
        found = await bench.everybody()
        if all(b.phase in (Phase.BOOTING, Phase.DELETED) for b in found):
            break

    assert Counter(b.phase for b in found) == {Phase.BOOTING: 7, Phase.DELETED: 13}
    assert {b.failure.code for b in found if b.failure} == {"quota-exceeded"}
    assert (cloud.used, cloud.refused) == (7, 0)


async def test_given_two_processes_that_read_the_same_quota_when_both_decide_then_one_gets_the_last_floating_ip(
    bench: Bench, clock: Clock
) -> None:
    cloud = SmallCloud(clock, floating_ips=1)
    one, other = bench.process(cloud), bench.process(cloud)
    await bench.queue(FIRST)
    await bench.queue(SECOND)
    cloud.readers = asyncio.Barrier(2)

    clock.forward(seconds=2)
    await asyncio.gather(one.step(FIRST), other.step(SECOND))

    phases = sorted([(await bench.now(i)).phase for i in (FIRST, SECOND)])
    assert phases == [Phase.BOOTING, Phase.FAILED]


async def test_given_no_room_when_a_launch_is_refused_then_it_says_what_would_fit(
    bench: Bench, clock: Clock
) -> None:
    cloud = FakeCloud(clock)
    cloud.allowances = {Resource.CORES: Allowance(limit=10, used=9)}
    process = bench.process(cloud)
    await process.sites.open()
    await bench.ask_for(FIRST)

    failed = await bench.run_until(process, FIRST, Phase.DELETED)

    await process.sites.close()
    assert failed.failure is not None
    assert "cores: 9 of 10 in use or promised, this launch needs 2" in failed.failure.message
    assert "small fits now" in failed.failure.hint


async def test_given_no_room_when_a_launch_is_refused_then_nothing_was_made(
    bench: Bench, clock: Clock
) -> None:
    cloud = SmallCloud(clock, floating_ips=0)
    await bench.ask_for(FIRST)

    await bench.run_until(bench.process(cloud), FIRST, Phase.DELETED)

    assert [c for c in cloud.calls if c.startswith("create")] == []


async def test_given_a_running_binder_when_the_quota_has_it_then_it_is_not_counted_twice(
    bench: Bench, clock: Clock
) -> None:
    cloud = SmallCloud(clock, floating_ips=2)
    process = bench.process(cloud)
    await bench.ask_for(FIRST)
    await bench.run_until(process, FIRST, Phase.BOOTING)
    await bench.ask_for(SECOND)

    second = await bench.run_until(process, SECOND, Phase.BOOTING, Phase.FAILED)

    assert second.phase is Phase.BOOTING


async def test_given_a_floating_ip_made_since_the_reading_when_another_asks_for_the_last_then_it_is_read_again(
    bench: Bench, clock: Clock
) -> None:
    cloud = SmallCloud(clock, floating_ips=2)
    process = bench.process(cloud)
    await bench.promise(process, cloud, FIRST)
    await bench.queue(SECOND)
    cloud.readers = asyncio.Barrier(2)
    cloud.is_read.clear()
    clock.forward(seconds=2)
    asks = asyncio.create_task(process.step(SECOND))
    await cloud.is_read.wait()
    await bench.run_until(process, FIRST, Phase.BOOTING)

    await asyncio.gather(cloud.quota(), asks)  # the reading began before the floating IP was made, and has it
    undecided = await bench.now(SECOND)
    cloud.readers = asyncio.Barrier(1)

    assert undecided.phase is Phase.QUEUED
    second = await bench.run_until(process, SECOND, Phase.BOOTING, Phase.FAILED)
    assert second.phase is Phase.BOOTING


@pytest.mark.parametrize(
    ("is_given_up", "seconds", "phase"),
    [
        pytest.param(True, 60, Phase.BOOTING, id="given up a minute ago"),
        pytest.param(True, 10, Phase.QUEUED, id="given up just now"),
        pytest.param(False, 300, Phase.BOOTING, id="its process died minutes ago"),
        pytest.param(False, 60, Phase.QUEUED, id="it may still be on its way"),
    ],
)
async def test_given_a_create_without_an_answer_when_another_asks_for_the_last_then_it_counts_only_for_a_while(
    bench: Bench, clock: Clock, is_given_up: bool, seconds: int, phase: Phase
) -> None:
    cloud = SmallCloud(clock, floating_ips=2)
    process = bench.process(cloud)
    await bench.ask_for(FIRST)
    booting = await bench.run_until(process, FIRST, Phase.BOOTING)
    await bench.lose_an_answer(replace(booting, attempt=7), is_given_up=is_given_up)
    clock.forward(seconds=seconds)
    await bench.queue(SECOND)
    clock.forward(seconds=2)
    await process.step(SECOND)

    assert (await bench.now(SECOND)).phase is phase


async def test_given_a_create_without_an_answer_that_worked_when_its_attempt_goes_on_then_it_is_not_counted_twice(
    bench: Bench, clock: Clock
) -> None:
    cloud = SmallCloud(clock, floating_ips=2)
    process = bench.process(cloud)
    creating = await bench.promise(process, cloud, FIRST)
    await bench.lose_an_answer(creating, is_given_up=True)
    await cloud.create_floating_ip(Mark(deployment="test", binder=FIRST, attempt=1), CloudId("port"))
    clock.forward(minutes=5)
    await bench.queue(SECOND)
    clock.forward(seconds=2)
    await process.step(SECOND)

    assert (await bench.now(SECOND)).phase is Phase.QUEUED


async def test_given_launches_on_another_cloud_when_counted_then_they_take_nothing_of_this_one(
    bench: Bench, clock: Clock
) -> None:
    here, there = SmallCloud(clock, floating_ips=1), SmallCloud(clock, floating_ips=1)
    process = bench.process(here, bench.site(there, "there"))
    await bench.ask_for(FIRST, cloud="there")
    await bench.ask_for(SECOND)
    await bench.run_until(process, FIRST, Phase.BOOTING)

    second = await bench.run_until(process, SECOND, Phase.BOOTING, Phase.FAILED)

    assert second.phase is Phase.BOOTING


async def test_given_a_failed_binder_that_holds_the_last_floating_ip_when_retried_then_its_own_counts_as_free(
    bench: Bench, clock: Clock
) -> None:
    cloud = SmallCloud(clock, floating_ips=1)
    process = bench.process(cloud)
    await bench.ask_for(FIRST)
    booting = await bench.run_until(process, FIRST, Phase.BOOTING)
    async with bench.db.transaction() as tx:
        await listening.hear(tx, booting, a_report("failed", 2), clock())
    await bench.run_until(process, FIRST, Phase.FAILED)
    async with bench.db.transaction() as tx:
        await tx.run(
            "tests/wish.grant", dedupe=uuid4().hex, kind=Verb.RETRY, binder=FIRST, at=clock(), payload={}
        )
        await binders.wake(tx, FIRST, clock())

    again = await bench.run_until(process, FIRST, Phase.BOOTING, Phase.DELETED)

    assert (again.phase, again.attempt) == (Phase.BOOTING, 2)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(TemporaryError("cloud-silent", "m", "h"), id="it is asked again"),
        pytest.param(RefusedError("cloud-refused", "m", "h"), id="the cloud cannot tell"),
        pytest.param(TeamError("cloud-forbidden", "m", "h"), id="the cloud does not want to tell"),
    ],
)
async def test_given_a_quota_that_cannot_be_read_when_launched_then_the_launch_goes_on(
    bench: Bench, clock: Clock, error: BinderopsError
) -> None:
    cloud = SmallCloud(clock, floating_ips=1)
    cloud.faults["quota"] = [error]
    await bench.ask_for(FIRST)

    binder = await bench.run_until(bench.process(cloud), FIRST, Phase.BOOTING, Phase.FAILED)

    assert binder.phase is Phase.BOOTING


async def test_given_a_quota_that_stays_unread_for_minutes_when_launched_then_the_launch_goes_on_without_it(
    bench: Bench, clock: Clock
) -> None:
    cloud = SmallCloud(clock, floating_ips=1)
    cloud.faults["quota"] = [TemporaryError("cloud-silent", "m", "h")] * 1000
    await bench.ask_for(FIRST)
    asked_at = clock()

    binder = await bench.run_until(bench.process(cloud), FIRST, Phase.BOOTING, Phase.FAILED)

    assert binder.phase is Phase.BOOTING
    assert timedelta(minutes=2) <= clock() - asked_at < timedelta(minutes=5)


async def test_given_a_launch_that_is_cancelled_when_the_quota_cannot_be_read_then_it_ends(
    bench: Bench, clock: Clock
) -> None:
    cloud = SmallCloud(clock, floating_ips=1)
    cloud.faults["quota"] = [TemporaryError("cloud-silent", "m", "h")] * 30
    process = bench.process(cloud)
    await bench.ask_for(FIRST)
    await bench.run_until(process, FIRST, Phase.QUEUED)
    async with bench.db.transaction() as tx:
        await tx.run(
            "tests/wish.grant", dedupe=uuid4().hex, kind=Verb.CANCEL, binder=FIRST, at=clock(), payload={}
        )
        await binders.wake(tx, FIRST, clock())

    await bench.run_until(process, FIRST, Phase.DELETED)

    assert cloud.objects == {}
