"""The replay looks only back, and its figures are what it says they are."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bench.estimate import replay, report
from bench.launch_history import Launch, made_up
from provisioning.estimate import Left


def test_given_a_seed_then_the_history_is_the_same_again_and_another_seed_has_another() -> None:
    assert made_up(3, launches=50) == made_up(3, launches=50)
    assert made_up(3, launches=50) != made_up(4, launches=50)


def test_given_a_number_of_launches_then_there_are_so_many_in_order_each_ready_after_it_began() -> None:
    history = made_up(3, launches=200)

    assert len(history) == 200
    assert [one.began for one in history] == sorted(one.began for one in history)
    assert all(one.past.at == one.began + timedelta(seconds=one.past.total_s) for one in history)


def test_given_launches_that_are_not_ready_yet_then_nothing_is_learned_from_them() -> None:
    (first,) = made_up(3, launches=1)
    second = Launch(began=first.past.at - timedelta(seconds=1), past=first.past)
    third = Launch(began=first.past.at, past=first.past)

    beginnings = [one for one in replay([first, second, third]) if one.moment == "beginning"]

    assert [type(one.said) for one in beginnings] == [type(None), type(None), Left]


def test_given_the_same_launch_again_then_the_estimate_is_right_and_the_baseline_too() -> None:
    (first,) = made_up(3, launches=1)
    again = Launch(began=first.past.at, past=replace(first.past, at=first.past.at + timedelta(hours=1)))

    at_first = [one for one in replay([first, again]) if one.moment == "beginning"][1]

    assert at_first.error == pytest.approx(0, abs=0.05)
    assert at_first.naive_error == pytest.approx(0)
    assert at_first.is_inside


def test_given_a_replay_then_the_report_counts_every_launch_at_both_moments() -> None:
    text = report(list(replay(made_up(3, launches=60))))

    assert text.count("of 60: ") == 2
    assert "(target 80%)" in text
