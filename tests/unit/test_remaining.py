"""The sentence about the time left, as people read it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.story import Told, draw
from bot.story.remaining import sentence
from provisioning.estimate import Late, Left, Likeness
from provisioning.model import Phase
from tests.strategies import NOW
from tests.unit.test_story import UP, a_story, ready, the


def left(low_s: float, high_s: float, likeness: Likeness = Likeness.REPOSITORY, launches: int = 4) -> Left:
    return Left(
        low=timedelta(seconds=low_s), high=timedelta(seconds=high_s), likeness=likeness, launches=launches
    )


def told(estimate: Left | Late | None, phase: Phase = Phase.BUILDING) -> Told:
    return replace(a_story(phase, *UP[:3]), estimate=estimate, estimated_at=NOW)


@pytest.mark.parametrize(
    ("low_s", "high_s", "expected"),
    [
        pytest.param(1, 20, "Less than 1 minute left", id="nearly there"),
        pytest.param(30, 100, "Less than 2 minutes left", id="its beginning is below a minute"),
        pytest.param(60, 120, "About 1 to 2 minutes left", id="whole minutes"),
        pytest.param(200, 310, "About 3 to 6 minutes left", id="rounded outwards"),
        pytest.param(11.5 * 60, 13 * 60, "About 10 to 15 minutes left", id="the longer, the coarser"),
        pytest.param(45 * 60, 80 * 60, "About 40 minutes to 1 hour 30 minutes left", id="hours"),
        pytest.param(4 * 3600, 9 * 3600, "More than 4 hours left", id="very long"),
    ],
)
def test_given_a_range_when_said_then_it_is_coarse_and_holds_the_range(
    low_s: float, high_s: float, expected: str
) -> None:
    assert sentence(told(left(low_s, high_s))).startswith(f"{expected} (ready by about ")


@pytest.mark.parametrize(
    ("likeness", "launches", "expected"),
    [
        (Likeness.COMMIT_AND_FLAVOR, 1, "the one earlier launch of this commit"),
        (Likeness.COMMIT, 2, "2 earlier launches of this commit"),
        (Likeness.REPOSITORY, 4, "4 earlier launches of this repository"),
        (Likeness.BUILDER_AND_FLAVOR, 5, "5 earlier launches that are built alike"),
        (Likeness.FLAVOR, 8, "8 earlier launches of this size"),
        (Likeness.ANY, 20, "20 earlier launches"),
    ],
)
def test_given_a_range_when_said_then_it_says_what_it_goes_by(
    likeness: Likeness, launches: int, expected: str
) -> None:
    assert sentence(told(left(60, 120, likeness, launches))).endswith(f", going by {expected}.")


@pytest.mark.parametrize(
    ("launches", "expected"),
    [(1, "the one earlier launch of this commit"), (3, "all 3 earlier launches of this commit")],
)
def test_given_it_is_late_when_said_then_no_time_is_named(launches: int, expected: str) -> None:
    late = Late(likeness=Likeness.COMMIT, launches=launches)

    assert sentence(told(late)) == f"It takes longer than {expected}."


def test_given_an_estimate_when_drawn_then_block_and_text_of_the_progress_say_it() -> None:
    progress = the("progress", told(left(200, 310)))

    said = "About 3 to 6 minutes left (ready by about <!date^"
    assert said in str(next(b for b in progress.blocks if b["type"] == "context"))
    assert said in progress.text


def test_given_the_end_of_the_range_when_said_then_its_time_of_day_is_in_the_readers_zone() -> None:
    at = NOW + timedelta(seconds=310)

    assert f"<!date^{int(at.timestamp())}^{{time}}|09:05 UTC>" in sentence(told(left(200, 310)))


def test_given_nothing_is_known_when_drawn_then_nothing_is_said_of_it() -> None:
    assert sentence(told(None)) == ""
    assert "left" not in the("progress", told(None)).text


def test_given_it_is_ready_when_drawn_then_an_old_estimate_changes_nothing() -> None:
    was_estimated = replace(ready(), estimate=left(200, 310), estimated_at=NOW)

    assert draw(was_estimated) == draw(ready())
