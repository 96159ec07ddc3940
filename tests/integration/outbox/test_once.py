"""Never twice, never lost: answers that are cut, kills, a Slack that is broken for a while."""

import asyncio
import uuid
from datetime import timedelta

import pytest

from provisioning.store.database import Database
from tests.conftest import Clock
from tests.fakes.slack import Fault
from tests.integration.outbox.conftest import ROOT, Desk

pytestmark = pytest.mark.integration


async def test_given_a_new_message_when_sent_then_it_is_posted_with_its_key_and_without_unfurling(
    desk: Desk,
) -> None:
    await desk.put(ROOT, "hello")

    await desk.run()

    (sent,) = desk.slack.called("chat.postMessage")
    assert sent["metadata"] == {"event_type": "binderops", "event_payload": {"key": ROOT}}
    assert str(sent["unfurl_links"]).lower() in ("0", "false")


async def test_given_the_answer_is_cut_after_the_post_when_tried_again_then_there_is_one_message(
    desk: Desk,
) -> None:
    await desk.put(ROOT)
    desk.slack.faults = [Fault("chat.postMessage", cut_after_effect=True)]

    await desk.run(seconds=5)

    assert len(desk.slack.messages) == 1
    assert len(desk.slack.called("chat.postMessage")) == 1


async def test_given_the_search_fails_too_when_tried_again_then_nothing_is_posted_before_one_succeeds(
    desk: Desk,
) -> None:
    await desk.put(ROOT)
    desk.slack.faults = [
        Fault("chat.postMessage", cut_after_effect=True),
        Fault("conversations.history", status=500),
        Fault("conversations.history", status=429, error="ratelimited", retry_after=3),
    ]

    await desk.run(seconds=20)

    assert len(desk.slack.called("chat.postMessage")) == 1
    assert (await desk.row(ROOT))["ts"] is not None


async def test_given_a_kill_between_post_and_save_when_the_lease_is_over_then_the_message_is_found(
    desk: Desk, clock: Clock
) -> None:
    await desk.put(ROOT)
    desk.slack.faults = [Fault("chat.postMessage", holds=True)]
    killed = asyncio.create_task(desk.outbox().once())
    await desk.slack.reached.wait()
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    clock.forward(seconds=31)

    await desk.run(seconds=3)

    assert len(desk.slack.messages) == 1
    assert (await desk.row(ROOT))["sent_rev"] == 1


async def test_given_a_kill_before_the_lease_is_over_when_another_runs_then_it_leaves_the_row_alone(
    desk: Desk, db: Database, clock: Clock
) -> None:
    await desk.put(ROOT)
    async with db.transaction() as tx:
        await tx.row(
            "bot/outbox.claim", now=clock(), lease=uuid.uuid4(), until=clock() + timedelta(seconds=30)
        )

    await desk.run()

    assert desk.slack.calls == []


@pytest.mark.parametrize("status", [500, 503])
async def test_given_slack_is_broken_for_a_while_when_it_works_again_then_the_message_arrives(
    desk: Desk, status: int
) -> None:
    await desk.put(ROOT)
    desk.slack.faults = [Fault("chat.postMessage", status=status) for _ in range(4)]

    await desk.run(seconds=40)

    assert len(desk.slack.messages) == 1


async def test_given_somebody_deleted_the_message_when_edited_then_it_is_posted_anew(desk: Desk) -> None:
    await desk.put(ROOT, "one")
    await desk.run()
    desk.slack.messages.clear()
    await desk.put(ROOT, "two")

    await desk.run(seconds=5)

    assert desk.slack.texts() == ["two"]


async def test_given_an_edit_during_the_post_when_done_then_the_edit_follows(
    desk: Desk, clock: Clock
) -> None:
    await desk.put(ROOT, "one")
    desk.slack.faults = [Fault("chat.postMessage", holds=True)]
    sending = asyncio.create_task(desk.outbox().once())
    await desk.slack.reached.wait()
    await desk.put(ROOT, "two")
    desk.slack.release.set()
    await sending

    await desk.run(seconds=3)

    assert desk.slack.texts() == ["two"]


async def test_given_two_outboxes_when_both_run_then_each_message_goes_out_once(
    desk: Desk, clock: Clock
) -> None:
    for n in range(6):
        await desk.put(f"m:{n}", channel=f"C{n}")
    one, other = desk.outbox(), desk.outbox()

    for _ in range(8):
        await one.once()
        await other.once()

    assert sorted(desk.slack.texts()) == [f"m:{n}" for n in range(6)]
