"""``binderops binders``: what is listed, and what a binder has cost so far."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.cli.binders import cost_so_far, described, table
from provisioning.clouds.local_machine import Usage
from provisioning.model import Binder, Phase
from tests.strategies import LAB, NOW, a_binder, a_plan, a_report

Row = dict[str, object]


def _hours(number: float) -> datetime:
    return NOW + timedelta(hours=number)


def _server(attempt: int, made: float, gone: float | None = None, cloud_id: str | None = "s1") -> Row:
    gone_at = None if gone is None else _hours(gone)
    return {
        "kind": "server", "attempt": attempt, "cloud_id": cloud_id, "intended_at": _hours(made), "gone_at": gone_at,
    }  # fmt: skip


def _ready() -> Binder:
    report = a_report("ready", interfaces=(LAB,))
    return a_binder(Phase.READY, plan=a_plan(), report=report, public_url="http://b.localhost:1", owner="U1")


PORT: Row = {"kind": "port", "attempt": 1, "cloud_id": "p", "intended_at": NOW, "gone_at": None}


@pytest.mark.parametrize(
    ("made", "cost"),  # at 2 SU an hour, three hours after the launch
    [
        pytest.param([], 0, id="nothing-made"),
        pytest.param([PORT], 0, id="only-a-port"),
        pytest.param([PORT, _server(1, 1)], 4, id="running-since-an-hour-after-the-launch"),
        pytest.param([_server(1, 1, 1.5)], 1, id="gone"),
        pytest.param([_server(1, 1, None, None)], 0, id="asked-for-but-never-made"),
        pytest.param([_server(1, 0, 3), _server(2, 1)], 2 + 4, id="second-attempt-ends-the-first"),
        pytest.param([_server(1, 0, 2), _server(2, 1, 2)], 2 + 2, id="both-attempts-gone"),
    ],
)
def test_given_instances_then_the_cost_is_what_they_ran_for(made: Sequence[Row], cost: float) -> None:
    assert cost_so_far(_ready(), made, _hours(3)) == cost


def test_given_a_price_that_nobody_knows_then_there_is_no_cost() -> None:
    plan = a_plan()
    free = replace(_ready(), plan=replace(plan, flavor=replace(plan.flavor, su_per_hour=None)))

    assert cost_so_far(free, [_server(1, 0)], _hours(1)) is None


def test_given_an_instance_here_then_its_disk_and_memory_are_listed() -> None:
    row = described(_ready(), [_server(1, 0)], Usage(disk_mib=512, memory_mib=128), _hours(1))

    assert (row["disk_mib"], row["memory_mib"], row["server_id"]) == (512, 128, "s1")


def test_given_an_instance_elsewhere_then_disk_and_memory_are_not_known() -> None:
    row = described(_ready(), [_server(1, 0)], None, _hours(1))

    assert (row["disk_mib"], row["memory_mib"]) == (None, None)


def test_given_rows_then_the_table_lines_up_with_numbers_to_the_right() -> None:
    rows = [
        described(_ready(), [_server(1, 0)], Usage(disk_mib=512, memory_mib=1280), _hours(1)),
        described(a_binder(Phase.REQUESTED), [], None, _hours(1)),
    ]

    assert table(rows) == [
        "ID          PHASE      OWNER  COST SU  DISK MiB  MEMORY MiB  REPOSITORY                            URL",
        "aaaabbbbcc  ready      U1           2       512        1280  https://github.com/org/repo@aaaaaaaa  http://b.localhost:1",
        "aaaabbbbcc  requested  U1           -         -           -  https://github.com/org/repo",
    ]
