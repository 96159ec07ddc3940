"""What rotating the signing keys is tried with: a database, bots that tell, guests that check what they are called with."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from provisioning import keys
from provisioning.cloud_objects import Kind
from provisioning.errors import RefusedError
from provisioning.guest_config import GuestConfig
from provisioning.guest_link import GuestLink
from provisioning.key_rotation import Standing, born_with, rotate, standing
from provisioning.keys import GRACE, Keys
from provisioning.model import Binder, BinderId, Phase
from provisioning.store import binders, resources
from provisioning.store.database import Database, Tx
from provisioning.tickets import Signer
from tests.conftest import Clock
from tests.fakes.listening_guests import ListeningGuest, served
from tests.strategies import a_binder, a_plan

ONE, TWO = BinderId("aaaabbbbcc"), BinderId("ddddeeeeff")
SECRET = "secret"


class DyingTx(Tx):
    """Its process dies when it is about to make a key."""

    async def run(self, name: str, /, **params: object) -> int:
        if name == "keys.make":
            raise KeyboardInterrupt
        return await super().run(name, **params)


class DyingDatabase(Database):
    @asynccontextmanager
    async def transaction(self, *, patience_s: float | None = None) -> AsyncIterator[Tx]:
        async with super().transaction(patience_s=patience_s) as tx:
            yield DyingTx(tx._connection)


class RotationBench:
    """A database, guests that check what they are called with, and bots that tell them."""

    def __init__(self, db: Database, clock: Clock, folder: Path, stack: AsyncExitStack) -> None:
        self.db, self.clock, self.folder, self.stack = db, clock, folder, stack

    async def a_bot(self) -> GuestConfig:
        """Another process, as `bot.runtime` wires it."""
        held = partial(keys.load, self.db, SECRET, self.clock)

        async def signers() -> Sequence[Signer]:
            return (await held()).signers

        http = await self.stack.enter_async_context(aiohttp.ClientSession())
        return GuestConfig(self.db, GuestLink(http, signers, self.clock), held, self.clock)

    async def launches(self, name: BinderId = ONE) -> Binder:
        """A binder whose server is about to be made."""
        binder = replace(a_binder(plan=a_plan(), now=self.clock()), id=name, attempt=1)
        async with self.db.transaction() as tx:
            await binders.insert(tx, binder)
            await resources.intend(tx, binder, Kind.SERVER, self.clock())
        await self.changes(name, phase=Phase.CREATING, attempt=1)
        return binder

    async def has_born(self, name: BinderId = ONE) -> ListeningGuest:
        """A guest whose user data was rendered now and that nobody heard yet."""
        binder = await self.launches(name)
        born = await born_with(self.db, SECRET, binder)
        guest = ListeningGuest(self.folder / name, binder, born, self.clock)
        server = await self.stack.enter_async_context(served(guest))
        await self.changes(name, phase=Phase.BOOTING, agent_url=str(server.make_url("")).rstrip("/"))
        return guest

    async def has(self, name: BinderId = ONE) -> ListeningGuest:
        """A guest that was heard and told."""
        guest = await self.has_born(name)
        await self.hears(name)
        await self.tells()
        return guest

    async def hears(self, name: BinderId = ONE) -> None:
        await self.changes(name, phase=Phase.READY, report='{"n": 1}')

    async def changes(self, name: BinderId, **columns: object) -> None:
        text = f"update binders set {', '.join(f'{c} = %s' for c in columns)} where id = %s"
        async with self.db.transaction() as tx:
            await tx._connection.execute(text.encode(), (*columns.values(), name))

    async def tells(self, bot: GuestConfig | None = None) -> None:
        """A bot, a fresh one where none is given, tells all that it may tell now."""
        bot = bot or await self.a_bot()
        while await bot.once():
            pass

    async def keys(self) -> Keys:
        return await keys.load(self.db, SECRET, self.clock)

    async def rotates(self, *, is_forced: bool = False) -> Standing:
        return await rotate(self.db, SECRET, self.clock(), is_forced=is_forced)

    async def is_refused(self) -> RefusedError:
        with pytest.raises(RefusedError) as refused:
            await self.rotates()
        return refused.value

    async def behind(self) -> list[BinderId]:
        return [g.binder for g in (await standing(self.db, SECRET)).behind]

    async def waits(self, task: "asyncio.Task[Standing]") -> bool:
        """Whether this rotation waits for somebody's lock; False where it ended without."""
        while not task.done():
            async with self.db.transaction() as tx:
                found = await tx._connection.execute(
                    b"select from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())"
                )
                if found.rowcount:
                    return True
            await asyncio.sleep(0.01)
        return False

    def later(self) -> None:
        """When nothing that was signed before is looked at any more."""
        self.clock.forward(seconds=GRACE.total_seconds() + 1)
