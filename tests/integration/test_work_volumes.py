"""Work volumes over PostgreSQL: made once whatever happens, held by one, kept when a binder goes, deleted when asked."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from provisioning.acting import Actor, Orders
from provisioning.cloud_objects import Kind, ListedVolume, Status
from provisioning.errors import TemporaryError
from provisioning.inventory import Inventory
from provisioning.launch import Launcher
from provisioning.model import Binder, BinderId, Phase, Plan, Verb, VolumeId
from provisioning.phases import Policy
from provisioning.quota import Allowance, Resource
from provisioning.sites import Sites
from provisioning.store import binders, sites, volumes
from provisioning.store.database import Database
from provisioning.volume_deletion import VolumeDeletion
from provisioning.work_volumes import Kept, VolumeInUseError, Wanted
from tests.conftest import Clock
from tests.fakes.cloud import FakeCloud
from tests.fakes.signing import told_at_birth
from tests.strategies import a_binder, a_plan

pytestmark = pytest.mark.integration

FIRST, SECOND, THIRD = (BinderId(c * 10) for c in "abc")


class Bench:
    """Launches with volumes, driven step by step."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self.db, self.clock, self.cloud = db, clock, FakeCloud(clock)
        self.sites = Sites.only(self.cloud, Inventory(self.cloud, clock, every=timedelta(0)))
        self.launcher = self.another_process()
        self.deletion = VolumeDeletion(db=db, sites=self.sites, clock=clock)

    def another_process(self) -> Launcher:
        actor = Actor(
            db=self.db, sites=self.sites, link=None, plan=self._plan, orders=Orders(bot_keys=told_at_birth),
            deployment="test", clock=self.clock,
        )  # type: ignore[arg-type]  # fmt: skip
        return Launcher(
            db=self.db, sites=self.sites, actor=actor, policy=Policy(), deployment="test", clock=self.clock
        )

    async def _plan(self, binder: Binder) -> Plan:
        return a_plan()

    async def ask(self, binder_id: BinderId, name: str = "data", **changes: str) -> None:
        """A launch with the volume; raises where it may not have it."""
        wanted = Wanted(
            clouds=("",), name=name, size_gib=None, new_id=VolumeId(f"v{uuid4().hex[:9]}"), new_gib=10
        )
        binder = replace(a_binder(now=self.clock.now, id=binder_id), **changes)  # type: ignore[arg-type]
        async with self.db.transaction() as tx:
            await binders.insert(tx, await volumes.taken(tx, binder, wanted))

    async def want_deleted(self, binder_id: BinderId) -> None:
        async with self.db.transaction() as tx:
            await tx.run(
                "tests/wish.grant", dedupe=uuid4().hex, kind=Verb.DELETE, binder=binder_id, at=self.clock.now,
                payload={},
            )  # fmt: skip
            await binders.wake(tx, binder_id, self.clock.now)

    async def until(self, binder_id: BinderId, *phases: Phase, most: int = 120) -> Binder:
        for _ in range(most):
            binder = await self.now(binder_id)
            if binder.phase in phases:
                return binder
            self.clock.forward(seconds=2)
            await self.launcher.step(binder_id)
        raise AssertionError(f"still {binder.phase}: {binder}")

    async def launched(self, binder_id: BinderId, **changes: str) -> Binder:
        await self.ask(binder_id, **changes)
        return await self.until(binder_id, Phase.BOOTING)

    async def deleted(self, binder_id: BinderId) -> Binder:
        await self.want_deleted(binder_id)
        return await self.until(binder_id, Phase.DELETED)

    async def drop(self, volume: VolumeId) -> bool:
        async with self.db.transaction() as tx:
            return await volumes.drop(tx, volume, self.clock.now)

    async def now(self, binder_id: BinderId) -> Binder:
        async with self.db.transaction() as tx:
            found = await binders.get(tx, binder_id)
        assert found is not None
        return found

    async def kept(self, owner: str = "U1") -> list[Kept]:
        async with self.db.transaction() as tx:
            return await volumes.of_person(tx, team="T1", owner=owner)

    def work(self) -> ListedVolume:
        """The cloud's only one."""
        (found,) = self.cloud.work.values()
        return found


@pytest.fixture
async def bench(db: Database, clock: Clock) -> Bench:
    return Bench(db, clock)


async def test_given_a_launch_with_a_new_volume_then_the_cloud_makes_one_and_its_server_has_it(
    bench: Bench,
) -> None:
    binder = await bench.launched(FIRST)

    [kept] = await bench.kept()
    server = next(o for o in bench.cloud.objects.values() if o.kind is Kind.SERVER)
    assert binder.volume == kept.volume
    assert (bench.work().volume, bench.work().server_id) == (kept.volume.id, server.id)
    assert (kept.held_by, kept.cloud_id) == (FIRST, bench.work().id)


async def test_given_a_binder_with_a_volume_when_deleted_then_only_the_volume_is_left_and_it_is_free(
    bench: Bench,
) -> None:
    await bench.launched(FIRST)

    await bench.deleted(FIRST)

    [kept] = await bench.kept()
    assert bench.cloud.objects == {}
    assert (bench.work().server_id, kept.held_by, kept.used_at) == ("", None, bench.clock.now)


async def test_given_a_kept_volume_when_launched_with_again_then_it_is_the_same_one(bench: Bench) -> None:
    await bench.launched(FIRST)
    await bench.deleted(FIRST)
    before = bench.work().id

    await bench.launched(SECOND)

    assert bench.work().id == before
    assert bench.cloud.calls.count("create_work_volume") == 1


async def test_given_a_held_volume_when_launched_with_again_then_nothing_is_there_of_the_second(
    bench: Bench,
) -> None:
    await bench.ask(FIRST)

    with pytest.raises(VolumeInUseError) as refused:
        await bench.ask(SECOND)

    assert refused.value.holder == FIRST
    async with bench.db.transaction() as tx:
        assert await binders.get(tx, SECOND) is None


async def test_given_the_same_name_of_another_person_then_that_is_another_volume(bench: Bench) -> None:
    await bench.launched(FIRST)

    await bench.launched(SECOND, owner="U2")

    [mine], [theirs] = await bench.kept(), await bench.kept("U2")
    assert mine.volume.id != theirs.volume.id
    assert {o.volume for o in bench.cloud.work.values()} == {mine.volume.id, theirs.volume.id}


@pytest.mark.parametrize("is_made", [True, False], ids=["it worked", "it did not"])
async def test_given_a_create_without_an_answer_then_there_is_one_volume_in_the_end(
    bench: Bench, is_made: bool
) -> None:
    if is_made:
        bench.cloud.lost_answers.add("create_work_volume")
        bench.cloud.shows_after = timedelta(seconds=20)
    else:
        lost = TemporaryError("answer-lost", "No answer came.", "It is looked at again.", is_unanswered=True)
        bench.cloud.faults["create_work_volume"] = [lost]

    await bench.launched(FIRST)

    [kept] = await bench.kept()
    assert kept.cloud_id == bench.work().id
    assert bench.cloud.calls.count("create_work_volume") == (1 if is_made else 2)


async def test_given_a_create_without_an_answer_when_its_binder_is_cancelled_then_the_next_one_finds_it(
    bench: Bench,
) -> None:
    bench.cloud.lost_answers.add("create_work_volume")
    bench.cloud.shows_after = timedelta(seconds=20)
    await bench.ask(FIRST)
    while "create_work_volume" not in bench.cloud.calls:
        bench.clock.forward(seconds=2)
        await bench.launcher.step(FIRST)
    await bench.deleted(FIRST)

    await bench.launched(SECOND)

    [kept] = await bench.kept()
    assert bench.cloud.calls.count("create_work_volume") == 1
    assert (kept.held_by, kept.cloud_id) == (SECOND, bench.work().id)


async def test_given_a_process_killed_as_it_made_the_volume_then_the_next_one_finds_it(bench: Bench) -> None:
    class KilledError(BaseException):
        pass

    async def killed(*_: object) -> None:
        await make(*_)  # type: ignore[arg-type]
        raise KilledError

    make, bench.cloud.create_work_volume = bench.cloud.create_work_volume, killed  # type: ignore[method-assign, assignment]
    await bench.ask(FIRST)
    with pytest.raises(KilledError):
        await bench.until(FIRST, Phase.BOOTING)
    bench.cloud.create_work_volume = make  # type: ignore[method-assign]
    bench.clock.forward(seconds=30)
    bench.launcher = bench.another_process()

    await bench.until(FIRST, Phase.BOOTING)

    assert bench.cloud.calls.count("create_work_volume") == 1


async def test_given_a_second_attempt_then_the_volume_goes_from_the_old_server_to_the_new(
    bench: Bench,
) -> None:
    bench.cloud.server_is = Status.ERROR
    await bench.ask(FIRST)
    await bench.until(FIRST, Phase.FAILED, Phase.DELETED)
    bench.cloud.server_is = Status.ACTIVE
    await bench.until(FIRST, Phase.DELETED)

    await bench.launched(SECOND)

    server = next(o for o in bench.cloud.objects.values() if o.kind is Kind.SERVER)
    assert (bench.work().server_id, bench.cloud.calls.count("create_work_volume")) == (server.id, 1)


async def test_given_a_volume_that_somebody_deleted_in_the_cloud_then_no_empty_one_takes_its_place(
    bench: Bench,
) -> None:
    await bench.launched(FIRST)
    await bench.deleted(FIRST)
    bench.cloud.work.clear()
    await bench.ask(SECOND)

    failed = await bench.until(SECOND, Phase.FAILED)

    assert failed.failure is not None
    assert (failed.failure.code, bench.cloud.work) == ("work-volume-gone", {})


async def test_given_a_free_volume_when_dropped_then_it_goes_and_its_name_is_free(bench: Bench) -> None:
    await bench.launched(FIRST)
    await bench.deleted(FIRST)
    [kept] = await bench.kept()

    is_dropped = await bench.drop(kept.volume.id)
    while await bench.kept():
        bench.clock.forward(seconds=5)
        await bench.deletion.once()

    assert (is_dropped, bench.cloud.work) == (True, {})
    await bench.launched(SECOND)
    assert bench.work().volume != kept.volume.id


async def test_given_a_cloud_that_refuses_for_a_while_when_dropped_then_it_is_asked_again(
    bench: Bench,
) -> None:
    await bench.launched(FIRST)
    await bench.deleted(FIRST)
    [kept] = await bench.kept()
    bench.cloud.faults["delete_work_volume"] = [TemporaryError("cloud-busy", "Busy.", "Later.")]
    await bench.drop(kept.volume.id)

    await bench.deletion.once()
    was_there = bench.cloud.work != {}
    for _ in range(20):
        bench.clock.forward(seconds=5)
        await bench.deletion.once()

    assert (was_there, bench.cloud.work, await bench.kept()) == (True, {}, [])


async def test_given_a_held_volume_then_it_cannot_be_dropped(bench: Bench) -> None:
    await bench.ask(FIRST)
    [kept] = await bench.kept()

    assert not await bench.drop(kept.volume.id)
    assert [k.deleting_since for k in await bench.kept()] == [None]


async def test_given_a_volume_to_drop_with_its_binder_then_it_goes_once_that_is_gone_and_not_before(
    bench: Bench,
) -> None:
    await bench.launched(FIRST)
    async with bench.db.transaction() as tx:
        await volumes.drop_when_free(tx, FIRST, bench.clock.now)
    is_looked_at_too_early = await bench.deletion.once()

    await bench.deleted(FIRST)
    while await bench.kept():
        bench.clock.forward(seconds=5)
        await bench.deletion.once()

    assert (is_looked_at_too_early, bench.cloud.work) == (False, {})


async def test_given_storage_for_one_new_volume_when_two_launches_ask_then_the_second_is_refused_in_numbers(
    bench: Bench,
) -> None:
    bench.cloud.allowances = {Resource.GIGABYTES: Allowance(limit=15, used=0)}
    bench.cloud.faults["create_port"] = [TemporaryError("cloud-busy", "m", "h")]  # promised, nothing made
    await bench.ask(FIRST)
    await bench.until(FIRST, Phase.CREATING)
    await bench.ask(SECOND, name="other")

    failed = await bench.until(SECOND, Phase.FAILED)

    assert failed.failure is not None
    assert (
        "volume storage: 10 GiB of 15 GiB in use or promised, this launch needs 10 GiB"
        in failed.failure.message
    )


async def test_given_a_volume_that_is_there_then_it_needs_no_room_once_more(bench: Bench) -> None:
    await bench.launched(FIRST)
    await bench.deleted(FIRST)
    bench.cloud.allowances = {Resource.GIGABYTES: Allowance(limit=10, used=10)}

    await bench.launched(SECOND)

    assert (await bench.now(SECOND)).phase is Phase.BOOTING


async def test_given_volumes_but_no_binders_then_the_settings_may_not_lead_away_from_them(
    bench: Bench,
) -> None:
    await bench.launched(FIRST)
    await bench.deleted(FIRST)

    async with bench.db.transaction() as tx:
        assert await sites.living(tx, [""]) == {"": ("volume data",)}
