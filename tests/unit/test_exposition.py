"""The text that Prometheus reads: counts, buckets, escapes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.exposition import Counter, Family, Histogram, Sample, render

LINE = re.compile(r'^[a-z_]+(\{([a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\+Inf|-?[0-9.e+-]+)$')


def test_given_counts_when_rendered_then_each_set_of_labels_has_its_line() -> None:
    calls = Counter("calls_total", "Calls.", ("method", "status"))

    for status in ("ok", "ok", "429"):
        calls.add("chat.update", status)

    assert render([calls.family()]).splitlines() == [
        "# HELP calls_total Calls.",
        "# TYPE calls_total counter",
        'calls_total{method="chat.update",status="429"} 1',
        'calls_total{method="chat.update",status="ok"} 2',
    ]


def test_given_a_counter_without_labels_when_nothing_was_counted_then_it_says_zero() -> None:
    assert render([Counter("lost_total", "Lost.").family()]).splitlines()[-1] == "lost_total 0"


def test_given_values_when_rendered_then_a_bucket_holds_all_up_to_its_bound() -> None:
    seconds = Histogram("seconds", "Seconds.", ("phase",), (1, 5))

    for value in (0.5, 1, 3, 9):
        seconds.add(value, "building")

    assert render([seconds.family()]).splitlines()[2:] == [
        'seconds_bucket{phase="building",le="1"} 2',
        'seconds_bucket{phase="building",le="5"} 3',
        'seconds_bucket{phase="building",le="+Inf"} 4',
        'seconds_sum{phase="building"} 13.5',
        'seconds_count{phase="building"} 4',
    ]


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False))
def test_given_any_label_when_rendered_then_it_stays_one_line(label: str, value: float) -> None:
    sample = Sample(labels={"what": label}, value=value)
    text = render([Family(name="some", kind="gauge", meaning="Some.", samples=[sample])])

    assert text.count("\n") == 3
    assert LINE.match(text.split("\n")[2])


@pytest.mark.parametrize("value", [0, 1.5, 1e21])
def test_given_a_number_when_rendered_then_it_reads_back(value: float) -> None:
    family = Family(name="some", kind="gauge", meaning="Some.", samples=[Sample(labels={}, value=value)])

    assert float(render([family]).split()[-1]) == value
