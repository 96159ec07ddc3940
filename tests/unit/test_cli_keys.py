"""``binderops keys``: what is shown of the keys and of who knows which."""

from datetime import timedelta

import pytest

from bot.cli.keys import age, described, rotated, shown
from provisioning.key_rotation import Guest, Standing
from provisioning.keys import Keys
from provisioning.model import BinderId, Phase
from provisioning.tickets import Signer
from tests.strategies import NOW

CURRENT, NEXT, PREVIOUS = (Signer.generate() for _ in range(3))
KEYS = Keys(
    CURRENT, NEXT, PREVIOUS, rotated_at=NOW - timedelta(hours=5),
    made_at={"current": NOW - timedelta(days=40), "next": NOW - timedelta(hours=5), "previous": NOW - timedelta(days=90)},
)  # fmt: skip


def a_guest(name: str, *knows: Signer, is_told: bool = True) -> Guest:
    return Guest(
        binder=BinderId(name), phase=Phase.READY, attempt=1, knows=tuple(k.key_id for k in knows), is_told=is_told
    )  # fmt: skip


STANDING = Standing(
    keys=KEYS,
    guests=(
        a_guest("aaaa", CURRENT, NEXT),
        a_guest("bbbb", PREVIOUS, CURRENT, is_told=False),
        a_guest("cccc", PREVIOUS),
    ),
)


def test_given_keys_and_guests_then_a_person_sees_ages_and_who_knows_which() -> None:
    lines = [line.split() for line in shown(STANDING, NOW)]

    assert lines == [
        ["KEY", "ROLE", "AGE"],
        [CURRENT.key_id, "current", "40", "d"],
        [NEXT.key_id, "next", "5", "h"],
        [PREVIOUS.key_id, "previous", "90", "d"],
        ["Last", "rotation:", "5", "h", "ago"],
        [],
        ["BINDER", "PHASE", "BY", "KNOWS"],
        ["aaaa", "ready", "told", "current", "next"],
        [
            "bbbb",
            "ready",
            "birth",
            "previous",
            "current",
            *["does", "not", "know", "the", "next", "key", "yet"],
        ],
        ["cccc", "ready", "told", "previous", *["does", "not", "know", "the", "next", "key", "yet"]],
    ]


def test_given_keys_and_guests_then_a_program_reads_the_same() -> None:
    said = described(STANDING)

    assert [key["role"] for key in said["keys"]] == ["current", "next", "previous"]  # type: ignore[attr-defined]
    assert said["behind"] == ["bbbb", "cccc"]


def test_given_a_deployment_without_guests_or_rotations_then_that_is_said() -> None:
    keys = Keys(CURRENT, NEXT, made_at={"current": NOW, "next": NOW})

    assert shown(Standing(keys=keys, guests=()), NOW)[-3:] == ["Never rotated.", "", "No guest is alive."]


def test_given_a_rotation_by_force_then_it_is_said_who_waits_and_who_is_lost() -> None:
    lines = rotated(STANDING)

    assert lines[0].startswith(f"{NEXT.key_id} signs from now on.")
    assert [line.rpartition(": ")[2] for line in lines[1:3]] == ["cccc.", "bbbb."]


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=-3), "0 min"),
        (timedelta(minutes=119), "119 min"),
        (timedelta(minutes=120), "2 h"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=2), "2 d"),
    ],
)
def test_given_a_span_then_it_is_told_in_the_unit_that_fits(span: timedelta, said: str) -> None:
    assert age(NOW, NOW - span) == said
