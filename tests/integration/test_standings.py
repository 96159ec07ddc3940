"""How the projects stand for people who ask: looked at without waiting, read aside, with what launches were promised."""

from datetime import timedelta

import pytest

from provisioning.errors import RefusedError
from provisioning.quota import Allowance, Resource
from provisioning.room import Standing
from provisioning.sites import Sites, site
from provisioning.standings import FRESH_FOR, Standings
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.fakes.cloud import FakeCloud
from tests.integration.test_admission import FIRST, Bench

pytestmark = pytest.mark.integration


@pytest.fixture
def cloud(clock: Clock) -> FakeCloud:
    cloud = FakeCloud(clock)
    cloud.allowances = {Resource.CORES: Allowance(limit=10, used=4)}
    return cloud


@pytest.fixture
def standings(db: Database, clock: Clock, cloud: FakeCloud) -> Standings:
    return Standings(Sites([site(cloud, clock)]), db, clock)


async def seen(standings: Standings) -> Standing | None:
    standings.look()
    await standings.settle()
    return standings.look()[""]


async def test_given_nothing_read_when_looked_at_then_it_returns_at_once_and_reads_aside(
    standings: Standings,
) -> None:
    first = standings.look()
    await standings.settle()

    known = standings.look()[""]
    assert first == {"": None}
    assert known is not None
    assert known.lines() == ("cores: 4 of 10 in use or promised",)


async def test_given_numbers_that_are_fresh_when_looked_at_then_the_cloud_is_not_asked_again(
    standings: Standings, cloud: FakeCloud, clock: Clock
) -> None:
    await seen(standings)
    clock.forward(seconds=20)

    await seen(standings)

    assert cloud.calls.count("quota") == 1


async def test_given_numbers_that_are_old_when_looked_at_then_they_are_read_again(
    standings: Standings, cloud: FakeCloud, clock: Clock
) -> None:
    await seen(standings)
    cloud.allowances = {Resource.CORES: Allowance(limit=10, used=9)}
    clock.forward(seconds=FRESH_FOR / timedelta(seconds=1) + 1)

    known = await seen(standings)

    assert known is not None
    assert known.quota.allowances[Resource.CORES].used == 9


async def test_given_a_launch_that_has_just_begun_when_looked_at_then_what_it_was_promised_counts(
    db: Database, clock: Clock, cloud: FakeCloud
) -> None:
    bench = Bench(db, clock)
    process = bench.process(cloud)
    await bench.promise(process, cloud, FIRST)
    clock.forward(seconds=5)

    known = await seen(Standings(process.sites, db, clock))

    assert known is not None
    assert known.lines() == ("cores: 6 of 10 in use or promised",)


async def test_given_a_cloud_that_cannot_tell_when_looked_at_then_nothing_is_known_and_nothing_breaks(
    standings: Standings, cloud: FakeCloud
) -> None:
    cloud.faults["quota"] = [RefusedError("cloud-refused", "m", "h")]

    assert await seen(standings) is None
