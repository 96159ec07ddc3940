"""Times, prices and states as people read them."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.words import duration, mention, price, size, when
from tests.strategies import a_plan


def test_given_a_time_when_said_then_the_reader_sees_its_own_zone_and_others_utc() -> None:
    at = datetime.fromisoformat("2026-03-02T15:05:00+02:00")

    said = when(at)

    assert said == f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|2 Mar 2026, 13:05 UTC>"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        pytest.param(0, "0 seconds", id="nothing"),
        pytest.param(1, "1 second", id="singular"),
        pytest.param(59.6, "1 minute", id="rounded up to a minute"),
        pytest.param(12 * 60, "12 minutes", id="minutes"),
        pytest.param(3600 * 3 + 60 * 12, "3 hours 12 minutes", id="two units"),
        pytest.param(86400 + 3600, "1 day 1 hour", id="days"),
    ],
)
def test_given_a_span_when_said_then_in_its_two_largest_units(seconds: float, said: str) -> None:
    assert duration(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize("user", ["", None, "U1> <!channel", "someone else"])
def test_given_what_is_no_user_id_when_mentioned_then_nobody_is_called(user: object) -> None:
    assert mention(user) == "somebody"


def test_given_a_price_when_said_then_without_needless_digits() -> None:
    assert price(a_plan()) == "2 SU an hour"


@pytest.mark.parametrize(
    ("cloud", "said"),
    [
        pytest.param("", "m3.small (2 CPUs, 6 GB of memory)", id="one"),
        pytest.param("iu", "m3.small (2 CPUs, 6 GB of memory) on iu", id="several"),
    ],
)
def test_given_clouds_then_the_size_says_which_only_where_there_are_several(cloud: str, said: str) -> None:
    assert size(replace(a_plan(), cloud=cloud)) == said
