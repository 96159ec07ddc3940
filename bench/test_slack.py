"""What a message shows of a build is read rightly, from any bot, and ages, finals and calls are counted as the README says."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from bench.builds import Build, a_class, count_shown, said, shown_in
from bench.slack_figures import Call, Sample, Side, Timeline, report, used
from bot.story import Board, Told, draw, draw_board
from provisioning.model import Binder, Event, Happened, Phase, Plan, Report
from tests.strategies import NOW, a_binder, a_plan

CLASS = a_class(100, channels=10, step_s=1)
PLAN = replace(a_plan(), title="n7")


def side(samples: list[tuple[float, tuple[int, ...]]], *builds: tuple[int, tuple[float, ...]]) -> Side:
    return Side(
        name="bot", calls=(), builds=tuple(Timeline(channel=c, times=times) for c, times in builds),
        samples=tuple(Sample(at=at, shown=shown) for at, shown in samples),
    )  # fmt: skip


def calls(method: str, *moments: float, bucket: str = "", is_taken: bool = True) -> list[Call]:
    return [Call(at=at, method=method, bucket=bucket, is_taken=is_taken) for at in moments]


def building(plan: Plan, step: int) -> tuple[Binder, Report]:
    report = Report(n=step, at=NOW, phase="build", message="RUN pip install", step=(step, 9))
    return a_binder(Phase.BUILDING, plan=plan, report=report), report


def test_given_a_seed_when_a_class_is_made_twice_then_the_same_happens_to_both() -> None:
    assert a_class(100, channels=10, step_s=1) == CLASS


@pytest.mark.parametrize("build", [CLASS[0], CLASS[7]], ids=["ready", "failed"])
def test_given_a_build_then_each_change_comes_later_and_says_more(build: Build) -> None:
    order = [(change.at_s, change.state) for change in build.changes]

    assert order == sorted(order)
    assert len({change.state for change in build.changes}) == len(build.changes)


def test_given_a_class_then_channels_are_equally_full_and_failures_are_spread() -> None:
    assert set(Counter(build.channel for build in CLASS).values()) == {10}
    failed = [build.channel for build in CLASS if build.changes[-1].phase is Phase.FAILED]
    assert (len(failed), max(Counter(failed).values())) == (11, 2)


def test_given_each_sentence_of_the_plain_bot_when_read_then_it_shows_so_many_changes() -> None:
    build = CLASS[3]
    read = [shown_in(said(build, change)) for change in build.changes]

    assert [(found[0], count_shown(build, found[1])) for found in read if found] == [
        ("n3", n) for n in range(1, len(build.changes) + 1)
    ]


def test_given_the_bots_progress_message_when_read_then_it_shows_its_step() -> None:
    binder, report = building(PLAN, 4)
    begun = Event(kind=Happened.BUILD_BEGAN, at=NOW)
    messages = {m.slot: m for m in draw(Told(binder=binder, events=(begun,), reports=(report,)))}

    assert shown_in(messages["progress"].text) == ("n7", (3, 4))
    assert shown_in(messages["root"].text) == ("n7", (3, 0))


@pytest.mark.parametrize("is_posted", [False, True])
def test_given_a_board_when_read_then_each_line_shows_its_builds_step(*, is_posted: bool) -> None:
    body = draw_board(Board(builds=(building(PLAN, 4),), is_posted=is_posted))
    blocks: Any = body["blocks"]

    assert shown_in(blocks[1]["text"]["text"]) == ("n7", (3, 4))


@pytest.mark.parametrize(
    "text", ["Building: 12 environments in this channel.", "Hello: n7@aaaaaaa", "build.log"]
)
def test_given_other_words_when_read_then_they_are_about_no_build(text: str) -> None:
    assert shown_in(text) is None


@pytest.mark.parametrize(
    ("samples", "ages"),
    [
        pytest.param([(11, (0,)), (13, (1,))], [1, 3], id="from the first change while nothing is shown"),
        pytest.param([(11, (1,))], [0], id="nothing newer has happened"),
        pytest.param([(12, (1,)), (14, (1,))], [2, 4], id="the age of what is shown, not of what is missing"),
        pytest.param([(21, (2,)), (21.5, (3,)), (30, (3,))], [9, 0], id="until its end is shown"),
        pytest.param([(9, (0,))], [], id="before its beginning"),
    ],
)
def test_given_samples_then_an_age_is_that_of_the_newest_state_shown(
    samples: list[tuple[float, tuple[int, ...]]], ages: list[float]
) -> None:
    assert side(samples, (0, (10, 12, 20))).own_ages() == ages


def test_given_two_builds_in_a_channel_then_the_newest_of_either_counts() -> None:
    seen = side([(15, (2, 0))], (0, (10, 14, 30)), (0, (10, 15)))

    assert (seen.channel_ages(), seen.own_ages()) == ([1], [0, 5])


def test_given_an_end_that_is_never_shown_then_it_is_not_delivered() -> None:
    seen = side([(20, (1, 0)), (25, (2, 0))], (0, (10, 20)), (0, (10, 22)))

    assert (seen.finals_s(), seen.all_finals_s, seen.is_good) == ([5], None, False)


@pytest.mark.parametrize(("at", "is_good"), [(25, True), (25.5, False)])
def test_given_all_finals_then_the_oldest_newest_state_decides(at: float, *, is_good: bool) -> None:
    seen = side([(at, (1,)), (at + 1, (2,))], (0, (10, 11)))

    assert seen.is_good is is_good
    assert f"{'held' if is_good else 'missed'}); finals delivered 1 of 1" in report(seen, [seen])


def test_given_calls_then_they_stand_beside_what_their_tier_allows() -> None:
    found = used([*calls("chat.update", 0, 30, 60, 90), *calls("chat.update", 1, is_taken=False)])

    assert [(u.method, u.taken, u.refused, u.busiest_minute, u.a_minute) for u in found] == [
        ("chat.update", 4, 1, 2, 50)
    ]
    assert found[0].share == pytest.approx(4 / 76)


def test_given_posts_then_each_channel_has_an_allowance_of_its_own() -> None:
    found = used(
        [*calls("chat.postMessage", 0, 1, 2, bucket="C1"), *calls("chat.postMessage", 0, 2, bucket="C2")]
    )

    assert [(u.taken, u.busiest_minute, u.a_minute, u.share) for u in found] == [(5, 3, 60, 1)]
