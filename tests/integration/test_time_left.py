"""A launch that became ready leaves how long it took, and the next one's progress says what that means for it."""

from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from typing import Any

import msgspec
import pytest

from provisioning.estimate import Past
from provisioning.model import Binder, BinderId, Event, Happened, Phase
from provisioning.store import binders, launch_times
from provisioning.store.database import Database, Tx
from tests.conftest import Clock
from tests.integration.telling import Story
from tests.integration.test_launch import Bench
from tests.strategies import LAB, a_binder, a_plan, a_report

pytestmark = pytest.mark.integration

NEXT = a_binder(Phase.BUILDING, plan=a_plan(), id=BinderId("nextbinder"))


@pytest.fixture
async def bench(db: Database, clock: Clock) -> Bench:
    return Bench(db, clock)


async def kept(db: Database) -> tuple[Past, ...]:
    async with db.transaction() as tx:
        return await launch_times.every_one(tx)


async def launched(bench: Bench, *, builds_for_s: float = 240) -> Binder:
    await bench.start()
    await bench.run_until(Phase.BOOTING)
    bench.clock.forward(seconds=30)
    await bench.hear(a_report("build", 1, message="Using CondaBuildPack builder", step=(1, 1)))
    await bench.run_until(Phase.BUILDING)
    bench.clock.forward(seconds=builds_for_s)
    await bench.hear(a_report("ready", 2, interfaces=(LAB,), open_path="/lab"))
    return await bench.run_until(Phase.READY)


async def retried(tx: Tx) -> Binder:
    """A binder that failed, and hours later became ready at its second attempt: a minute for each phase."""
    binder = a_binder(Phase.READY, plan=a_plan(), attempt=2, id=NEXT.id)
    await binders.insert(tx, binder)
    await tx._connection.execute(
        "update binders set plan = %s::jsonb where id = %s",
        (msgspec.json.encode(binder.plan).decode(), binder.id),
    )
    first, again = binder.created_at, binder.created_at + timedelta(hours=5)
    way = (Happened.SERVER_ACTIVE, Happened.BUILD_BEGAN, Happened.START_BEGAN, Happened.BECAME_READY)
    story = [
        Event(kind=Happened.ATTEMPT_STARTED, at=first, data={"attempt": 1}),
        Event(kind=Happened.SERVER_ACTIVE, at=first + timedelta(minutes=9)),
        Event(kind=Happened.FAILED, at=first + timedelta(minutes=10)),
        Event(kind=Happened.ATTEMPT_STARTED, at=again, data={"attempt": 2}),
        *(Event(kind=kind, at=again + timedelta(minutes=n)) for n, kind in enumerate(way, start=1)),
    ]
    await binders.tell(tx, binder.id, story)
    return binder


def migration() -> str:
    """The text of the migration that made the table."""
    return files("provisioning").joinpath("sql", "migrations", "0008_launch_times.pre.sql").read_text()


async def begins(db: Database, clock: Clock, binder: Binder) -> Story:
    """The next launch, which has just begun to build."""
    story = Story(db, clock)
    await story.begins(binder, Happened.ATTEMPT_STARTED, Happened.SERVER_ACTIVE, Happened.BUILD_BEGAN)
    async with db.transaction() as tx:
        await tx._connection.execute(
            "update binders set phase_since = %s where id = %s", (clock.now, binder.id)
        )
    return story


def progress(rows: dict[str, Any]) -> str:
    return str(rows[f"binder:{NEXT.id}:progress"]["body"]["text"])


async def test_given_a_launch_that_became_ready_then_its_phases_are_kept_with_what_was_launched(
    bench: Bench, db: Database
) -> None:
    await launched(bench)

    (one,) = await kept(db)

    assert (one.subject.repo, one.subject.commit) == ("https://github.com/org/repo", "a" * 40)
    assert (one.subject.builder, one.subject.flavor) == ("Conda", "m3.small")
    assert 30 <= one.booting_s < 40
    assert 240 <= one.building_s < 250
    assert one.at == bench.clock.now


async def test_given_an_earlier_launch_when_the_next_one_is_told_then_its_progress_shows_the_range(
    bench: Bench, db: Database, clock: Clock
) -> None:
    await launched(bench)
    story = await begins(db, clock, NEXT)

    said = progress(await story.told())

    assert "About 3 to 5 minutes left (ready by about" in said
    assert "going by the one earlier launch of this commit" in said


async def test_given_no_earlier_launch_when_told_then_no_time_is_named(db: Database, clock: Clock) -> None:
    story = await begins(db, clock, NEXT)

    assert " left " not in progress(await story.told())


async def test_given_time_passes_and_nothing_happens_then_the_estimate_alone_causes_no_edit(
    bench: Bench, db: Database, clock: Clock
) -> None:
    await launched(bench)
    story = await begins(db, clock, NEXT)
    await story.told()
    await story.posted()
    clock.forward(minutes=2)

    rows = await story.told()

    assert {key for key, row in rows.items() if row["body_rev"] > row["sent_rev"]} == set()


async def test_given_the_build_lasts_longer_than_before_when_told_then_that_is_said(
    bench: Bench, db: Database, clock: Clock
) -> None:
    await launched(bench)
    story = await begins(db, clock, NEXT)
    clock.forward(minutes=20)
    await story.says(NEXT, a_report("build", message="pip install", step=(1, 3)))

    assert "It takes longer than the one earlier launch of this commit." in progress(await story.told())


async def test_given_the_guest_waits_for_a_token_when_told_then_no_time_is_named(
    bench: Bench, db: Database, clock: Clock
) -> None:
    await launched(bench)
    story = await begins(db, clock, NEXT)
    await story.says(NEXT, a_report("fetch", message="Waiting for the token", awaits="token"))

    assert " left " not in progress(await story.told())


async def test_given_a_launch_that_failed_then_nothing_is_kept_of_it(bench: Bench, db: Database) -> None:
    await bench.start()
    await bench.run_until(Phase.BOOTING)
    await bench.run_until(Phase.FAILED, most=600)

    assert await kept(db) == ()


async def test_given_a_second_attempt_then_only_its_own_time_counts(bench: Bench, db: Database) -> None:
    async with db.transaction() as tx:
        await launch_times.note(tx, Phase.STARTING, await retried(tx))

    (one,) = await kept(db)

    assert one.total_s == 4 * 60


async def test_given_more_launches_than_are_kept_then_the_oldest_are_forgotten(
    bench: Bench, db: Database
) -> None:
    await launched(bench)
    async with db.transaction() as tx:
        await tx._connection.execute(
            'insert into launch_times select binder_id, attempt + n, repo, "commit", builder, cloud, flavor, creating_s,'
            " booting_s, building_s, starting_s, at - n * interval '1 minute' from launch_times, generate_series(1, 9) n"
        )
        await tx.run("launch_times.forget", most=4)

    assert [bench.clock.now - one.at for one in await kept(db)] == [
        timedelta(minutes=n) for n in (3, 2, 1, 0)
    ]


async def test_given_stories_from_before_there_was_a_table_when_migrated_then_their_times_are_in_it(
    bench: Bench, db: Database
) -> None:
    await launched(bench)
    (by_the_step,) = await kept(db)
    async with db.transaction() as tx:
        await retried(tx)
        await tx._connection.execute("drop table launch_times")
        await tx._connection.execute(migration().encode())

    found = sorted(await kept(db), key=lambda one: one.building_s)

    assert [one.total_s for one in found] == [4 * 60, by_the_step.total_s]
    assert found[1] == replace(by_the_step, subject=replace(by_the_step.subject, builder=""))
