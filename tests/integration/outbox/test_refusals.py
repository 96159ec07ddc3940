"""What Slack will never take, and what people get instead."""

import pytest

from bot.blocks import plan, section, task
from tests.fakes.slack import Fault
from tests.integration.outbox.conftest import ROOT, Desk

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("error", ["channel_not_found", "is_archived", "not_in_channel"])
async def test_given_a_refusal_for_good_when_sent_then_the_row_is_set_aside_with_the_error(
    desk: Desk, error: str
) -> None:
    await desk.put(ROOT)
    desk.slack.faults = [Fault("chat.postMessage", error=error)]

    await desk.run(seconds=5)

    row = await desk.row(ROOT)
    assert (row["error"], row["sent_rev"], len(desk.slack.calls)) == (error, row["body_rev"], 1)


async def test_given_a_workspace_that_refuses_plans_when_sent_then_sections_now_and_from_then_on(
    desk: Desk,
) -> None:
    body = {"text": "t", "blocks": [section("s"), plan("p", [task("a", "A", "pending")])]}
    desk.slack.faults = [Fault("chat.postMessage", error="invalid_blocks")]
    await desk.put("m:1", body=body)
    await desk.put("m:2", body=body)

    await desk.run(seconds=5)

    kinds = [[b["type"] for b in call["blocks"]] for call in desk.slack.called("chat.postMessage")]
    assert kinds == [["section", "plan"], ["section", "section"], ["section", "section"]]


async def test_given_other_blocks_are_refused_when_sent_then_the_text_goes_alone(desk: Desk) -> None:
    desk.slack.faults = [Fault("chat.postMessage", error="invalid_blocks")]
    await desk.put(ROOT, "says it all")

    await desk.run(seconds=3)

    assert [(m["text"], m["blocks"]) for m in desk.slack.messages.values()] == [("says it all", [])]
