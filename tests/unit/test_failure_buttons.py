"""What can be pressed below a failure, and the flavor that a larger one is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.commands.larger import larger
from bot.story import Told, draw
from provisioning.model import Event, Failure, Flavor, Happened, Outcome, Phase
from tests.strategies import NOW, a_binder, a_plan

UP = (Happened.ATTEMPT_STARTED, Happened.SERVER_ACTIVE, Happened.BUILD_BEGAN, Happened.FAILED)
TINY = Flavor(name="m3.tiny", vcpus=1, ram_mib=3072, disk_gib=20)
SMALL = Flavor(name="m3.small", vcpus=2, ram_mib=6144, disk_gib=20)
WIDE = Flavor(name="r3.small", vcpus=2, ram_mib=8192, disk_gib=60)
HUGE = Flavor(name="m3.large", vcpus=16, ram_mib=61440, disk_gib=60)


def labels(code: str, phase: Phase = Phase.FAILED) -> list[str]:
    """The buttons' texts, the primary one with a star."""
    failure = Failure(code=code, message="m", hint="h")
    kept = NOW + timedelta(hours=1) if phase is Phase.FAILED else None
    binder = a_binder(
        phase, plan=a_plan(), attempt=1, failure=failure, outcome=Outcome.FAILED, keep_until=kept
    )
    told = Told(binder=binder, events=tuple(Event(kind=kind, at=NOW) for kind in UP))
    message = next(m for m in draw(told) if m.slot == "failed")
    found = [e for b in message.blocks if b["type"] == "actions" for e in b["elements"]]
    return [e["text"]["text"] + ("*" if e.get("style") == "primary" else "") for e in found]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("mirror-slow", ["Retry*", "Logs"], id="time cures it"),
        pytest.param("cause-unknown", ["Retry*", "Logs"], id="unknown"),
        pytest.param("out-of-memory", ["Retry on a larger flavor*", "Retry", "Logs"], id="too small"),
        pytest.param("build-timeout", ["Retry on a larger flavor*", "Retry", "Logs"], id="too long"),
        pytest.param("conda-conflict", ["Launch again*", "Retry", "Logs"], id="after a change"),
        pytest.param("apt-package-gone", ["Retry*", "Launch again", "Logs"], id="either"),
    ],
)
def test_given_a_cause_then_the_button_that_helps_comes_first(code: str, expected: list[str]) -> None:
    assert labels(code) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("mirror-slow", ["Launch again*", "Logs"], id="time cures it"),
        pytest.param("disk-full", ["Retry on a larger flavor*", "Launch again", "Logs"], id="too small"),
    ],
)
def test_given_an_instance_that_is_gone_then_nothing_retries_it(code: str, expected: list[str]) -> None:
    assert labels(code, Phase.DELETED) == expected


@pytest.mark.parametrize(
    ("than", "needs_disk", "expected"),
    [
        pytest.param(TINY, False, SMALL, id="the next in memory"),
        pytest.param(TINY, True, WIDE, id="the next in disk"),
        pytest.param(HUGE, False, None, id="the largest"),
        pytest.param(WIDE, True, None, id="the widest"),
        pytest.param(replace(SMALL, name="gone"), False, WIDE, id="one that is not on offer any more"),
    ],
)
def test_given_a_flavor_then_the_next_larger_one_is_found(
    than: Flavor, needs_disk: bool, expected: Flavor | None
) -> None:
    assert larger(than, [HUGE, SMALL, WIDE, TINY], needs_disk=needs_disk) == expected


def test_given_no_known_flavors_then_none_is_larger() -> None:
    assert larger(TINY, []) is None
