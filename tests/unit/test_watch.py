"""A thing outside that is looked at: good, in trouble, or not seen for too long."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.watch import Watch
from provisioning.errors import TemporaryError
from tests.conftest import Clock

EVERY = timedelta(seconds=30)


class Thing:
    """Fails as it is told to."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    async def look(self) -> None:
        if self.error:
            raise self.error


@pytest.fixture
def thing() -> Thing:
    return Thing()


@pytest.fixture
def watch(thing: Thing, clock: Clock) -> Watch:
    return Watch("thing", thing.look, clock, every=EVERY)


def away() -> Exception:
    return TemporaryError("cloud-away", "The cloud does not answer.", "It is tried again.")


def test_given_no_look_yet_then_it_is_not_good(watch: Watch) -> None:
    assert (watch.part().ok, watch.part().detail) == (False, "not looked at yet")


async def test_given_a_good_look_then_its_age_grows(watch: Watch, clock: Clock) -> None:
    await watch.once()
    clock.forward(seconds=20)

    assert (watch.part().ok, watch.part().age_s) == (True, 20)


async def test_given_a_good_look_long_ago_then_it_is_not_good_any_more(watch: Watch, clock: Clock) -> None:
    await watch.once()
    clock.forward(minutes=10)

    assert (watch.part().ok, watch.part().detail) == (False, "not looked at for too long")


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        pytest.param(away, "cloud-away: The cloud does not answer.", id="ours"),
        pytest.param(TimeoutError, "no answer within 60 s", id="no answer"),
        pytest.param(ZeroDivisionError, "ZeroDivisionError", id="unexpected"),
    ],
)
async def test_given_a_look_that_fails_then_it_says_why_and_how_old_the_last_good_one_is(
    watch: Watch, thing: Thing, clock: Clock, error: Callable[[], Any], detail: str
) -> None:
    await watch.once()
    clock.forward(seconds=30)
    thing.error = error()

    await watch.once()

    part = watch.part()
    assert (part.ok, part.detail, part.age_s) == (False, detail, 30)


async def test_given_trouble_that_lasts_when_it_ends_then_both_were_logged_once(
    watch: Watch, thing: Thing, caplog: pytest.LogCaptureFixture
) -> None:
    thing.error = away()
    await watch.once()
    await watch.once()
    thing.error = None

    await watch.once()

    assert [r.getMessage().split(" ")[2] for r in caplog.records] == ["ok=False", "ok=True"]
