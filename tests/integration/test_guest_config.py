"""What running guests are told later: once each, again whenever it changes, and never in vain for long."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from provisioning import keys
from provisioning.errors import TemporaryError
from provisioning.guest_config import LEASE, GuestConfig, wait_after
from provisioning.model import BinderId, Phase
from provisioning.store import binders
from provisioning.store.database import Database
from provisioning.store.membership import end_sessions
from tests.conftest import Clock
from tests.strategies import a_binder, a_plan

pytestmark = pytest.mark.integration

ONE, TWO = BinderId("aaaabbbbcc"), BinderId("ddddeeeeff")
CERT = "ab" * 32


def _public(held: keys.Keys) -> tuple[str, ...]:
    return tuple(key.public_key for key in held.at_birth)


async def _nothing() -> None:
    return


@dataclass
class Guests:
    """All guests: what each was told, in order. Those in ``silent`` do not answer."""

    told: list[tuple[str, int, tuple[str, ...]]] = field(default_factory=list)
    pins: list[tuple[str, str]] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    meanwhile: Callable[[], Awaitable[None]] = _nothing  # happens while a guest is being told

    async def configure(
        self, agent_url: str, binder: str, *, epoch: int, keys: Sequence[str], cert_sha256: str = ""
    ) -> None:
        await self.meanwhile()
        if binder in self.silent:
            raise TemporaryError("guest-silent", "It does not answer.", "It is asked again.")
        self.told.append((binder, epoch, tuple(keys)))
        self.pins.append((agent_url, cert_sha256))


class Bench:
    """A database with binders in it, and processes that tell their guests."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self.db, self.clock, self.guests = db, clock, Guests()

    def process(self) -> GuestConfig:
        return GuestConfig(self.db, self.guests, self.keys, self.clock)

    async def keys(self) -> keys.Keys:
        return await keys.load(self.db, "secret", self.clock)

    async def has(self, name: BinderId = ONE, phase: Phase = Phase.BUILDING, **columns: object) -> None:
        """A binder of this phase, with its guest's address and first report."""
        heard = {"agent_url": "http://127.0.0.1:1", "report": '{"n": 1}', "attempt": 1, "phase": phase}
        async with self.db.transaction() as tx:
            await binders.insert(tx, replace(a_binder(plan=a_plan(), now=self.clock()), id=name))
        await self.changes(name, **{**heard, **columns})

    async def changes(self, name: BinderId = ONE, **columns: object) -> None:
        """As if steps and the listener had written these columns."""
        await self.sql(
            f"update binders set {', '.join(f'{c} = %s' for c in columns)} where id = %s",
            *columns.values(), name,
        )  # fmt: skip

    async def sql(self, text: str, *values: object) -> None:
        async with self.db.transaction() as tx:
            await tx._connection.execute(text.encode(), values)

    async def row(self, name: BinderId = ONE) -> dict[str, Any]:
        async with self.db.transaction() as tx:
            found = await tx.row("binders.get", id=name)
        assert found is not None
        return found

    async def sessions_end(self, name: BinderId = ONE) -> None:
        async with self.db.transaction() as tx:
            await end_sessions(tx, name)

    async def works(self) -> list[tuple[str, int]]:
        """Tell all guests that may be told now; who was told which epoch."""
        before = len(self.guests.told)
        while await self.process().once():
            pass
        return [(name, epoch) for name, epoch, _ in self.guests.told[before:]]


@pytest.fixture
async def bench(db: Database, clock: Clock) -> Bench:
    made = Bench(db, clock)
    await made.keys()  # as every process does at its start
    return made


async def test_given_a_guest_that_was_heard_then_it_is_told_the_epoch_and_both_keys(bench: Bench) -> None:
    await bench.has(agent_url="https://192.0.2.7", cert_sha256=CERT)

    await bench.works()

    assert bench.guests.told == [(ONE, 0, _public(await bench.keys()))]
    assert bench.guests.pins == [("https://192.0.2.7", CERT)]


async def test_given_a_guest_that_took_it_then_it_is_not_told_again(bench: Bench) -> None:
    await bench.has()
    await bench.works()
    bench.clock.forward(hours=1)

    assert await bench.works() == []


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"report": None}, id="not heard yet"),
        pytest.param({"agent_url": "https://192.0.2.7"}, id="no certificate to pin"),
        pytest.param({"agent_url": ""}, id="no address"),
        pytest.param({"phase": Phase.DELETING}, id="on its way out"),
        pytest.param({"phase": Phase.DELETED, "outcome": "ok"}, id="gone"),
    ],
)
async def test_given_a_guest_that_cannot_be_called_then_it_is_not_told(
    bench: Bench, columns: dict[str, object]
) -> None:
    await bench.has()
    await bench.changes(**columns)

    assert await bench.works() == []


async def test_given_somebody_may_enter_no_more_then_only_that_guest_is_told_a_higher_epoch(
    bench: Bench,
) -> None:
    await bench.has(ONE)
    await bench.has(TWO)
    await bench.works()

    await bench.sessions_end(ONE)

    assert await bench.works() == [(ONE, 1)]


async def test_given_other_signing_keys_then_every_guest_is_told_them(bench: Bench) -> None:
    await bench.has(ONE)
    await bench.has(TWO)
    await bench.works()
    await bench.sql("delete from keys")
    new = _public(await bench.keys())

    told = await bench.works()

    assert sorted(told) == [(ONE, 0), (TWO, 0)]
    assert {public for _, _, public in bench.guests.told[-2:]} == {new}


async def test_given_a_second_attempt_when_it_is_heard_then_it_is_told_the_epoch_too(bench: Bench) -> None:
    await bench.has()
    await bench.sessions_end()
    await bench.works()
    await bench.changes(attempt=2, report=None)
    early = await bench.works()
    await bench.changes(report='{"n": 1}')

    assert (early, await bench.works()) == ([], [(ONE, 1)])


async def test_given_a_silent_guest_then_the_others_are_told(bench: Bench) -> None:
    await bench.has(ONE)
    await bench.has(TWO)
    bench.guests.silent = {ONE}

    assert await bench.works() == [(TWO, 0)]


async def test_given_a_silent_guest_when_it_answers_again_then_it_is_told_within_a_minute(
    bench: Bench,
) -> None:
    await bench.has()
    bench.guests.silent = {ONE}
    for _ in range(20):
        await bench.works()
        bench.clock.forward(minutes=1)
    bench.guests.silent = set()

    assert await bench.works() == [(ONE, 0)]


async def test_given_a_guest_that_stays_silent_then_the_log_says_so_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    await bench.has()
    bench.guests.silent = {ONE}
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            await bench.works()
            bench.clock.forward(minutes=1)

    assert caplog.text.count("guest-not-configured binder=aaaabbbbcc") == 1


async def test_given_a_silent_guest_when_sessions_end_then_it_is_asked_at_once(bench: Bench) -> None:
    await bench.has()
    bench.guests.silent = {ONE}
    for _ in range(9):
        await bench.works()
        bench.clock.forward(minutes=1)
    await bench.works()
    bench.guests.silent = set()

    await bench.sessions_end()

    assert await bench.works() == [(ONE, 1)]


async def test_given_a_change_while_it_is_told_then_it_is_told_again(bench: Bench) -> None:
    await bench.has()

    async def once_more() -> None:
        bench.guests.meanwhile = _nothing
        await bench.sessions_end()

    bench.guests.meanwhile = once_more

    assert await bench.works() == [(ONE, 0), (ONE, 1)]


async def test_given_a_process_killed_while_it_told_then_another_one_does_after_its_lease(
    bench: Bench,
) -> None:
    await bench.has()

    async def killed() -> None:
        raise KeyboardInterrupt

    bench.guests.meanwhile = killed
    with pytest.raises(KeyboardInterrupt):
        await bench.process().once()
    bench.guests.meanwhile = _nothing
    early = await bench.works()
    bench.clock.forward(seconds=LEASE.total_seconds())

    assert (early, await bench.works()) == ([], [(ONE, 0)])


async def test_given_a_process_that_was_overtaken_then_what_it_says_late_is_not_written(bench: Bench) -> None:
    await bench.has()

    async def overtaken() -> None:
        bench.guests.meanwhile = _nothing
        bench.clock.forward(seconds=LEASE.total_seconds())
        await bench.process().once()
        await bench.sessions_end()

    bench.guests.meanwhile = overtaken
    await bench.process().once()

    row = await bench.row()
    assert (row["config_epoch"], row["epoch"], await bench.works()) == (0, 1, [(ONE, 1)])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("update binders set report = '{}'", id="the first report"),
        pytest.param("update binders set epoch = epoch + 1", id="another epoch"),
        pytest.param("update keys set sealed = 'x'", id="other keys"),
    ],
)
async def test_given_something_to_tell_then_the_bell_rings(
    bench: Bench, database_url: str, change: str
) -> None:
    await bench.has(report=None)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("listen binderops")

        await bench.sql(change)

        rung = [n.payload async for n in connection.notifies(timeout=10, stop_after=1)]
    assert rung == ["config"]


def test_given_ever_more_tries_then_the_wait_grows_to_a_minute() -> None:
    waits = [wait_after(tries) for tries in range(1, 20)]

    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(seconds=2), timedelta(minutes=1))
