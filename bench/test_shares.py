"""Each instant of a launch is given to one share, and to the right one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.shares import Occupancy, Share, Span, busiest, common, divided, percentile, timeline

moments = st.integers(min_value=-50, max_value=150).map(float)
spans = st.builds(
    lambda share, a, b: Span(share=share, began=min(a, b), ended=max(a, b)),
    st.sampled_from(Share),
    moments,
    moments,
)


def span(share: Share, began: float, ended: float) -> Span:
    return Span(share=share, began=began, ended=ended)


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        pytest.param([], {Share.REST: 10}, id="nothing is known"),
        pytest.param([span(Share.ANSWER, 2, 5)], {Share.ANSWER: 3, Share.REST: 7}, id="one"),
        pytest.param([span(Share.ANSWER, -9, 99)], {Share.ANSWER: 10}, id="more than the launch"),
        pytest.param([span(Share.ANSWER, 20, 30)], {Share.REST: 10}, id="after it"),
        pytest.param([span(Share.DATABASE, 0, 6), span(Share.ANSWER, 2, 4)], {Share.ANSWER: 2, Share.DATABASE: 4, Share.REST: 4}, id="one within the other"),
        pytest.param([span(Share.LISTING, 0, 6), span(Share.THREAD, 4, 8)], {Share.LISTING: 6, Share.THREAD: 2, Share.REST: 2}, id="two that overlap"),
        pytest.param([span(Share.ANSWER, 1, 3), span(Share.ANSWER, 2, 4)], {Share.ANSWER: 3, Share.REST: 7}, id="the same twice"),
    ],
)  # fmt: skip
def test_given_what_a_launch_waited_for_when_divided_then_each_second_is_counted_once(
    spans: list[Span], found: dict[Share, float]
) -> None:
    assert {share: s for share, s in divided(timeline(0, 10, spans)).items() if s} == found


@given(st.lists(spans))
def test_given_any_waits_when_divided_then_they_add_up_to_the_launch(waits: list[Span]) -> None:
    assert sum(divided(timeline(0, 100, waits)).values()) == pytest.approx(100)


@given(st.lists(spans), spans)
def test_given_any_waits_when_one_is_known_better_then_nothing_gets_longer_but_that(
    waits: list[Span], more: Span
) -> None:
    before, after = divided(timeline(0, 100, waits)), divided(timeline(0, 100, [*waits, more]))

    assert all(after[share] <= before[share] for share in Share if share is not more.share)


@pytest.mark.parametrize(
    ("taken", "found"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([(0, 9)], 1, id="half of the places"),
        pytest.param([(0, 9), (0, 9)], 2, id="all places"),
        pytest.param([(0, 9), (0, 9), (0, 9)], 2, id="more than all"),
        pytest.param([(0, 3), (4, 9)], 0.5 + 0.5, id="the whole time, one after the other"),
        pytest.param([(0, 2), (9, 12)], 0, id="at other times"),
    ],
)
def test_given_places_that_were_taken_then_queueing_is_charged_by_how_many(
    taken: list[tuple[float, float]], found: float
) -> None:
    line = [span(Share.DATABASE, 0, 2), span(Share.QUEUE, 2, 3), span(Share.QUEUE, 4, 5)]

    assert Occupancy(2, taken).within(line, {Share.QUEUE}) == found


def test_given_two_rows_of_spans_then_only_what_they_have_in_common_is_left() -> None:
    due, full = [span(Share.UNNOTICED, 0, 4), span(Share.UNNOTICED, 8, 9)], [span(Share.QUEUE, 3, 8)]

    assert common(due, full, Share.QUEUE) == [span(Share.QUEUE, 3, 4)]


@pytest.mark.parametrize(
    ("values", "percent", "found"),
    [
        pytest.param([], 50, 0, id="nothing"),
        pytest.param([7], 99, 7, id="one"),
        pytest.param(list(range(1, 101)), 50, 50, id="the median"),
        pytest.param(list(range(1, 101)), 99, 99, id="all but one"),
        pytest.param([3, 1, 2], 99, 3, id="the largest of few"),
    ],
)
def test_given_values_then_a_percentile_is_one_of_them(
    values: list[float], percent: float, found: float
) -> None:
    assert percentile(values, percent) == found


@pytest.mark.parametrize(
    ("moments", "most"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([1, 5, 9], 1, id="far apart"),
        pytest.param([9, 1.0, 1.4, 1.9, 2.1], 3, id="three within a second"),
    ],
)
def test_given_moments_then_the_busiest_second_is_found(moments: list[float], most: int) -> None:
    assert busiest(moments) == most
