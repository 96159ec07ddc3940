"""The narrator: what a binder's story leaves in the outbox, and when a channel gets its board."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from bot.narrator import Narrator
from provisioning.model import Binder, BinderId, Event, Failure, Happened, Phase, Report
from provisioning.store import binders
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.strategies import a_binder, a_plan, a_report

pytestmark = pytest.mark.integration

KEY = "binder:aaaabbbbcc:"


class Story:
    """Writes a binder's life as the worker does, and lets the narrator tell it."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self.db, self.clock = db, clock
        self.narrator = Narrator(db=db, clock=clock)

    async def begins(self, binder: Binder, *kinds: Happened) -> None:
        async with self.db.transaction() as tx:
            await binders.insert(tx, binder)
        await self.goes_on(binder, *kinds)

    async def goes_on(self, binder: Binder, *kinds: Happened, **data: Any) -> None:
        async with self.db.transaction() as tx:
            # The columns that a step writes; the lease's part is not what is told here.
            await tx._connection.execute(
                "update binders set plan=%s::jsonb, phase=%s, attempt=%s, failure=%s::jsonb, story_rev=story_rev+1"
                " where id=%s",
                (_text(binder.plan), binder.phase, binder.attempt, _text(binder.failure), binder.id),
            )
            await binders.tell(
                tx, binder.id, [Event(kind=kind, at=self.clock(), data=data) for kind in kinds]
            )

    async def says(self, binder: Binder, report: Report) -> None:
        async with self.db.transaction() as tx:
            await binders.hear(tx, binder, report, self.clock())

    async def breaks(self, binder: Binder, how: str) -> None:
        """Change what is stored of it, past everything that reads it."""
        async with self.db.transaction() as tx:
            await tx._connection.execute(how.encode(), (binder.id,))

    async def told(self) -> dict[str, dict[str, Any]]:
        """Tell everything; the outbox's rows by key."""
        while await self.narrator.once():
            pass
        async with self.db.transaction() as tx:
            cursor = await tx._connection.execute("select * from outbox order by created_at, key")
            return {row["key"]: row for row in await cursor.fetchall()}

    async def posted(self, ts: str = "1.0") -> None:
        """As if the outbox had sent everything."""
        async with self.db.transaction() as tx:
            await tx._connection.execute("update outbox set ts = %s, sent_rev = body_rev", (ts,))


def _text(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


@pytest.fixture
def story(db: Database, clock: Clock) -> Story:
    return Story(db, clock)


BUILDING = a_binder(Phase.BUILDING, plan=a_plan())
UP = (Happened.ATTEMPT_STARTED, Happened.SERVER_ACTIVE, Happened.BUILD_BEGAN)


async def test_given_a_launch_when_told_then_root_and_progress_wait_in_order(story: Story) -> None:
    await story.begins(BUILDING, *UP)

    rows = await story.told()

    assert [(key, row["thread_key"]) for key, row in rows.items()] == [
        (KEY + "root", None),
        (KEY + "progress", KEY + "root"),
    ]


async def test_given_nothing_new_when_told_then_there_is_nothing_to_do(story: Story) -> None:
    await story.begins(BUILDING, *UP)
    await story.told()

    assert await story.narrator.once() is False


async def test_given_a_report_when_told_then_only_what_it_changes_is_due(story: Story) -> None:
    await story.begins(BUILDING, *UP)
    await story.told()
    await story.posted()
    await story.says(BUILDING, a_report("build", message="pip install", step=(1, 3)))

    rows = await story.told()

    assert {key for key, row in rows.items() if row["body_rev"] > row["sent_rev"]} == {KEY + "progress"}


async def test_given_a_mistake_when_told_then_the_answer_goes_to_the_commands_response_url(
    story: Story, db: Database, clock: Clock
) -> None:
    failed = a_binder(Phase.FAILED, failure=Failure(code="ref-not-found", message="m", hint="h"), attempt=0)
    await story.begins(failed, Happened.FAILED)
    async with db.transaction() as tx:
        await tx._connection.execute(
            "insert into intents (dedupe, kind, team, channel, who, binder_id, payload, at) values"
            " ('d', 'launch', 'T1', 'C1', 'U1', %s, '{\"response_url\": \"https://hooks/7\"}', %s)",
            (failed.id, clock()),
        )

    rows = await story.told()

    assert [(key, row["body"]["url"]) for key, row in rows.items()] == [(KEY + "answer", "https://hooks/7")]


async def test_given_an_answer_was_given_when_the_binder_goes_on_then_it_is_not_given_again(
    story: Story,
) -> None:
    failed = a_binder(Phase.FAILED, failure=Failure(code="ref-not-found", message="m", hint="h"), attempt=0)
    await story.begins(failed, Happened.FAILED)
    await story.told()
    await story.posted()
    reworded = Failure(code="ref-not-found", message="other", hint="words")
    await story.goes_on(replace(failed, phase=Phase.DELETING, failure=reworded))

    rows = await story.told()

    assert rows[KEY + "answer"]["body_rev"] == 1


async def test_given_a_retry_when_told_then_the_old_failure_keeps_its_words_without_buttons(
    story: Story,
) -> None:
    failure = Failure(code="build-failed", message="It broke.", hint="h")
    await story.begins(
        a_binder(Phase.FAILED, plan=a_plan(), failure=failure, attempt=1), *UP, Happened.FAILED
    )
    await story.told()
    await story.goes_on(a_binder(Phase.BUILDING, plan=a_plan(), attempt=2), Happened.RETRIED, *UP)

    rows = await story.told()

    old = rows[KEY + "failed"]["body"]["blocks"]
    assert "It broke." in str(old)
    assert "actions" not in [block["type"] for block in old]
    assert KEY + "progress-2" in rows


async def a_class_builds(story: Story, count: int) -> list[Binder]:
    everybody = [replace(BUILDING, id=BinderId(f"binder{n:04}"), owner=f"U{n}") for n in range(count)]
    for binder in everybody:
        await story.begins(binder, *UP)
    return everybody


@pytest.mark.parametrize(("count", "has_board"), [(10, False), (11, True)])
async def test_given_so_many_builds_when_told_then_a_board_from_the_eleventh_on(
    story: Story, count: int, has_board: bool
) -> None:
    await a_class_builds(story, count)

    rows = await story.told()

    assert ("board:C1" in rows) is has_board


async def test_given_a_board_when_progress_changes_then_its_thread_waits_half_a_minute(
    story: Story, clock: Clock
) -> None:
    everybody = await a_class_builds(story, 11)
    await story.told()
    await story.posted()
    await story.says(everybody[0], a_report("build", message="pip install", step=(1, 3)))

    rows = await story.told()

    waits = rows["binder:binder0000:progress"]["next_try_at"] - clock()
    assert (waits.total_seconds(), rows["board:C1"]["next_try_at"] <= clock()) == (30, True)
    assert "step 1 of 3" in str(rows["board:C1"]["body"])


async def test_given_more_changes_when_told_then_the_thread_does_not_wait_longer(
    story: Story, clock: Clock
) -> None:
    everybody = await a_class_builds(story, 11)
    await story.told()
    await story.posted()
    due = clock().timestamp() + 30
    for n in range(1, 4):
        await story.says(everybody[0], a_report("build", n=n, message=f"line {n}"))
        await story.told()
        clock.forward(seconds=5)

    rows = await story.told()
    assert rows["binder:binder0000:progress"]["next_try_at"].timestamp() == due


async def test_given_a_board_when_it_is_new_then_nobody_is_called_and_later_owners_are_named(
    story: Story,
) -> None:
    everybody = await a_class_builds(story, 11)
    new = (await story.told())["board:C1"]["body"]
    await story.posted()
    await story.says(everybody[0], a_report("build"))

    later = (await story.told())["board:C1"]["body"]

    assert ("<@U3>" in str(new), "<@U3>" in str(later)) == (False, True)


async def test_given_all_builds_are_done_when_told_then_the_board_closes_and_the_next_crowd_gets_a_new_one(
    story: Story,
) -> None:
    everybody = await a_class_builds(story, 11)
    await story.told()
    await story.posted()
    for binder in everybody:
        await story.goes_on(replace(binder, phase=Phase.DELETING), Happened.CANCELLED)
    closed = (await story.told())["board:C1"]
    await story.posted()
    for binder in everybody:
        await story.goes_on(binder)

    again = (await story.told())["board:C1"]

    assert (closed["body"]["closed"], closed["ts"]) == (True, "1.0")
    assert (again["body"]["closed"], again["ts"]) == (False, None)


OTHERS = replace(BUILDING, id=BinderId("othersother"), owner="U9")


async def a_story_breaks(story: Story, how: str) -> None:
    """One that is further behind than all others, so that it is claimed first."""
    await story.begins(BUILDING, *UP)
    await story.goes_on(BUILDING)
    await story.breaks(BUILDING, how)


UNTELLABLE = pytest.mark.parametrize(
    "how",
    [
        pytest.param(
            "update binders set phase = 'teleporting' where id = %s", id="a phase of another version"
        ),
        pytest.param("update binders set request = '{\"a\": 1}' where id = %s", id="JSON of another shape"),
        pytest.param(
            "update events set kind = 'teleported' where binder_id = %s", id="an event of another version"
        ),
    ],
)


@UNTELLABLE
async def test_given_a_story_that_cannot_be_told_then_the_others_are(story: Story, how: str) -> None:
    await a_story_breaks(story, how)
    await story.begins(OTHERS, *UP)

    assert list(await story.told()) == ["binder:othersother:root", "binder:othersother:progress"]


async def test_given_a_story_that_could_not_be_told_when_it_can_be_after_five_minutes_then_it_is(
    story: Story, clock: Clock
) -> None:
    await a_story_breaks(story, "update binders set phase = 'teleporting' where id = %s")
    await story.told()
    await story.goes_on(BUILDING)  # its phase is a known one again
    early = await story.told()
    clock.forward(minutes=5)

    assert (early, KEY + "root" in await story.told()) == ({}, True)


async def test_given_a_story_that_was_put_off_when_it_was_told_then_it_does_not_wait_any_more(
    story: Story, clock: Clock
) -> None:
    await a_story_breaks(story, "update binders set phase = 'teleporting' where id = %s")
    await story.told()
    await story.goes_on(BUILDING)
    clock.forward(minutes=5)
    await story.told()
    clock.forward(seconds=-1)
    await story.goes_on(BUILDING)

    assert await story.narrator.once() is True


async def test_given_a_binder_of_another_version_in_a_crowd_then_the_board_shows_the_others(
    story: Story,
) -> None:
    everybody = await a_class_builds(story, 12)
    await story.breaks(everybody[0], "update binders set request = '{}' where id = %s")

    rows = await story.told()

    assert rows["board:C1"]["body"]["text"].startswith("11 ")
