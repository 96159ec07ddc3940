"""How the playground fails: Slack's rates, and the switches that break it on purpose."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from tests.conftest import Clock
from tests.fakes.playground import GENERAL, Bench, bench

pytestmark = pytest.mark.integration


@pytest.fixture
async def room(clock: Clock) -> AsyncIterator[Bench]:
    async with bench(now=clock) as running:
        yield running


async def test_given_slacks_rates_when_a_channel_is_flooded_then_retry_after_is_told(clock: Clock) -> None:
    async with bench(now=clock, rates="slack") as room:
        for number in range(4):
            await room.slack.chat_postMessage(channel=GENERAL, text=str(number))

        with pytest.raises(SlackApiError) as refused:
            await room.slack.chat_postMessage(channel=GENERAL, text="more")

        answer = refused.value.response
        assert (answer.status_code, answer.headers["Retry-After"], answer["error"]) == (
            429,
            "1",
            "ratelimited",
        )


async def test_given_a_full_bucket_when_the_time_has_passed_then_posting_goes_on(clock: Clock) -> None:
    async with bench(now=clock, rates="slack") as room:
        for number in range(4):
            await room.slack.chat_postMessage(channel=GENERAL, text=str(number))
        clock.forward(seconds=1)

        assert (await room.slack.chat_postMessage(channel=GENERAL, text="more"))["ok"]


async def test_given_a_full_bucket_when_another_channel_is_posted_to_then_it_goes_through(
    clock: Clock,
) -> None:
    async with bench(now=clock, rates="slack") as room:
        for number in range(4):
            await room.slack.chat_postMessage(channel=GENERAL, text=str(number))

        assert (await room.slack.chat_postMessage(channel="C0TEACHING", text="x"))["ok"]


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        pytest.param({"kind": "429", "retry_after": 7}, 429, id="429"),
        pytest.param({"kind": "500"}, 500, id="500"),
    ],
)
async def test_given_a_switch_when_the_next_call_is_made_then_it_fails_without_effect(
    room: Bench, fault: dict[str, Any], status: int
) -> None:
    await room.person.post("faults", **fault)

    with pytest.raises(SlackApiError) as failed:
        await room.slack.chat_postMessage(channel=GENERAL, text="x")

    assert (failed.value.response.status_code, await room.person.messages(GENERAL)) == (status, [])


async def test_given_the_cut_switch_when_a_message_is_posted_then_it_is_there_but_the_answer_is_lost(
    room: Bench,
) -> None:
    await room.person.post("faults", kind="cut", method="chat.postMessage")
    room.slack.retry_handlers.clear()

    with pytest.raises(Exception, match=r"disconnected|reset"):
        await room.slack.chat_postMessage(channel=GENERAL, text="once")

    assert [m["text"] for m in await room.person.messages(GENERAL)] == ["once"]


async def test_given_a_switch_for_one_method_when_another_is_called_then_it_waits(room: Bench) -> None:
    await room.person.post("faults", kind="500", method="chat.update")

    await room.slack.auth_test()

    assert [f["method"] for f in (await room.person.get("faults"))["faults"]] == ["chat.update"]
