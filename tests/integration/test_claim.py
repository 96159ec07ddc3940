"""Whose turn it is, of several binders that are due."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from provisioning.model import BinderId
from provisioning.store import binders
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.strategies import a_binder

pytestmark = pytest.mark.integration

OLDEST, MIDDLE, NEWEST = (BinderId(name) for name in ("cccccccccc", "aaaaaaaaaa", "bbbbbbbbbb"))


async def test_given_many_that_are_due_then_the_oldest_goes_first_however_long_each_is_due(
    db: Database, clock: Clock
) -> None:
    until = clock() + timedelta(minutes=1)
    async with db.transaction() as tx:
        for age, name in enumerate((NEWEST, MIDDLE, OLDEST)):
            born = clock() - timedelta(hours=age)
            await binders.insert(tx, replace(a_binder(now=born), id=name))
        await tx._connection.execute("update binders set wake_at = %s where id = %s", (clock(), OLDEST))
        claims = [await binders.claim(tx, lease=uuid4(), now=clock(), until=until) for _ in range(4)]

    assert [c and c.binder.id for c in claims] == [OLDEST, MIDDLE, NEWEST, None]


async def test_given_the_oldest_at_rest_then_it_keeps_nobody_waiting(db: Database, clock: Clock) -> None:
    until = clock() + timedelta(minutes=1)
    async with db.transaction() as tx:
        for age, name in enumerate((NEWEST, OLDEST)):
            born = clock() - timedelta(hours=age)
            await binders.insert(tx, replace(a_binder(now=born), id=name))
        await tx._connection.execute("update binders set wake_at = %s where id = %s", (until, OLDEST))
        claim = await binders.claim(tx, lease=uuid4(), now=clock(), until=until)

    assert claim
    assert claim.binder.id == NEWEST
