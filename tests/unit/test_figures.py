"""What is counted of log lines and phases, and what is not."""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.exposition import render
from bot.figures import EventCounter, Figures
from bot.gauges import MEANINGS
from provisioning.model import Phase
from tests.conftest import Clock
from tests.strategies import a_binder

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "figures.md"


@pytest.fixture
def figures() -> Iterator[Figures]:
    found = Figures()
    handler = EventCounter(found.event)
    logging.getLogger().addHandler(handler)
    yield found
    logging.getLogger().removeHandler(handler)


def lines(figures: Figures, name: str) -> list[str]:
    return [line for line in render(figures.families()).splitlines() if line.startswith(name)]


def test_given_a_lost_lease_when_logged_then_it_is_counted_as_one(figures: Figures) -> None:
    logging.getLogger("provisioning.launch").warning("lease-lost binder=%s", "abc")

    assert lines(figures, "binderops_leases_lost_total") == ["binderops_leases_lost_total 1"]
    assert lines(figures, "binderops_log_events_total") == [
        'binderops_log_events_total{event="lease-lost",level="warning"} 1'
    ]


@pytest.mark.parametrize(
    ("logger", "message"),
    [
        pytest.param("slack_sdk.web", "lease-lost binder=%s", id="another package's"),
        pytest.param("bot.desk", "%s", id="no name of its own"),
        pytest.param("bot.bolt", "Failed to connect %s", id="a sentence"),
    ],
)
def test_given_a_line_without_a_name_of_ours_when_logged_then_it_is_not_counted(
    figures: Figures, logger: str, message: str
) -> None:
    logging.getLogger(logger).warning(message, "abc")

    assert lines(figures, "binderops_log_events_total") == []


def test_given_a_binder_that_goes_on_then_its_seconds_count_for_the_phase_that_it_left(clock: Clock) -> None:
    before = a_binder(Phase.BUILDING, now=clock())
    after = replace(before, phase=Phase.STARTING, phase_since=clock() + timedelta(seconds=93))
    figures = Figures()

    figures.moved(before, after)

    assert lines(figures, "binderops_phase_seconds_sum") == [
        'binderops_phase_seconds_sum{phase="building"} 93'
    ]


def test_given_the_reference_page_then_it_lists_exactly_the_figures_that_there_are() -> None:
    listed = re.findall(r"^\| `(binderops_\w+)` \|", PAGE.read_text(), re.MULTILINE)

    own = [family.name for family in Figures().families()]
    assert sorted(listed) == sorted(
        [*own, *(name for name, _, _ in MEANINGS.values()), "binderops_database_up"]
    )
