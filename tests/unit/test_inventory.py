"""One reading for all who wait."""

import asyncio
from datetime import datetime, timedelta

import pytest

from provisioning.errors import TemporaryError
from provisioning.inventory import Shared
from tests.conftest import Clock


class Source:
    """Answers when told to, with the moment at which the reading began."""

    def __init__(self, clock: Clock, *, patience: timedelta = timedelta(minutes=1)) -> None:
        self.clock = clock
        self.readings = 0
        self.open = asyncio.Event()
        self.error: Exception | None = None
        self.shared = Shared(
            self.read, clock, every=timedelta(0), moment=lambda began_at: began_at, patience=patience
        )

    async def read(self) -> datetime:
        self.readings += 1
        began_at = self.clock()
        await self.open.wait()
        if self.error:
            raise self.error
        return began_at


async def test_given_many_who_wait_then_they_get_one_reading(clock: Clock) -> None:
    source = Source(clock)
    before = clock.now - timedelta(seconds=1)

    waiting = [asyncio.create_task(source.shared.since(before)) for _ in range(5)]
    await asyncio.sleep(0)
    source.open.set()
    found = await asyncio.gather(*waiting)

    assert (source.readings, set(found)) == (1, {clock.now})


async def test_given_a_reading_that_began_before_the_moment_then_another_is_made(clock: Clock) -> None:
    source = Source(clock)
    source.open.set()
    await source.shared.since(clock.now - timedelta(seconds=1))
    moment = clock.now
    clock.forward(seconds=1)

    found = await source.shared.since(moment)

    assert (source.readings, found) == (2, clock.now)


async def test_given_a_reading_that_failed_then_the_next_one_counts(clock: Clock) -> None:
    source = Source(clock)
    source.open.set()
    source.error = ConnectionError("no")
    with pytest.raises(ConnectionError):
        await source.shared.since(clock.now - timedelta(seconds=1))
    source.error = None

    found = await source.shared.since(clock.now - timedelta(seconds=1))

    assert (source.readings, found) == (2, clock.now)


async def test_given_a_waiter_that_gives_up_then_the_others_still_get_the_reading(clock: Clock) -> None:
    source = Source(clock)
    before = clock.now - timedelta(seconds=1)
    first = asyncio.create_task(source.shared.since(before))
    second = asyncio.create_task(source.shared.since(before))
    await asyncio.sleep(0)

    first.cancel()
    source.open.set()

    assert (await second, source.readings) == (clock.now, 1)


async def test_given_a_reading_that_takes_too_long_then_who_waits_is_told_and_the_reading_goes_on(
    clock: Clock,
) -> None:
    source = Source(clock, patience=timedelta(0))
    before = clock.now - timedelta(seconds=1)

    with pytest.raises(TemporaryError, match="cloud-silent"):
        await source.shared.since(before)
    source.open.set()
    await _a_while()

    assert (await source.shared.since(before), source.readings) == (clock.now, 1)


async def test_given_a_cloud_that_fails_again_and_again_then_nobody_waits_for_the_next_reading(
    clock: Clock,
) -> None:
    source = Source(clock)
    source.open.set()
    source.error = TemporaryError("cloud-silent", "m", "h")
    before = clock.now - timedelta(seconds=1)
    for _ in range(2):
        with pytest.raises(TemporaryError):
            await source.shared.since(before)
    source.open.clear()

    for _ in range(3):
        with pytest.raises(TemporaryError):
            await source.shared.since(before)

    await _a_while()
    assert source.readings == 3
    source.error = None
    source.open.set()
    await _a_while()
    assert await source.shared.since(before) == clock.now


async def _a_while() -> None:
    """Time for what only the loop has still to do."""
    for _ in range(10):
        await asyncio.sleep(0)
