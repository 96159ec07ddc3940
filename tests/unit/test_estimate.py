"""What earlier launches say of the time left: which of them count, the range, and when there is nothing to say."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.estimate import (
    WAY,
    Late,
    Left,
    Likeness,
    Past,
    Subject,
    Underway,
    builder_of,
    comparable,
    estimate,
)
from provisioning.model import Phase
from tests.strategies import NOW

HERE = Subject(repo="org/repo", commit="a", builder="Conda", cloud="", flavor="small")
OTHER = Subject(repo="org/other", commit="x", builder="Python", cloud="", flavor="large")
START = Underway(subject=HERE, phase=Phase.CREATING, in_phase_s=0, in_all_s=0)


def took(build_s: float, subject: Subject = HERE, *, days_ago: float = 1) -> Past:
    """An earlier launch that was 20 s in creating, 40 s in booting and 10 s in starting."""
    return Past(
        subject=subject, creating_s=20, booting_s=40, building_s=build_s, starting_s=10,
        at=NOW - timedelta(days=days_ago),
    )  # fmt: skip


def building(for_s: float) -> Underway:
    return replace(START, phase=Phase.BUILDING, in_phase_s=for_s, in_all_s=60 + for_s)


def left(underway: Underway, past: Sequence[Past]) -> Left:
    said = estimate(underway, past)
    assert isinstance(said, Left), said
    return said


SUBJECTS = st.builds(
    Subject, repo=st.sampled_from(["org/repo", "org/other"]), commit=st.sampled_from("abc"),
    builder=st.sampled_from(["", "Conda", "Python"]), cloud=st.sampled_from(["", "second"]),
    flavor=st.sampled_from(["small", "large"]),
)  # fmt: skip
SECONDS = st.floats(0, 6000)
PASTS = st.builds(
    Past, subject=SUBJECTS, creating_s=SECONDS, booting_s=SECONDS, building_s=SECONDS, starting_s=SECONDS,
    at=st.integers(0, 10**6).map(lambda s: NOW - timedelta(seconds=s)),
)  # fmt: skip
HISTORIES = st.lists(PASTS, max_size=30)
UNDERWAYS = st.builds(
    lambda subject, phase, in_phase, before: Underway(
        subject=subject, phase=phase, in_phase_s=in_phase, in_all_s=in_phase + before
    ),
    SUBJECTS,
    st.sampled_from(WAY),
    SECONDS,
    SECONDS,
)


@given(underway=UNDERWAYS, past=HISTORIES)
def test_given_any_history_when_estimated_then_the_range_is_ordered_and_positive(
    underway: Underway, past: list[Past]
) -> None:
    said = estimate(underway, past)

    if isinstance(said, Left):
        assert timedelta(0) < said.low <= said.middle <= said.high
        assert 1 <= said.launches <= len(past)


@given(subject=SUBJECTS, past=HISTORIES, more=st.lists(PASTS, min_size=1, max_size=5))
def test_given_more_launches_of_the_same_commit_then_what_is_compared_with_is_never_less_alike(
    subject: Subject, past: list[Past], more: list[Past]
) -> None:
    same = [replace(one, subject=replace(one.subject, commit=subject.commit)) for one in more]

    before, after = comparable(subject, past), comparable(subject, [*past, *same])

    order = list(Likeness)
    assert after is not None
    assert before is None or order.index(after[0]) <= order.index(before[0])


@given(underway=UNDERWAYS, past=HISTORIES, seed=st.randoms(use_true_random=False))
def test_given_the_same_history_in_another_order_then_the_estimate_is_the_same(
    underway: Underway, past: list[Past], seed: object
) -> None:
    past = list({one.at: one for one in past}.values())
    shuffled = list(past)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]  Hypothesis gives a random.Random

    assert estimate(underway, shuffled) == estimate(underway, past)


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        pytest.param([took(100)], Likeness.COMMIT_AND_FLAVOR, id="same commit, same size"),
        pytest.param(
            [took(100, replace(HERE, flavor="large"))], Likeness.COMMIT, id="same commit, other size"
        ),
        pytest.param(
            [took(100, replace(HERE, cloud="second"))], Likeness.COMMIT, id="same commit, other cloud"
        ),
        pytest.param(
            [took(100, replace(HERE, repo="fork/repo"))],
            Likeness.COMMIT_AND_FLAVOR,
            id="the commit in a fork",
        ),
        pytest.param([took(100, replace(HERE, commit="b"))], Likeness.REPOSITORY, id="same repository"),
        pytest.param(
            [took(100, replace(OTHER, builder="Conda", flavor="small"))] * 5,
            Likeness.BUILDER_AND_FLAVOR,
            id="built alike, same size",
        ),
        pytest.param([took(100, replace(OTHER, flavor="small"))] * 8, Likeness.FLAVOR, id="same size"),
        pytest.param([took(100, OTHER)] * 8, Likeness.ANY, id="any"),
    ],
)
def test_given_what_came_before_then_the_most_telling_likeness_counts_alone(
    past: list[Past], expected: Likeness
) -> None:
    # Seven others: one too few to be told from.
    assert (
        left(START, [*past, *[took(5000, OTHER)] * (0 if expected is Likeness.ANY else 7)]).likeness
        is expected
    )


@pytest.mark.parametrize(
    "past",
    [
        pytest.param([], id="none"),
        pytest.param([took(100, OTHER)] * 7, id="too few that are alike in nothing"),
        pytest.param(
            [took(s, OTHER) for s in (30, 60, 120, 400, 900, 1800, 2400, 3600)], id="too different ones"
        ),
    ],
)
def test_given_nothing_to_compare_with_then_nothing_is_estimated(past: list[Past]) -> None:
    assert estimate(START, past) is None


def test_given_builds_of_an_unknown_kind_then_they_are_not_taken_for_built_alike() -> None:
    blank = replace(OTHER, builder="", flavor="small")
    underway = replace(START, subject=replace(HERE, builder=""))

    assert left(underway, [took(100, blank)] * 8).likeness is Likeness.FLAVOR


def test_given_one_earlier_launch_then_the_range_lies_around_what_it_took() -> None:
    said = left(START, [took(230)])

    assert timedelta(seconds=240) < said.low < timedelta(seconds=300) < said.high < timedelta(seconds=360)


def test_given_the_build_goes_on_then_less_is_left() -> None:
    past = [took(300)]

    assert left(building(200), past).middle < left(building(100), past).middle < left(START, past).middle


def test_given_quick_and_slow_builds_when_the_quick_ones_are_passed_then_only_the_slow_ones_count() -> None:
    past = [*[took(100)] * 6, *[took(400)] * 4]

    said = left(building(150), past)

    assert said.low > timedelta(seconds=180)


def test_given_a_build_longer_than_all_usual_ones_but_not_in_all_then_it_is_taken_for_a_slow_one() -> None:
    past = [replace(took(100), creating_s=200)]

    said = left(replace(building(130), in_all_s=190), past)

    assert said.high > timedelta(seconds=20)


def test_given_it_takes_longer_than_all_earlier_ones_then_that_is_said() -> None:
    past = [took(100), took(120, days_ago=3)]

    assert estimate(building(130), past) == Late(likeness=Likeness.COMMIT_AND_FLAVOR, launches=2)


def test_given_it_became_quicker_lately_then_the_newest_launches_weigh_most() -> None:
    now_quick = [took(100 if day < 8 else 200, days_ago=day) for day in range(1, 16)]
    now_slow = [took(200 if day < 8 else 100, days_ago=day) for day in range(1, 16)]

    assert left(START, now_quick).middle < left(START, now_slow).middle


def test_given_old_launches_beyond_the_newest_twenty_then_they_count_no_more() -> None:
    newest = [took(100, days_ago=day) for day in range(1, 21)]

    assert estimate(START, newest) == estimate(START, [*newest, took(9000, days_ago=99)])


@pytest.mark.parametrize("phase", [Phase.QUEUED, Phase.READY, Phase.FAILED])
def test_given_it_is_not_coming_up_then_nothing_is_estimated(phase: Phase) -> None:
    assert estimate(replace(START, phase=phase), [took(100)]) is None


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        pytest.param(["Fetched", "Using CondaBuildPack builder"], "Conda", id="a build pack"),
        pytest.param(["Using BaseImage builder"], "BaseImage", id="no build pack"),
        pytest.param(["Make a Python environment", "Install JupyterLab"], "venv", id="the reduced way"),
        pytest.param(
            ["Using RBuildPack builder", "Using PythonBuildPack builder"], "R", id="the first counts"
        ),
        pytest.param(["Fetched"], "", id="not said yet"),
        pytest.param([f"Using {'x' * 99} builder"], "", id="no name"),
    ],
)
def test_given_what_the_guest_reports_then_it_tells_how_the_environment_is_built(
    messages: list[str], expected: str
) -> None:
    assert builder_of(messages) == expected
