"""Two clouds under one launcher: each binder's objects are made, watched and deleted where its plan says."""

from dataclasses import replace
from uuid import uuid4

import pytest

from provisioning.cloud_objects import Kind
from provisioning.model import Phase, Verb
from provisioning.sites import Sites, site
from provisioning.store import binders
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.fakes.cloud import FakeCloud
from tests.integration.test_launch import ID, Bench
from tests.strategies import a_plan

pytestmark = pytest.mark.integration


class TwoClouds(Bench):
    """The first is the bench's own, the other one is ``far``."""

    def __init__(self, db: Database, clock: Clock) -> None:
        super().__init__(db, clock)
        self.far = FakeCloud(clock)
        self.plan = replace(a_plan(), cloud="far")
        self.sites_are("near", "far")

    def sites_are(self, *names: str) -> None:
        """The settings name these clouds now, and the bot was restarted."""
        clouds = {"near": self.cloud, "far": self.far}
        self.sites = Sites([site(clouds[name], self.clock, name=name) for name in names])
        self.launcher = self.another_process()

    async def want_deleted(self) -> None:
        async with self.db.transaction() as tx:
            await tx.run(
                "tests/wish.grant", dedupe=uuid4().hex, kind=Verb.DELETE, binder=ID, at=self.clock.now, payload={}
            )  # fmt: skip
            await binders.wake(tx, ID, self.clock.now)


@pytest.fixture
def bench(db: Database, clock: Clock) -> TwoClouds:
    return TwoClouds(db, clock)


async def test_given_a_plan_for_the_second_cloud_when_launched_then_all_is_made_there_and_nothing_on_the_first(
    bench: TwoClouds,
) -> None:
    await bench.start()

    await bench.run_until(Phase.BOOTING)

    assert {o.kind for o in bench.far.objects.values()} == {Kind.PORT, Kind.FLOATING_IP, Kind.SERVER}
    assert bench.cloud.calls == []


async def test_given_a_binder_on_the_second_cloud_when_deleted_then_nothing_is_left_there(
    bench: TwoClouds,
) -> None:
    await bench.start()
    await bench.run_until(Phase.BOOTING)
    await bench.want_deleted()

    await bench.run_until(Phase.DELETED)

    assert bench.far.objects == {}


async def test_given_a_cloud_with_small_disks_when_launched_there_then_the_server_gets_a_volume(
    bench: TwoClouds,
) -> None:
    bench.far.volume_root_below_gib = 40
    bench.sites_are("near", "far")
    await bench.start()

    await bench.run_until(Phase.BOOTING)

    assert Kind.VOLUME in {o.kind for o in bench.far.objects.values()}


async def test_given_a_cloud_that_the_settings_name_no_more_when_deletion_is_wanted_then_it_waits_for_the_cloud(
    bench: TwoClouds,
) -> None:
    await bench.start()
    await bench.run_until(Phase.BOOTING)
    there = dict(bench.far.objects)
    bench.sites_are("near")
    await bench.want_deleted()

    for _ in range(30):
        bench.clock.forward(minutes=5)
        await bench.launcher.step(ID)

    waiting = await bench.now()
    assert (waiting.phase, bench.far.objects) == (Phase.DELETING, there)
    assert "do not name" in waiting.last_error

    bench.sites_are("near", "far")
    await bench.run_until(Phase.DELETED)

    assert bench.far.objects == {}


async def test_given_a_cloud_that_the_settings_name_no_more_when_its_launch_goes_on_then_it_fails_with_who_mends_it(
    bench: TwoClouds,
) -> None:
    await bench.queue()
    bench.sites_are("near")

    failed = await bench.run_until(Phase.FAILED, Phase.DELETING, Phase.DELETED, most=700)

    assert failed.failure is not None
    assert failed.failure.code == "cloud-unknown"
    assert bench.far.objects == {}
