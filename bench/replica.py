"""A whole bot as one process of several, on a local cloud with paced guests: started by `bench.stand`, ended by SIGTERM or worse.

It is put together as ``binderops serve`` is, save for the guests. Beside its work it writes down each lease that it takes:
what a process held when it died is known from that alone.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.http_mode import HttpMode
from bot.listening import Address
from bot.logs import configure
from bot.runtime import Parts, running, until_told_to_stop, utc_now
from bot.settings import load
from provisioning.clouds.local import LocalCloud
from provisioning.plan import preset
from provisioning.sites import Sites, site
from provisioning.store.database import Database, Row, Tx

#: What takes a lease, and which of its parameters names the holder.
CLAIMS = {
    "binders.claim": ("step", "lease"),
    "binders.listenable": ("listen", "listener"),
    "bot/outbox.claim": ("message", "lease"),
    "bot/outbox.claim_answers": ("message", "lease"),
    "bot/intents.claim": ("intent", "desk"),
}
DEPLOYMENT = "bench"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a replica is told beside its environment."""

    cloud: str  # the folder of the local cloud
    guest: str
    notes: str  # where it writes down its leases
    instances: int
    http_port: int | None = None  # None: Socket Mode
    listing_every_s: float = 2

    def written(self) -> str:
        return json.dumps(asdict(self))


class _Noted:
    """A transaction whose leases are written down once it has committed."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.taken: list[str] = []

    async def rows(self, name: str, /, **params: object) -> list[Row]:
        found = await self._tx.rows(name, **params)
        self._note(name, params, is_taken=bool(found))
        return found

    async def row(self, name: str, /, **params: object) -> Row | None:
        found = await self._tx.row(name, **params)
        self._note(name, params, is_taken=found is not None)
        return found

    async def run(self, name: str, /, **params: object) -> int:
        return await self._tx.run(name, **params)

    def _note(self, name: str, params: dict[str, object], *, is_taken: bool) -> None:
        if is_taken and name in CLAIMS:
            kind, parameter = CLAIMS[name]
            self.taken.append(f"{time.time():.3f} {kind} {params[parameter]}\n")


def noting(notes: Path) -> type[Database]:
    """A database that writes each lease down: before the commit, lest one be held that nobody knows of."""

    class Noting(Database):
        @asynccontextmanager
        async def transaction(self, *, patience_s: float | None = None) -> AsyncIterator[Tx]:
            async with super().transaction(patience_s=patience_s) as tx:
                noted = _Noted(tx)
                yield noted  # type: ignore[misc]  # stands in for a Tx
                if noted.taken:
                    with notes.open("a") as file:
                        file.writelines(noted.taken)

        apart = transaction  # lest a lease be held that nobody knows of

    return Noting


async def serve(told: Told) -> None:
    """Until SIGTERM."""
    settings = load(os.environ)
    cloud = LocalCloud(
        Path(told.cloud), deployment=DEPLOYMENT, guest=Path(told.guest), caddy=Path("/bin/false"), uv=Path("/bin/false"),
        max_instances=told.instances,
    )  # fmt: skip
    await cloud.open()
    local = site(cloud, utc_now, plans=preset("local"), listing_every=timedelta(seconds=told.listing_every_s))
    inbound: Any = None
    if told.http_port is not None:
        address = Address("127.0.0.1", told.http_port)
        inbound = HttpMode(address, settings.secrets.slack_signing_secret, utc_now)
    parts = Parts(
        settings=settings, url=settings.database_url, sites=Sites([local]), database=noting(Path(told.notes)), inbound=inbound,
    )  # fmt: skip
    async with running(parts):
        print("serves", flush=True)
        await until_told_to_stop()


if __name__ == "__main__":
    configure(is_quiet=True)
    asyncio.run(serve(Told(**json.loads(sys.argv[1]))))
