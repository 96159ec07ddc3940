"""The narrator: what a binder's story leaves in the outbox, and when a channel gets its board."""

from dataclasses import replace

import pytest

from provisioning.model import Failure, Happened, Phase
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.integration.telling import BUILDING, KEY, UP, Story, a_class_builds
from tests.strategies import a_binder, a_plan, a_report

pytestmark = pytest.mark.integration


@pytest.fixture
def story(db: Database, clock: Clock) -> Story:
    return Story(db, clock)


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


@pytest.mark.parametrize(
    ("payload", "thread"),
    [
        pytest.param('{"thread_ts": "7.1", "is_typed": true}', "7.1", id="a mention, a shortcut"),
        pytest.param('{"thread_ts": "7.1", "is_typed": false}', None, id="a button in a thread"),
        pytest.param('{"is_typed": true}', None, id="a command"),
    ],
)
async def test_given_where_a_launch_was_asked_for_when_told_then_its_root_is_there(
    story: Story, db: Database, clock: Clock, payload: str, thread: str | None
) -> None:
    await story.begins(BUILDING, *UP)
    async with db.transaction() as tx:
        await tx._connection.execute(
            "insert into intents (dedupe, kind, team, channel, who, binder_id, payload, at) values"
            " ('d', 'launch', 'T1', 'C1', 'U1', %s, %s::jsonb, %s)",
            (BUILDING.id, payload.replace("{", '{"response_url": "", '), clock()),
        )

    rows = await story.told()

    assert rows[KEY + "root"]["body"].get("thread_ts") == thread


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


@pytest.mark.parametrize(("count", "has_board"), [(10, False), (11, True)])
async def test_given_so_many_builds_when_told_then_a_board_from_the_eleventh_on(
    story: Story, count: int, has_board: bool
) -> None:
    await a_class_builds(story, count)

    rows = await story.told()

    assert ("board:C1" in rows) is has_board


async def test_given_a_full_workspace_when_told_then_a_board_only_where_three_build(story: Story) -> None:
    await a_class_builds(story, 21, channels=("C1",) * 10 + ("C2",) * 6 + ("C3",) * 3 + ("C4",) * 2)

    rows = await story.told()

    assert [key for key in rows if key.startswith("board:")] == ["board:C1", "board:C2", "board:C3"]


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


async def test_given_a_build_that_ended_when_others_say_more_then_it_is_told_first(story: Story) -> None:
    ended, *others = await a_class_builds(story, 3)
    await story.told()
    for number in range(1, 4):
        for binder in others:
            await story.says(binder, a_report("build", n=number, message=f"line {number}"))
    await story.goes_on(replace(ended, phase=Phase.READY), Happened.START_BEGAN, Happened.BECAME_READY)

    await story.narrator.once()

    async with story.db.transaction() as tx:
        cursor = await tx._connection.execute("select binder_id from outbox where key like '%:ready'")
        assert [row["binder_id"] for row in await cursor.fetchall()] == [ended.id]
