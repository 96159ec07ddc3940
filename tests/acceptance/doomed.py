"""A bot that dies by SIGKILL at one chosen point of its work, and the list of all points: the kill tests run it.

The points are found by running once without dying: each commit, each call to the cloud and to Slack, before and after.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bot.runtime import Parts, database_url, running, utc_now
from bot.settings import Settings, load
from bot.slack_client import SlackClient
from provisioning.clouds.local import LocalCloud
from provisioning.errors import TemporaryError
from provisioning.guest_link import GuestLink
from provisioning.plan import preset
from provisioning.sites import Sites, site
from provisioning.store.database import Database, Tx

QUICK_GUEST = Path(__file__).parents[1] / "fakes" / "quick_guest"
_CLOUD_CALLS = ("create_port", "create_floating_ip", "create_server", "delete")


@dataclass
class Doom:
    """Where to die, and what dies with us."""

    points: Path  # every point passed is appended here
    at: str = ""  # empty: nowhere
    postmaster: int = 0  # killed too
    only_postmaster: bool = False
    is_over: bool = False

    def pass_by(self, label: str) -> None:
        with self.points.open("a") as file:
            file.write(label + "\n")
        if label != self.at or self.is_over:
            return
        self.is_over = True
        with self.points.with_suffix(".died").open("w") as file:
            file.write(label)
        if self.postmaster:
            os.kill(self.postmaster, signal.SIGKILL)
        if not self.only_postmaster:
            os.kill(os.getpid(), signal.SIGKILL)


class _Watched:
    """A transaction that remembers what it wrote."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.wrote: list[str] = []

    async def rows(self, name: str, /, **params: object) -> list[dict[str, Any]]:
        return await self._tx.rows(name, **params)

    async def row(self, name: str, /, **params: object) -> dict[str, Any] | None:
        return await self._tx.row(name, **params)

    async def run(self, name: str, /, **params: object) -> int:
        touched = await self._tx.run(name, **params)
        if touched and not name.endswith((".renew", "_listening", ".let_go")):
            self.wrote.append(f"{name}:{params.get('phase') or params.get('kind') or ''}")
        return touched


def doomed_database(doom: Doom) -> type[Database]:
    class Doomed(Database):
        @asynccontextmanager
        async def transaction(self, *, patience_s: float | None = None) -> AsyncIterator[Tx]:
            label = ""
            async with super().transaction(patience_s=patience_s) as tx:
                watched = _Watched(tx)
                yield watched  # type: ignore[misc]  stands in for a Tx
                label = "commit " + " ".join(dict.fromkeys(watched.wrote)) if watched.wrote else ""
                if label:
                    doom.pass_by(f"before {label}")
            if label:
                doom.pass_by(f"after {label}")

        apart = transaction  # what it writes is written by one query

    return Doomed


class DoomedCloud(LocalCloud):
    """The local cloud, with points around what makes and deletes."""

    doom: Doom

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in _CLOUD_CALLS:
            return found

        async def call(*args: Any, **more: Any) -> Any:
            label = f"{name} {args[0] if name == 'delete' else ''}".strip()
            self.doom.pass_by(f"before {label}")
            result = await found(*args, **more)
            self.doom.pass_by(f"after {label}")
            return result

        return call


def doomed_client(doom: Doom, settings: Settings) -> SlackClient:
    class Doomed(SlackClient):
        async def api_call(self, api_method: str, **more: Any) -> Any:
            talks = api_method.startswith(("chat.", "files."))
            if talks:
                doom.pass_by(f"before {api_method}")
            answer = await super().api_call(api_method, **more)
            if talks:
                doom.pass_by(f"after {api_method}")
            return answer

    return Doomed(token=settings.secrets.slack_bot_token, base_url=settings.slack_api_url)


class BusyAtFirst(GuestLink):
    """No guest takes its settings at the first try of a process: asking again is part of every life."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._has_refused = False

    async def configure(self, *args: Any, **more: Any) -> None:
        if not self._has_refused:
            self._has_refused = True
            raise TemporaryError("guest_silent", "it is busy", "")
        await super().configure(*args, **more)


def run(environment: Mapping[str, str], config: Path, doom: Doom) -> None:
    """A whole bot on the local cloud with quick guests, until SIGTERM or doom."""
    asyncio.run(_run(load(environment, config), doom))


async def _run(settings: Settings, doom: Doom) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    cloud = DoomedCloud(
        settings.home / "cloud",
        deployment="test",
        guest=QUICK_GUEST,
        caddy=Path("/bin/false"),
        uv=Path("/bin/false"),
    )
    cloud.doom = doom
    await cloud.open()
    async with database_url(settings) as url:
        local = site(cloud, utc_now, plans=preset("local"), listing_every=timedelta(milliseconds=50))
        parts = Parts(
            settings=settings, url=url, sites=Sites([local]),
            database=doomed_database(doom), client=lambda s: doomed_client(doom, s),
        )  # fmt: skip
        with patch("bot.runtime.GuestLink", BusyAtFirst):
            async with running(parts):
                await stop.wait()
