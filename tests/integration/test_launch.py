"""Steps of a binder over PostgreSQL, with a cloud and a guest that fail on demand and a clock that only we move."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from provisioning.acting import Actor, Orders
from provisioning.actions import MakePort
from provisioning.cloud_objects import Kind, Mark, Status
from provisioning.errors import BinderopsError, PersonError, TeamError, TemporaryError
from provisioning.inventory import Inventory
from provisioning.launch import Launcher
from provisioning.model import (
    Binder,
    BinderId,
    Event,
    Happened,
    Json,
    Outcome,
    Phase,
    Plan,
    Report,
    Verb,
    Work,
)
from provisioning.phases import LIMITS, Policy
from provisioning.right import LEASE, Right
from provisioning.sites import Sites
from provisioning.store import binders, listening
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.fakes.cloud import FakeCloud
from tests.fakes.signing import told_at_birth
from tests.strategies import LAB, a_binder, a_plan, a_report

pytestmark = pytest.mark.integration

ID = BinderId("aaaabbbbcc")
FULL = asyncio.Event()  # set: who finds no turn free goes away
FULL.set()


class FakeLink:
    """A guest whose answers are set."""

    def __init__(self) -> None:
        self.is_public = True
        self.text = "line one\nline two\n"
        self.was_certified: list[bool] = []  # whether that was asked for

    async def log(self, agent_url: str, binder: str, **_: object) -> str:
        return self.text

    async def work(self, agent_url: str, binder: str, **_: object) -> Work:
        return Work(files=2, size_bytes=5000)

    async def reaches_people(self, public_url: str, *, is_certified: bool = True) -> bool:
        self.was_certified.append(is_certified)
        return self.is_public


class Bench:
    """One binder, driven step by step."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self.db, self.clock = db, clock
        self.cloud, self.link = FakeCloud(clock), FakeLink()
        self.sites = Sites.only(self.cloud, Inventory(self.cloud, clock, every=timedelta(0)))
        self.plan: Plan | BinderopsError = a_plan()
        self.launcher = self.another_process()

    def another_process(self) -> Launcher:
        actor = Actor(
            db=self.db, sites=self.sites, link=self.link, plan=self._plan, orders=Orders(bot_keys=told_at_birth),
            deployment="test", clock=self.clock,
        )  # type: ignore[arg-type]  # fmt: skip
        return Launcher(
            db=self.db,
            sites=self.sites,
            actor=actor,
            policy=Policy(),
            deployment="test",
            clock=self.clock,
        )

    async def _plan(self, binder: Binder) -> Plan:
        if isinstance(self.plan, BinderopsError):
            raise self.plan
        return self.plan

    async def start(self) -> None:
        async with self.db.transaction() as tx:
            await binders.insert(tx, a_binder(now=self.clock.now))

    async def queue(self) -> None:
        """A launch that is looked up, and waits for its admission."""
        await self.start()
        async with self.db.transaction() as tx:
            await tx.run("tests/wish.queue", id=ID, plan=binders.to_json(self.plan))

    async def start_server(self) -> None:
        """A launch whose server is being built, and will be for long."""
        self.cloud.server_is = Status.BUILDING
        await self.start()
        while not any(o.kind is Kind.SERVER for o in self.cloud.objects.values()):
            self.clock.forward(seconds=2)
            await self.launcher.step(ID)
        self.clock.forward(seconds=10)

    async def run_until(self, *phases: Phase, most: int = 60) -> Binder:
        for _ in range(most):
            binder = await self.now()
            if binder.phase in phases:
                return binder
            self.clock.forward(seconds=2)
            await self.launcher.step(ID)
        raise AssertionError(f"still {binder.phase}: {binder}")

    async def run_until_told(self, kind: Happened) -> None:
        while kind not in await self.events():
            self.clock.forward(minutes=1)
            assert (await self.now()).phase is not Phase.DELETED
            await self.launcher.step(ID)

    async def now(self) -> Binder:
        async with self.db.transaction() as tx:
            found = await binders.get(tx, ID)
        assert found is not None
        return found

    async def events(self) -> list[Happened]:
        async with self.db.transaction() as tx:
            return [e.kind for e in await binders.events(tx, ID)]

    async def hear(self, report: Report) -> None:
        async with self.db.transaction() as tx:
            binder = await binders.get(tx, ID)
            assert binder is not None
            await listening.hear(tx, binder, report, self.clock.now)

    async def want(self, verb: Verb) -> None:
        async with self.db.transaction() as tx:
            await tx.run(
                "tests/wish.grant", dedupe=uuid4().hex, kind=verb, binder=ID, at=self.clock.now, payload={}
            )
            await binders.wake(tx, ID, self.clock.now)

    async def make_ready(self) -> Binder:
        await self.start()
        await self.run_until(Phase.BOOTING)
        await self.hear(a_report("ready", 3, interfaces=(LAB,), open_path="/lab"))
        return await self.run_until(Phase.READY)


@pytest.fixture
async def bench(db: Database, clock: Clock) -> Bench:
    return Bench(db, clock)


async def test_given_nothing_to_do_but_to_look_again_then_several_looks_take_one_lease(bench: Bench) -> None:
    rested: list[float] = []

    async def rest(_: Right, seconds: float) -> bool:
        rested.append(seconds)
        bench.clock.forward(seconds=10)
        return True

    await bench.start_server()
    bench.cloud.calls.clear()

    assert await replace(bench.launcher, looks=3, rest=rest).step(ID)

    assert (rested, bench.cloud.calls.count("listing")) == ([1.0, 1.0], 3)
    assert (await bench.now()).phase is Phase.CREATING


async def test_given_news_while_it_rests_then_the_binder_is_due_at_once(bench: Bench) -> None:
    await bench.start_server()

    async def rest(_: Right, seconds: float) -> bool:
        await bench.want(Verb.DELETE)
        return False

    await replace(bench.launcher, looks=3, rest=rest).step(ID)
    await bench.launcher.step(ID)

    assert (await bench.now()).phase is Phase.DELETING


async def test_given_a_binder_that_is_put_off_again_and_again_then_each_time_it_is_told_when_it_is_due(
    bench: Bench,
) -> None:
    told: list[datetime] = []
    bench.launcher = replace(bench.launcher, put_off=told.append)
    await bench.start()
    bench.clock.forward(seconds=1)
    for _ in range(12):
        told.clear()
        assert await bench.launcher.step(ID)
        async with bench.db.transaction() as tx:
            row = await tx.row("tests/wish.due", id=ID)

        assert row is not None
        assert told[-1:] == [row["wake_at"]]
        bench.clock.forward(seconds=(row["wake_at"] - bench.clock.now).total_seconds() + 1)


async def test_given_a_request_when_stepped_then_each_object_is_made_once_and_in_order(bench: Bench) -> None:
    await bench.make_ready()

    made = [c for c in bench.cloud.calls if c.startswith("create")]
    assert made == ["create_port", "create_floating_ip", "create_server"]


async def test_given_a_ready_binder_when_deleted_then_nothing_is_left_in_the_cloud(bench: Bench) -> None:
    await bench.make_ready()
    await bench.want(Verb.DELETE)

    ended = await bench.run_until(Phase.DELETED)

    assert (ended.outcome, bench.cloud.objects) == (Outcome.OK, {})


@pytest.mark.parametrize(
    ("tls", "acme", "uncertified", "is_certified"),
    [
        pytest.param("proxy", None, "", True, id="the proxy's"),
        pytest.param("internal", None, "", False, id="the instance's own"),
        pytest.param("ip", {"profile": "shortlived"}, "", True, id="by ACME"),
        pytest.param("ip", {"profile": "shortlived"}, "Too many certificates.", False, id="by ACME in vain"),
        pytest.param("domain", {"ca": "https://ca.example/directory"}, "", False, id="by an own ACME server"),
    ],
)
async def test_given_a_way_of_tls_when_the_public_address_is_tried_then_only_a_certificate_that_is_meant_to_be_known_must_be(
    bench: Bench, tls: str, acme: Json | None, uncertified: str, is_certified: bool
) -> None:
    bench.cloud.address_is = {"tls": tls, "acme": acme}
    await bench.start()
    await bench.run_until(Phase.BOOTING)
    await bench.hear(a_report("build", 2, uncertified=uncertified))  # and the agent was started again
    await bench.hear(a_report("ready", 3, interfaces=(LAB,), open_path="/lab"))

    await bench.run_until(Phase.READY)

    assert bench.link.was_certified == [is_certified]


async def test_given_a_create_whose_answer_was_lost_when_stepped_again_then_its_object_is_adopted(
    bench: Bench,
) -> None:
    bench.cloud.lost_answers = {"create_port", "create_floating_ip", "create_server"}

    await bench.make_ready()

    assert sorted(o.kind for o in bench.cloud.objects.values()) == [Kind.FLOATING_IP, Kind.PORT, Kind.SERVER]


async def test_given_a_full_quota_when_creating_then_the_binder_fails_with_its_words_and_leaves_nothing(
    bench: Bench,
) -> None:
    bench.cloud.faults["create_floating_ip"] = [
        TeamError("quota-floating-ips", "10 of 10 are in use.", "Delete one.")
    ]
    await bench.start()

    ended = await bench.run_until(Phase.DELETED)

    assert ended.failure is not None
    assert (ended.failure.code, bench.cloud.objects) == ("quota-floating-ips", {})


async def test_given_a_cloud_that_is_away_for_a_while_when_creating_then_the_launch_goes_on_later(
    bench: Bench,
) -> None:
    away = TemporaryError("cloud-away", "503", "wait")
    bench.cloud.faults["listing"] = [away] * 3
    bench.cloud.faults["create_server"] = [away] * 2

    binder = await bench.make_ready()

    assert binder.outcome is None


async def test_given_a_ref_that_does_not_exist_when_resolved_then_it_ends_without_touching_the_cloud(
    bench: Bench,
) -> None:
    bench.plan = PersonError("ref-not-found", "There is no ref 'mian'.", "Did you mean main?")
    await bench.start()

    ended = await bench.run_until(Phase.DELETED)

    assert (ended.outcome, bench.cloud.objects) == (Outcome.FAILED, {})
    assert not [c for c in bench.cloud.calls if c.startswith("create")]


async def test_given_a_price_above_the_threshold_when_nobody_confirms_then_nothing_is_made(
    bench: Bench,
) -> None:
    bench.plan = a_plan(asks=True)
    await bench.start()
    for _ in range(5):
        bench.clock.forward(minutes=5)
        await bench.launcher.step(ID)

    assert (await bench.now()).phase is Phase.REQUESTED
    assert bench.cloud.objects == {}


async def test_given_a_failed_build_when_heard_then_its_log_is_kept_before_the_failure_is_told(
    bench: Bench,
) -> None:
    await bench.start()
    await bench.run_until(Phase.BOOTING)
    await bench.hear(a_report("failed", 2, failure=a_binder().failure))

    await bench.run_until(Phase.FAILED)

    async with bench.db.transaction() as tx:
        assert await listening.log(tx, ID, 1) == bench.link.text


async def test_given_a_failed_binder_when_retried_then_the_old_attempt_goes_and_a_new_one_comes(
    bench: Bench,
) -> None:
    await bench.start()
    await bench.run_until(Phase.BOOTING)
    await bench.hear(a_report("failed", 2))
    await bench.run_until(Phase.FAILED)
    await bench.want(Verb.RETRY)

    binder = await bench.run_until(Phase.BOOTING)

    assert {o.mark.attempt for o in bench.cloud.objects.values()} == {2}
    assert (binder.attempt, binder.report) == (2, None)


async def test_given_a_guest_that_never_speaks_when_its_time_is_up_then_the_console_is_the_reason(
    bench: Bench,
) -> None:
    await bench.start()
    await bench.run_until(Phase.BOOTING)
    bench.clock.forward(seconds=LIMITS[Phase.BOOTING].total_seconds())

    failed = await bench.run_until(Phase.FAILED)

    assert failed.failure is not None
    assert failed.failure.lines == ("cloud-init: nothing came",)


async def test_given_a_report_of_an_older_number_when_heard_then_the_newest_stays(bench: Bench) -> None:
    await bench.start()
    await bench.run_until(Phase.BOOTING)
    await bench.hear(a_report("build", 5))

    await bench.hear(a_report("setup", 1))

    report = (await bench.now()).report
    assert report is not None
    assert report.n == 5


async def test_given_a_lease_that_went_to_another_when_its_holder_wakes_then_it_writes_nothing(
    bench: Bench,
) -> None:
    await bench.start()
    async with bench.db.transaction() as tx:
        stale = await binders.claim(tx, lease=uuid4(), now=bench.clock.now, until=bench.clock.now + LEASE)
    assert stale is not None
    bench.clock.forward(seconds=LEASE.total_seconds() + 1)
    await bench.run_until(Phase.CREATING, Phase.BOOTING)

    async with bench.db.transaction() as tx:
        told = [Event(kind=Happened.DELETED, at=bench.clock.now)]
        wrote = await binders.record(
            tx, stale, replace(stale.binder, phase=Phase.DELETED, outcome=Outcome.OK), events=told, wake_at=None,
            now=bench.clock.now, keep_lease=False,
        )  # fmt: skip

    assert not wrote
    assert Happened.DELETED not in await bench.events()


async def test_given_a_wish_during_a_step_when_the_step_sleeps_then_the_wake_up_is_not_put_off(
    bench: Bench,
) -> None:
    await bench.make_ready()
    async with bench.db.transaction() as tx:
        now = bench.clock.forward(minutes=5)
        claimed = await binders.claim(tx, lease=uuid4(), now=now, until=now + LEASE)
    assert claimed is not None
    await bench.want(Verb.DELETE)

    async with bench.db.transaction() as tx:
        later = bench.clock.now + timedelta(hours=1)
        await binders.record(
            tx, claimed, claimed.binder, events=[], wake_at=later, now=bench.clock.now, keep_lease=False
        )

    ended = await bench.run_until(Phase.DELETED)
    assert ended.outcome is Outcome.OK


async def test_given_a_wish_while_a_step_waits_for_its_turn_then_nothing_is_made_and_it_is_heard(
    bench: Bench,
) -> None:
    await bench.start()
    async with AsyncExitStack() as others:  # as many as may make ports at once, and none of them ends
        while True:
            turn = bench.launcher.turns.taken(MakePort(), "", FULL)
            if not await others.enter_async_context(turn):
                break
        waiting = asyncio.create_task(bench.run_until(Phase.DELETED))
        line = bench.launcher.turns._doors["", "network"]
        while not line._waiters:  # noqa: ASYNC110  a semaphore tells nobody who waits for it
            await asyncio.sleep(0.05)
        await bench.want(Verb.DELETE)
        ended = await waiting

    assert ended.outcome is Outcome.CANCELLED
    assert "create_port" not in bench.cloud.calls


async def test_given_two_processes_when_both_step_one_binder_then_only_one_of_them_works(
    bench: Bench,
) -> None:
    await bench.start()
    async with bench.db.transaction() as tx:
        await binders.claim(tx, lease=uuid4(), now=bench.clock.now, until=bench.clock.now + LEASE)

    worked = await bench.another_process().step(ID)

    assert not worked


async def test_given_a_binder_that_nobody_can_read_when_work_is_due_then_the_others_go_on(
    bench: Bench,
) -> None:
    async with bench.db.transaction() as tx:
        alien = replace(a_binder(now=bench.clock.now - timedelta(hours=1)), id=BinderId("zzzzzzzzzz"))
        await binders.insert(tx, alien)
        await tx.run("tests/wish.make_unreadable", id=alien.id)
    await bench.start()
    bench.clock.forward(seconds=1)

    worked = [await bench.launcher.once() for _ in range(2)]

    assert any(worked)
    assert (await bench.now()).phase is not Phase.REQUESTED


@pytest.mark.parametrize("call", ["create_port", "create_floating_ip", "create_server"])
async def test_given_a_create_without_an_answer_that_shows_late_when_stepped_then_it_is_waited_for_and_made_once(
    bench: Bench, call: str
) -> None:
    bench.cloud.lost_answers.add(call)
    bench.cloud.shows_after = timedelta(seconds=25)

    await bench.start()
    await bench.run_until(Phase.BOOTING)

    assert bench.cloud.calls.count(call) == 1


async def test_given_a_refused_create_when_time_cures_it_then_nobody_waits_for_what_was_never_made(
    bench: Bench,
) -> None:
    busy = TemporaryError("cloud-busy", "Too many requests.", "It is tried again.")
    bench.cloud.faults["create_port"] = [busy]
    await bench.start()
    await bench.run_until(Phase.CREATING)
    began = bench.clock.now

    await bench.run_until(Phase.BOOTING)

    assert bench.clock.now - began < timedelta(seconds=20)


async def test_given_a_second_port_that_shows_late_when_the_binder_is_up_then_it_is_deleted(
    bench: Bench,
) -> None:
    await bench.start()
    binder = await bench.run_until(Phase.BOOTING)
    mark = Mark(deployment="test", binder=ID, attempt=binder.attempt)
    late = await bench.cloud.create_port(mark)

    for _ in range(30):
        bench.clock.forward(seconds=5)
        await bench.launcher.step(ID)

    assert late.id not in bench.cloud.objects
    assert (await bench.now()).phase is Phase.BOOTING
    assert {o.kind for o in bench.cloud.objects.values()} == {Kind.PORT, Kind.FLOATING_IP, Kind.SERVER}


async def test_given_a_binder_near_its_end_then_the_warning_says_how_much_work_is_in_it(bench: Bench) -> None:
    await bench.make_ready()

    await bench.run_until_told(Happened.WARNED)

    async with bench.db.transaction() as tx:
        told = (await binders.events(tx, ID))[-1]
    assert [told.data.get(n) for n in ("minutes", "files", "size_bytes")] == [30, 2, 5000]


@pytest.mark.parametrize("phase", [Phase.READY, Phase.DELETING])
async def test_given_a_listing_without_a_server_that_is_there_when_stepped_then_it_is_not_taken_for_gone(
    bench: Bench, phase: Phase
) -> None:
    await bench.make_ready()
    [server] = [o.id for o in bench.cloud.objects.values() if o.kind is Kind.SERVER]
    bench.cloud.hidden.add(server)
    if phase is Phase.DELETING:
        await bench.want(Verb.DELETE)
        await bench.run_until(Phase.DELETED)
    else:
        for _ in range(3):
            bench.clock.forward(seconds=60)
            await bench.launcher.step(ID)

    assert (server in bench.cloud.objects) == (phase is Phase.READY)
    assert (await bench.now()).phase is (Phase.DELETED if phase is Phase.DELETING else Phase.READY)


async def test_given_a_server_that_is_gone_when_looked_at_then_the_cloud_was_asked_for_it_once(
    bench: Bench,
) -> None:
    await bench.make_ready()
    [server] = [o.id for o in bench.cloud.objects.values() if o.kind is Kind.SERVER]
    del bench.cloud.objects[server]

    lost = await bench.run_until(Phase.FAILED, Phase.DELETED)
    await bench.run_until(Phase.DELETED)

    assert lost.failure is not None
    assert (lost.failure.code, bench.cloud.calls.count("server")) == ("instance-lost", 1)


async def test_given_a_cloud_that_does_not_answer_when_somebody_deletes_then_the_wish_is_taken_in(
    bench: Bench,
) -> None:
    await bench.make_ready()
    away = TemporaryError("cloud-silent", "No answer.", "It is tried again.")
    bench.cloud.faults["listing"] = [away] * 3
    await bench.want(Verb.DELETE)

    await bench.launcher.step(ID)

    assert (await bench.now()).phase is Phase.DELETING
    assert bench.cloud.faults["listing"] == [away] * 2
