"""Answers to one person, and logs as files."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.blocks import section
from provisioning.store import binders, listening
from tests.fakes.slack import Fault
from tests.integration.outbox.conftest import ROOT, Desk
from tests.strategies import a_binder

pytestmark = pytest.mark.integration


async def test_given_a_private_part_when_answered_then_the_link_is_sent_and_never_stored(desk: Desk) -> None:
    private = {"binder": "aaaabbbbcc", "team": "T1", "user": "U1", "to": "/lab"}
    button = {"type": "button", "url": "binderops:private-link"}
    body = {"url": f"{desk.slack.url}/respond", "response_type": "ephemeral", "text": "Open", "private": private,
            "blocks": [{"type": "actions", "elements": [button]}]}  # fmt: skip
    await desk.put("answer:1", method="respond", body=body)

    await desk.run()

    (sent,) = desk.slack.responses
    assert sent["blocks"][0]["elements"][0]["url"].endswith("t=secret")
    assert {"url", "private"}.isdisjoint(sent)
    assert "secret" not in str(await desk.row("answer:1"))


async def test_given_no_link_can_be_made_when_answered_then_the_person_is_told_why(desk: Desk) -> None:
    body = {"url": f"{desk.slack.url}/respond", "text": "Open", "blocks": [], "private": {"gone": True}}
    await desk.put("answer:1", method="respond", body=body)

    await desk.run()

    assert [r["text"] for r in desk.slack.responses] == ["It was deleted. Launch again."]


async def test_given_many_answers_when_sent_then_each_goes_out_once(desk: Desk) -> None:
    for n in range(40):
        await desk.put(f"answer:{n}", method="respond", body=to(desk, f"no. {n}"))

    await desk.run()

    assert sorted(r["text"] for r in desk.slack.responses) == sorted(f"no. {n}" for n in range(40))


async def test_given_an_answer_that_slack_keeps_waiting_when_others_are_through_then_they_are_written_down(
    desk: Desk,
) -> None:
    desk.slack.faults = [Fault("respond", holds=True)]
    for n in range(3):
        await desk.put(f"answer:{n}", method="respond", body=to(desk, f"no. {n}"))

    sending = asyncio.create_task(desk.outbox().answer())
    await desk.slack.reached.wait()
    try:
        async with asyncio.timeout(30):
            while await sent(desk) < 2:  # noqa: ASYNC110  a row of the database
                await asyncio.sleep(0.05)
        is_waiting = not sending.done()
    finally:
        desk.slack.release.set()
        await sending

    assert is_waiting
    assert await sent(desk) == 3


def to(desk: Desk, text: str) -> dict[str, Any]:
    return {"url": f"{desk.slack.url}/respond", "text": text, "blocks": []}


async def sent(desk: Desk) -> int:
    rows = [await desk.row(f"answer:{n}") for n in range(3)]
    return sum(row["sent_rev"] == row["body_rev"] for row in rows)


@pytest.mark.parametrize(
    ("status", "said"), [(404, "no_more"), (410, ""), (200, "used_url"), (404, "expired_url")]
)
async def test_given_a_dead_response_url_when_answered_then_it_is_set_aside(
    desk: Desk, status: int, said: str
) -> None:
    await desk.put(
        "answer:1", method="respond", body={"url": f"{desk.slack.url}/respond", "text": "x", "blocks": []}
    )
    desk.slack.faults = [Fault("respond", status=status, error=said)]

    await desk.run(seconds=5)

    row = await desk.row("answer:1")
    assert row["sent_rev"] == row["body_rev"]
    assert row["error"]
    assert desk.slack.responses == []


async def test_given_no_response_url_when_answered_then_the_person_gets_an_ephemeral_message(
    desk: Desk,
) -> None:
    await desk.put(
        "answer:1", method="respond", body={"url": "", "to": "U1", "text": "x", "blocks": [section("x")]}
    )

    await desk.run()

    assert [c["user"] for c in desk.slack.called("chat.postEphemeral")] == ["U1"]


async def a_log(desk: Desk, text: str) -> None:
    async with desk.db.transaction() as tx:
        await binders.insert(tx, a_binder())
        await listening.keep_log(tx, a_binder().id, 1, text, desk.clock())
    await desk.put(ROOT)
    await desk.put(
        "log",
        method="file",
        thread_key=ROOT,
        body={"log_of": a_binder().id, "attempt": 1, "title": "build.log"},
    )


async def test_given_a_kept_log_when_sent_then_it_lies_in_the_thread_once_even_if_the_answer_was_lost(
    desk: Desk,
) -> None:
    await a_log(desk, "line\n")
    desk.slack.faults = [Fault("files.completeUploadExternal", cut_after_effect=True)]

    await desk.run(seconds=25)

    files = [m for m in desk.slack.messages.values() if "files" in m]
    root = next(ts for ts, m in desk.slack.messages.items() if "files" not in m)
    assert [m["thread_ts"] for m in files] == [root]


async def test_given_an_empty_log_when_sent_then_it_is_left_out_with_a_note(desk: Desk) -> None:
    await a_log(desk, "")

    await desk.run(seconds=3)

    row = await desk.row("log")
    assert (row["error"], row["sent_rev"]) == ("empty-log", row["body_rev"])
    assert len(desk.slack.messages) == 1


async def test_given_a_log_that_is_not_taken_then_later_replies_of_its_thread_go_out(desk: Desk) -> None:
    await a_log(desk, "line\n")
    desk.slack.faults = [Fault("files.getUploadURLExternal", error="never_heard_of") for _ in range(9)]
    await desk.put("later", thread_key=ROOT, at=desk.clock() + timedelta(seconds=1))

    await desk.run(seconds=5)

    assert "later" in desk.slack.texts()


@pytest.mark.parametrize(("status", "said"), [(404, "expired_url"), (200, "used_url"), (410, "")])
async def test_given_a_dead_response_url_when_the_person_is_known_then_they_get_an_ephemeral_message(
    desk: Desk, status: int, said: str
) -> None:
    body = {"url": f"{desk.slack.url}/respond", "to": "U1", "text": "x", "blocks": []}
    await desk.put("answer:1", method="respond", body=body)
    desk.slack.faults = [Fault("respond", status=status, error=said)]

    await desk.run()

    told = [(c["channel"], c["user"], c["text"]) for c in desk.slack.called("chat.postEphemeral")]
    assert told == [("C1", "U1", "x")]


async def test_given_slack_does_not_answer_for_half_an_hour_then_the_answer_is_given_up_and_the_log_says_so(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"url": f"{desk.slack.url}/respond", "to": "U1", "text": "x", "blocks": []}
    await desk.put("answer:1", method="respond", body=body)
    desk.slack.faults = [Fault("respond", status=503) for _ in range(99)]
    for _ in range(31):
        await desk.run()
        desk.clock.forward(minutes=1)

    await desk.run()
    tried = len(desk.slack.faults)
    desk.clock.forward(hours=1)
    await desk.run()

    row = await desk.row("answer:1")
    assert (row["sent_rev"], row["error"], len(desk.slack.faults)) == (row["body_rev"], "http-503", tried)
    assert "outbox-set-aside key=answer:1" in caplog.text


async def test_given_slack_is_back_after_half_an_hour_then_the_last_try_reaches_the_person_by_the_token(
    desk: Desk,
) -> None:
    body = {"url": f"{desk.slack.url}/respond", "to": "U1", "text": "x", "blocks": []}
    await desk.put("answer:1", method="respond", body=body)
    desk.slack.faults = [Fault("respond", status=503)]
    await desk.run()
    desk.clock.forward(minutes=31)
    desk.slack.faults = [Fault("respond", status=404, error="expired_url")]

    await desk.run()

    assert [c["user"] for c in desk.slack.called("chat.postEphemeral")] == ["U1"]
