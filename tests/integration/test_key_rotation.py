"""Rotating the signing keys while guests live: nobody is locked out, whoever was away, and whenever the rotation breaks off."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from provisioning.errors import RefusedError
from provisioning.key_rotation import born_with, rotate
from provisioning.model import Phase
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.integration.rotating import ONE, SECRET, TWO, DyingDatabase, RotationBench

pytestmark = pytest.mark.integration


@pytest.fixture
async def bench(db: Database, clock: Clock, tmp_path: Path) -> AsyncIterator[RotationBench]:
    async with AsyncExitStack() as stack:
        made = RotationBench(db, clock, tmp_path, stack)
        await made.keys()
        yield made


async def test_given_a_guest_when_the_keys_are_rotated_then_it_takes_tickets_before_and_after_it_is_told(
    bench: RotationBench,
) -> None:
    guest, before = await bench.has(), await bench.keys()

    await bench.rotates()
    untold = guest.lets_in((await bench.keys()).current)
    await bench.tells()

    after = await bench.keys()
    assert (after.current.key_id, after.next.key_id not in {before.current.key_id, before.next.key_id}) == (
        before.next.key_id,
        True,
    )
    assert (untold, guest.lets_in(after.current), guest.lets_in(after.next)) == (True, True, True)


async def test_given_a_bot_that_runs_since_before_then_it_tells_what_another_process_rotated(
    bench: RotationBench,
) -> None:
    bot = await bench.a_bot()
    guest = await bench.has()
    await bench.tells(bot)

    await bench.rotates()
    await bench.tells(bot)

    assert guest.knows[:2] == tuple(key.public_key for key in (await bench.keys()).at_birth)


async def test_given_a_ticket_from_just_before_when_its_guest_was_told_then_it_opens(
    bench: RotationBench,
) -> None:
    guest = await bench.has()
    ticket = guest.ticket((await bench.keys()).current)

    await bench.rotates()
    await bench.tells()
    bench.clock.forward(seconds=55)

    assert guest.takes(ticket)


async def test_given_the_key_before_when_its_time_is_over_then_it_opens_nothing_any_more(
    bench: RotationBench,
) -> None:
    guest, before = await bench.has(), await bench.keys()
    await bench.rotates()
    await bench.tells()

    bench.later()
    await bench.tells()

    assert (guest.lets_in(before.current), guest.lets_in(before.next)) == (False, True)


async def test_given_a_guest_that_was_away_when_it_is_back_then_it_is_told(bench: RotationBench) -> None:
    guest = await bench.has()
    guest.is_away = True
    await bench.rotates()
    await bench.tells()
    bench.later()
    guest.is_away = False

    opened = guest.lets_in((await bench.keys()).current)
    await bench.tells()

    assert opened
    assert guest.knows == tuple(key.public_key for key in (await bench.keys()).at_birth)


async def test_given_user_data_of_just_before_when_its_guest_is_heard_then_it_is_told(
    bench: RotationBench,
) -> None:
    guest = await bench.has_born()

    await bench.rotates()
    bench.later()
    await bench.hears()
    opened = guest.lets_in((await bench.keys()).current)
    await bench.tells()

    assert opened
    assert guest.knows == tuple(key.public_key for key in (await bench.keys()).at_birth)


async def test_given_guests_that_do_not_know_the_next_key_then_a_rotation_is_refused_and_names_them(
    bench: RotationBench,
) -> None:
    await bench.has(ONE)
    away = await bench.has(TWO)
    away.is_away = True
    await bench.rotates()
    await bench.tells()
    bench.later()
    held = await bench.keys()

    refused = await bench.is_refused()

    assert (refused.code, ONE in refused.message, f"{TWO} (ready)" in refused.message) == (
        "guests-behind",
        False,
        True,
    )
    assert (await bench.keys()).current.key_id == held.current.key_id


async def test_given_a_guest_that_was_behind_when_it_was_told_then_a_rotation_goes_on(
    bench: RotationBench,
) -> None:
    guest = await bench.has()
    guest.is_away = True
    await bench.rotates()
    bench.later()
    await bench.is_refused()
    guest.is_away = False
    await bench.tells()

    await bench.rotates()

    assert guest.lets_in((await bench.keys()).current)


async def test_given_a_guest_that_is_behind_when_rotated_by_force_then_the_key_before_still_reaches_it(
    bench: RotationBench,
) -> None:
    guest = await bench.has()
    guest.is_away = True
    await bench.rotates()
    bench.later()

    before = await bench.rotates(is_forced=True)
    guest.is_away = False
    shut = guest.lets_in((await bench.keys()).current)
    await bench.tells()

    assert ([g.binder for g in before.behind], before.lost, shut) == ([ONE], (), False)
    assert guest.lets_in((await bench.keys()).current)


async def test_given_a_guest_that_missed_two_rotations_when_a_third_is_forced_then_it_is_told_as_lost(
    bench: RotationBench,
) -> None:
    guest = await bench.has()
    guest.is_away = True
    for _ in range(2):
        await bench.rotates(is_forced=True)

    before = await bench.rotates(is_forced=True)

    assert [g.binder for g in before.lost] == [ONE]


async def test_given_a_rotation_then_another_one_waits_until_links_of_before_are_over(
    bench: RotationBench,
) -> None:
    await bench.has()
    await bench.rotates()
    await bench.tells()

    early = (await bench.is_refused()).code
    bench.later()
    await bench.tells()
    await bench.rotates()

    assert early == "keys-just-rotated"


async def test_given_two_who_rotate_at_the_same_time_then_one_is_refused(bench: RotationBench) -> None:
    before = await bench.keys()

    both = await asyncio.gather(bench.rotates(), bench.rotates(), return_exceptions=True)

    assert sorted(type(one).__name__ for one in both) == ["RefusedError", "Standing"]
    assert (await bench.keys()).current.key_id == before.next.key_id


@pytest.mark.parametrize(
    "held",
    [pytest.param("keys.take", id="another rotation"), pytest.param("keys.hold", id="a server is made")],
)
async def test_given_somebody_who_is_at_the_keys_then_a_rotation_looks_when_they_are_done(
    bench: RotationBench, held: str
) -> None:
    async with bench.db.transaction() as tx:
        await tx.run(held)
        rotation = asyncio.create_task(bench.rotates())
        waited = await bench.waits(rotation)
        await bench.launches()

    assert waited
    with pytest.raises(RefusedError, match="guests-behind"):
        await rotation


async def test_given_a_rotation_that_breaks_off_then_all_keys_are_as_before(bench: RotationBench) -> None:
    guest, before = await bench.has(), await bench.keys()
    dying = await DyingDatabase(bench.db.url).open()
    with pytest.raises(KeyboardInterrupt):
        await rotate(dying, SECRET, bench.clock())
    await dying.close()

    after = await bench.keys()

    assert [key.key_id for key in after.at_birth] == [key.key_id for key in before.at_birth]
    assert guest.lets_in(after.current)


async def test_given_a_launch_that_has_noted_no_keys_yet_then_a_rotation_waits_for_it(
    bench: RotationBench,
) -> None:
    binder = await bench.launches()
    early = await bench.behind()

    await born_with(bench.db, SECRET, binder)

    assert (early, await bench.behind()) == ([ONE], [])


async def test_given_a_guest_of_an_older_version_when_it_was_told_then_it_is_known_what_it_knows(
    bench: RotationBench,
) -> None:
    await bench.has()
    await bench.changes(ONE, told_keys=[])
    async with bench.db.transaction() as tx:
        await tx._connection.execute(b"update resources set born_keys = '{}'")
    early = await bench.behind()

    await bench.tells()

    assert (early, await bench.behind()) == ([ONE], [])


async def test_given_a_second_attempt_then_what_the_first_was_told_does_not_count(
    bench: RotationBench,
) -> None:
    await bench.has()

    await bench.changes(ONE, attempt=2)

    assert await bench.behind() == [ONE]


async def test_given_guests_that_are_gone_then_they_keep_no_key(bench: RotationBench) -> None:
    guest = await bench.has()
    guest.is_away = True
    await bench.rotates()
    bench.later()

    await bench.changes(ONE, phase=Phase.DELETING)

    assert (await bench.rotates()).guests == ()


async def test_given_another_secret_then_nothing_is_rotated(bench: RotationBench) -> None:
    with pytest.raises(RefusedError, match="wrong-key"):
        await rotate(bench.db, "another", bench.clock())

    assert (await bench.keys()).rotated_at is None
