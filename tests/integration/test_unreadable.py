"""Binders that another version wrote: whatever reads many of them goes on with the others."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from provisioning.model import Binder, BinderId, Phase
from provisioning.store import binders, listening
from provisioning.store.database import Database, Tx
from tests.conftest import Clock
from tests.strategies import NOW, a_binder, a_plan

pytestmark = pytest.mark.integration

GOOD, ODD = BinderId("goodgoodgg"), BinderId("oddoddoddd")
Read = Callable[[Tx], Awaitable[Sequence[Binder]]]


async def _named(tx: Tx) -> Sequence[Binder]:
    return await binders.readable(tx, [ODD, BinderId("nonononono"), GOOD])


async def _all(tx: Tx) -> Sequence[Binder]:
    return await binders.all_of(tx)


async def _listenable(tx: Tx) -> Sequence[Binder]:
    until = NOW + timedelta(seconds=45)
    return await listening.listenable(
        tx, phases=[Phase.BUILDING], listener=uuid4(), now=NOW, until=until, most=9
    )


@pytest.mark.parametrize("read", [_named, _all, _listenable])
@pytest.mark.parametrize(
    "how",
    [
        pytest.param("outcome = 'exploded'", id="a word of another version"),
        pytest.param("request = '{\"a\": 1}'", id="JSON of another shape"),
        pytest.param("plan = '[]'", id="JSON of another kind"),
    ],
)
async def test_given_one_that_cannot_be_read_then_the_others_are_and_the_log_names_it(
    db: Database, read: Read, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with db.transaction() as tx:
        for name in (GOOD, ODD):
            await binders.insert(tx, replace(a_binder(Phase.BUILDING, plan=a_plan()), id=name))
        await tx._connection.execute("update binders set agent_url = 'http://127.0.0.1:1'")
        await tx._connection.execute(f"update binders set {how} where id = %s".encode(), (ODD,))

    async with db.transaction() as tx:
        found = await read(tx)

    assert [b.id for b in found] == [GOOD]
    assert f"binder-passed-over binder={ODD}" in caplog.text


async def test_given_several_ids_then_the_binders_come_in_that_order(db: Database, clock: Clock) -> None:
    ids = [BinderId(name) for name in ("cccccccccc", "aaaaaaaaaa", "bbbbbbbbbb")]
    async with db.transaction() as tx:
        for name in sorted(ids):
            await binders.insert(tx, replace(a_binder(now=clock()), id=name))

        assert [b.id for b in await binders.readable(tx, ids)] == ids
