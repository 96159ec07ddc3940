"""Settings that lead to another project, or mark by another name, while environments live: nothing is concluded, nothing made."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from bot.runtime import Parts, running
from bot.settings import load
from provisioning.checks import State
from provisioning.errors import ElsewhereError, PersonError, TemporaryError
from provisioning.model import Binder, BinderId, Phase, Verb
from provisioning.site_watch import SiteWatch
from provisioning.sites import Sites, site
from provisioning.store import binders
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.fakes.cloud import FakeCloud
from tests.integration.test_launch import ID, Bench
from tests.strategies import a_binder

pytestmark = pytest.mark.integration

AT_ONCE = timedelta(0)
NEXT = BinderId("bbbbcccccc")


class Moving(Bench):
    """The settings can be made to lead elsewhere; the bot is restarted then."""

    def __init__(self, db: Database, clock: Clock) -> None:
        super().__init__(db, clock)
        self.elsewhere = FakeCloud(clock)
        self.elsewhere.project = "project p2, region r1"

    async def restart(
        self, cloud: FakeCloud, *, name: str = "", deployment: str = "test", forget: str | None = None
    ) -> None:
        """Settings that lead to this cloud."""
        watch = SiteWatch(db=self.db, deployment=deployment, clock=self.clock)
        plain = Sites([site(cloud, self.clock, name=name, listing_every=AT_ONCE)])
        self.sites = await watch.watched(plain, forget=forget)
        self.launcher = self.another_process()

    async def go_on(self, binder_id: BinderId = ID, *, minutes: int) -> Binder:
        for _ in range(minutes):
            self.clock.forward(minutes=1)
            await self.launcher.step(binder_id)
        return await self.of(binder_id)

    async def of(self, binder_id: BinderId) -> Binder:
        async with self.db.transaction() as tx:
            found = await binders.get(tx, binder_id)
        assert found is not None
        return found

    async def ask_for_another(self) -> None:
        async with self.db.transaction() as tx:
            await binders.insert(tx, replace(a_binder(now=self.clock.now), id=NEXT))

    async def want_deleted(self) -> None:
        async with self.db.transaction() as tx:
            await tx.run(
                "tests/wish.grant", dedupe=uuid4().hex, kind=Verb.DELETE, binder=ID, at=self.clock.now, payload={}
            )  # fmt: skip
            await binders.wake(tx, ID, self.clock.now)

    async def end(self) -> None:
        await self.want_deleted()
        await self.run_until(Phase.DELETED)


@pytest.fixture
async def bench(db: Database, clock: Clock) -> Moving:
    """A ready environment in the first project."""
    moving = Moving(db, clock)
    await moving.restart(moving.cloud)
    await moving.make_ready()
    return moving


async def test_given_settings_that_lead_to_another_project_when_an_environment_lives_then_it_is_not_taken_for_gone(
    bench: Moving,
) -> None:
    await bench.restart(bench.elsewhere)

    ready = await bench.go_on(minutes=20)

    assert ready.phase is Phase.READY
    assert "project p2, region r1" in ready.last_error
    assert "made in project p1, region r1" in ready.last_error


async def test_given_settings_that_lead_to_another_project_when_its_time_is_up_then_its_deletion_waits_for_the_old_one(
    bench: Moving,
) -> None:
    await bench.restart(bench.elsewhere)
    await bench.want_deleted()

    waiting = await bench.go_on(minutes=60)
    assert waiting.phase is Phase.DELETING
    await bench.restart(bench.cloud)
    await bench.run_until(Phase.DELETED)

    assert bench.cloud.objects == {}


async def test_given_an_environment_in_the_old_project_when_another_is_launched_then_it_is_refused_and_nothing_is_made(
    bench: Moving,
) -> None:
    await bench.restart(bench.elsewhere)
    await bench.ask_for_another()

    refused = await bench.go_on(NEXT, minutes=5)

    assert refused.failure is not None
    assert refused.failure.code == "cloud-changed"
    assert [call for call in bench.elsewhere.calls if call.startswith("create")] == []


async def test_given_no_environment_any_more_when_the_settings_lead_to_another_project_then_launches_go_there(
    bench: Moving,
) -> None:
    await bench.end()
    await bench.restart(bench.elsewhere)
    await bench.ask_for_another()

    assert (await bench.go_on(NEXT, minutes=5)).phase is Phase.BOOTING


async def test_given_settings_that_went_over_to_another_project_when_set_back_then_the_environments_there_count(
    bench: Moving,
) -> None:
    await bench.end()
    await bench.restart(bench.elsewhere)
    await bench.ask_for_another()
    await bench.go_on(NEXT, minutes=5)
    await bench.restart(bench.cloud)

    stays = await bench.go_on(NEXT, minutes=5)

    assert (stays.phase, "made in project p2" in stays.last_error) == (Phase.BOOTING, True)


async def test_given_the_only_cloud_when_it_gets_a_name_and_another_project_then_its_environments_still_count(
    bench: Moving,
) -> None:
    await bench.restart(bench.elsewhere, name="east")

    assert (await bench.go_on(minutes=20)).phase is Phase.READY


async def test_given_the_only_cloud_when_it_gets_a_name_alone_then_its_environments_go_on(
    bench: Moving,
) -> None:
    await bench.restart(bench.cloud, name="east")

    assert (await bench.go_on(minutes=3)).last_error == ""


async def test_given_a_running_bot_when_its_project_is_made_anew_then_that_is_noticed(bench: Moving) -> None:
    bench.cloud.project = "project p3, region r1"
    bench.cloud.objects = {}

    assert (await bench.go_on(minutes=20)).phase is Phase.READY


async def test_given_another_deployment_when_an_environment_lives_then_the_bot_does_not_start(
    bench: Moving,
) -> None:
    with pytest.raises(ElsewhereError) as refused:
        await bench.restart(bench.cloud, deployment="renamed")

    assert refused.value.code == "deployment-changed"


async def test_given_another_deployment_in_the_settings_when_the_bot_is_wired_then_it_never_runs(
    bench: Moving, tmp_path: Path
) -> None:
    settings = load({"BINDEROPS_HOME": str(tmp_path)})
    settings = replace(settings, values={**settings.values, "deployment": "renamed"})
    parts = Parts(settings=settings, url=bench.db.url, sites=bench.sites, clock=bench.clock)

    with pytest.raises(ElsewhereError, match="deployment-changed"):
        async with running(parts):
            pass


async def test_given_another_deployment_when_no_environment_lives_then_the_bot_starts(bench: Moving) -> None:
    await bench.end()

    await bench.restart(bench.cloud, deployment="renamed")
    await bench.ask_for_another()

    assert (await bench.go_on(NEXT, minutes=5)).phase is Phase.BOOTING


async def test_given_a_project_that_is_given_up_when_the_bot_goes_on_then_its_environments_end_as_lost(
    bench: Moving,
) -> None:
    await bench.restart(bench.elsewhere, forget="")

    ended = await bench.go_on(minutes=20)

    assert ended.failure is not None
    assert (ended.phase, ended.failure.code) == (Phase.DELETED, "instance-lost")


async def test_given_a_cloud_to_give_up_that_is_none_then_the_start_is_refused(bench: Moving) -> None:
    with pytest.raises(PersonError, match="unknown-cloud"):
        await bench.restart(bench.elsewhere, forget="east")


async def test_given_a_cloud_that_is_down_when_the_bot_starts_then_it_is_compared_once_it_answers(
    bench: Moving,
) -> None:
    bench.elsewhere.faults["identity"] = [TemporaryError("cloud-silent", "No answer.", "h")] * 3
    await bench.restart(bench.elsewhere)

    assert "made in project p1" in (await bench.go_on(minutes=20)).last_error


@pytest.mark.parametrize(
    ("is_moved", "state", "words"),
    [
        pytest.param(False, State.OK, "1 in project p1, region r1 marked test", id="the same"),
        pytest.param(True, State.FAIL, "but 1 environment (aaaabbbbcc) was made in project p1", id="another"),
    ],
)
async def test_given_an_environment_when_checked_then_it_is_told_whether_the_settings_lead_there(
    bench: Moving, is_moved: bool, state: State, words: str
) -> None:
    watch = SiteWatch(db=bench.db, deployment="test", clock=bench.clock)

    found = await watch.finding(bench.elsewhere if is_moved else bench.cloud, {""})

    assert found.state is state
    assert words in found.said
