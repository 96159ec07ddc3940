"""What goes out when: budgets, 429, finals first, edits that coalesce, the order in a thread."""

import asyncio
from datetime import timedelta

import pytest

from tests.conftest import Clock
from tests.fakes.slack import Fault
from tests.integration.outbox.conftest import ROOT, Desk

pytestmark = pytest.mark.integration


async def test_given_429_when_tried_again_then_not_before_the_time_that_slack_gave(desk: Desk) -> None:
    await desk.put(ROOT)
    desk.slack.faults = [Fault("chat.postMessage", status=429, error="ratelimited", retry_after=20)]

    await desk.run(seconds=18)
    early = len(desk.slack.called("chat.postMessage"))
    await desk.run(seconds=5)

    assert (early, len(desk.slack.messages)) == (1, 1)


async def test_given_many_edits_when_sent_then_only_the_newest_goes_out(desk: Desk, clock: Clock) -> None:
    await desk.put(ROOT, "one")
    await desk.run()
    for text in ("two", "three", "four"):
        await desk.put(ROOT, text)

    clock.forward(seconds=2)
    await desk.run()

    assert [call["text"] for call in desk.slack.called("chat.update")] == ["four"]


async def test_given_the_same_body_when_put_again_then_nothing_is_sent(desk: Desk, clock: Clock) -> None:
    await desk.put(ROOT, "one")
    await desk.run()
    await desk.put(ROOT, "one")

    clock.forward(seconds=2)
    await desk.run()

    assert desk.slack.called("chat.update") == []


async def test_given_waiting_edits_when_a_final_comes_then_it_goes_first(desk: Desk, clock: Clock) -> None:
    keys = [f"binder:{n}:root" for n in range(5)]
    for n, key in enumerate(keys):
        await desk.put(key, channel=f"C{n}")
    await desk.run()
    for n, key in enumerate(keys):
        await desk.put(key, f"edit {n}", channel=f"C{n}")
    await desk.put("binder:4:root", "final", channel="C4", is_final=True)
    clock.forward(seconds=2)

    await desk.run()

    assert [call["text"] for call in desk.slack.called("chat.update")] == ["final"]


async def test_given_replies_before_their_root_when_sent_then_root_first_and_replies_in_order(
    desk: Desk, clock: Clock
) -> None:
    await desk.put("r:2", "second", thread_key=ROOT, at=clock() + timedelta(milliseconds=2), is_final=True)
    await desk.put("r:1", "first", thread_key=ROOT, at=clock() + timedelta(milliseconds=1))
    await desk.put(ROOT, "root", at=clock() + timedelta(milliseconds=3))

    await desk.run(seconds=5)

    assert desk.slack.texts() == ["root", "first", "second"]


async def test_given_posts_for_one_channel_when_sent_then_one_a_second(desk: Desk, clock: Clock) -> None:
    for n in range(3):
        await desk.put(f"m:{n}")

    await desk.run()
    at_once = len(desk.slack.messages)
    clock.forward(seconds=1)
    await desk.run()

    assert (at_once, len(desk.slack.messages)) == (1, 2)


async def test_given_many_edits_in_a_workspace_when_a_minute_passes_then_at_most_fifty_go_out(
    desk: Desk,
) -> None:
    keys = [f"binder:{n}:root" for n in range(70)]
    for n, key in enumerate(keys):
        await desk.put(key, channel=f"C{n}")
    await desk.run()
    for n, key in enumerate(keys):
        await desk.put(key, "edited", channel=f"C{n}")

    await desk.run(seconds=59)

    assert 25 <= len(desk.slack.called("chat.update")) <= 50


async def test_given_a_channel_of_many_edits_when_another_has_one_then_they_take_turns(
    desk: Desk, clock: Clock
) -> None:
    keys = {f"binder:{n}:root": "C2" if n == 3 else "C1" for n in range(4)}
    for key, channel in keys.items():
        await desk.put(key, channel=channel)
        await desk.run(seconds=1)
    for key, channel in keys.items():
        clock.forward(seconds=1)
        await desk.put(key, "edited", channel=channel)

    await desk.run(seconds=3)

    assert [call["channel"] for call in desk.slack.called("chat.update")][:2] == ["C1", "C2"]


async def test_given_a_board_and_threads_when_all_change_then_the_board_goes_each_time_it_has_rested(
    desk: Desk, clock: Clock
) -> None:
    keys = ["binder:1:progress", "binder:2:progress", "board:C1"]
    for key in keys:
        await desk.put(key)
        await desk.run(seconds=10)

    for second in range(14):
        for key in keys:
            await desk.put(key, f"{key} {second}")
        await desk.run()
        clock.forward(seconds=1)

    edits = [call["text"] for call in desk.slack.called("chat.update")]
    boards = [n for n, text in enumerate(edits) if text.startswith("board:C1")]
    assert (len(edits), boards) == (
        7,
        [1, 6],
    )  # one edit in two seconds here; the channel's first is a thread's


async def test_given_several_loops_when_they_claim_at_once_then_what_is_in_turn_goes_first(
    desk: Desk, clock: Clock
) -> None:
    keys = [f"binder:{n:02}:root" for n in range(12)]
    for key in keys:
        await desk.put(key)
        await desk.run(seconds=1)
    for key in keys:
        clock.forward(seconds=1)
        await desk.put(key, f"{key} edited")
    outbox = desk.outbox()

    for _ in keys:
        clock.forward(seconds=2)
        await asyncio.gather(*(outbox.once() for _ in range(4)))

    assert [call["text"] for call in desk.slack.called("chat.update")] == [f"{key} edited" for key in keys]
