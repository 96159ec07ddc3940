"""People in the playground, the app on a real socket, a desk and an outbox that move only when told to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import yaml

from bot.app import build_app
from bot.desk import Desk, DeskSettings
from bot.launch_form import FIELD
from bot.outbox import Outbox
from bot.people import People
from bot.playground import InstalledApp, Playground
from bot.settings import load
from bot.slack_client import make_client
from bot.socket_mode import SocketMode
from provisioning.errors import TemporaryError
from provisioning.model import Binder, BinderId, Flavor, Phase
from provisioning.store import binders, listening
from provisioning.store.database import Database, Tx
from provisioning.vault import Vault
from tests.conftest import Clock
from tests.strategies import LAB, a_binder, a_plan, a_report

ADA, BEN, GIL = "U0ADA00001", "U0BEN00001", "U0GIL00001"  # an admin, a member, a guest
GENERAL, TEACHING, RANDOM = "C0GENERAL1", "C0TEACHING", "C0RANDOM01"  # the bot is not in the last
TEAM = "T0PLAY0001"
MANIFEST = Path(__file__).parents[3] / "manifest.yml"
FLAVORS = (
    Flavor(name="m3.tiny", vcpus=1, ram_mib=3072, disk_gib=20, su_per_hour=1),
    Flavor(name="m3.small", vcpus=2, ram_mib=6144, disk_gib=20, su_per_hour=2),
)


async def until(look: Callable[[], Awaitable[bool]]) -> bool:
    """Look again and again for at most five seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(5):
            while not await look():  # noqa: ASYNC110  it looks at another process's doing
                await asyncio.sleep(0.02)
            return True
    return False


@dataclass
class Guest:
    """A guest whose log is set; None: it does not answer."""

    text: str | None = "step 1\n"

    async def log(self, agent_url: str, binder: str, *, cert_sha256: str = "") -> str:
        if self.text is None:
            raise TemporaryError("guest-silent", "It does not answer.", "It is asked again.")
        return self.text


class Way(Database):
    """The app's way to the database, which tests block."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def transaction(self, *, patience_s: float | None = None) -> AbstractAsyncContextManager[Tx]:
        return self.db.transaction(patience_s=patience_s)

    def apart(self, *, patience_s: float | None = None) -> AbstractAsyncContextManager[Tx]:
        return self.db.apart(patience_s=patience_s)


@dataclass
class Workspace:
    """The whole of it, as a test sees it."""

    db: Database
    clock: Clock
    playground: Playground
    desk: Desk
    way: Way
    outbox: Outbox
    http: aiohttp.ClientSession
    guest: Guest
    links: list[dict[str, Any]] = field(default_factory=list)  # private links that were asked for

    async def types(self, user: str, text: str, channel: str = GENERAL) -> dict[str, Any]:
        """A person types ``/binder`` with this text; returns what the person API says."""
        return await self.does("command", {"user": user, "channel": channel, "text": f"/binder {text}"})

    async def presses(
        self, user: str, ts: str, action_id: str, channel: str = GENERAL, **more: str
    ) -> dict[str, Any]:
        body = {"user": user, "channel": channel, "ts": ts, "action_id": action_id, **more}
        return await self.does("press", body)

    async def submits(self, user: str, **fields: str) -> dict[str, Any]:
        """Fill the open form and submit it."""
        view = (await self.inbox(user))["views"][-1]
        values = {name: {FIELD: value} for name, value in fields.items()}
        return await self.does("submit", {"user": user, "view_id": view["id"], "values": values})

    async def says(self, user: str, text: str, channel: str = GENERAL, **more: str) -> None:
        await self.does("message", {"user": user, "channel": channel, "text": text, **more})

    async def breaks(self, **fault: object) -> None:
        await self.does("faults", fault)

    async def works(self) -> None:
        """Desk and outbox do all that is due."""
        while await self.desk.once() or await self.outbox.answer() or await self.outbox.once():
            pass

    async def told(self, user: str) -> str:
        """The last thing said to this person alone."""
        whispers = (await self.inbox(user))["ephemerals"]
        return str(whispers[-1]["text"]) if whispers else ""

    async def until_told(self, user: str, text: str) -> bool:
        """Whether this is said to the person within a few seconds."""
        return await until(lambda: self._is_told(user, text))

    async def until_wanted(self, count: int = 1) -> bool:
        """Whether an intent is stored within a few seconds: events are acked on their own time."""
        return await until(lambda: self._is_wanted(count))

    async def until(self, look: Callable[[], Awaitable[bool]]) -> bool:
        """Whether it is so within a few seconds."""
        return await until(look)

    async def _is_told(self, user: str, text: str) -> bool:
        return text in await self.told(user)

    async def _is_wanted(self, count: int) -> bool:
        return len(await self.intents()) >= count

    async def inbox(self, user: str) -> dict[str, Any]:
        async with self.http.get(f"{self.playground.url}/person/inbox/{user}") as answer:
            return dict(await answer.json())

    async def has(
        self,
        name: str,
        phase: Phase = Phase.READY,
        *,
        owner: str = BEN,
        **changes: Any,
    ) -> Binder:
        """A binder in this phase; ``name`` is its id."""
        ready = a_report("ready", interfaces=(LAB,))
        binder = replace(
            a_binder(phase, now=self.clock(), plan=a_plan()), id=BinderId(name), team=TEAM, channel=GENERAL, owner=owner,
            agent_url="http://127.0.0.1:1", public_url="http://b.localhost:1", **changes,
        )  # fmt: skip
        async with self.db.transaction() as tx:
            await binders.insert(tx, binder)
            claimed = await binders.claim(
                tx, lease=uuid4(), now=self.clock(), until=self.clock(), only=binder.id
            )
            assert claimed is not None
            await binders.record(
                tx, claimed, binder, events=[], wake_at=None, now=self.clock(), keep_lease=False
            )
            if phase is Phase.READY:
                await listening.hear(tx, binder, ready, self.clock())
        return binder

    async def binders(self) -> tuple[Binder, ...]:
        async with self.db.transaction() as tx:
            return await binders.all_of(tx)

    async def intents(self) -> list[dict[str, Any]]:
        """What people wanted, as rows."""
        async with self.db.transaction() as tx:
            return await tx.rows("tests/desk.intents")

    async def rows(self) -> list[dict[str, Any]]:
        """The outbox."""
        async with self.db.transaction() as tx:
            return await tx.rows("tests/desk.outbox")

    async def does(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self.http.post(f"{self.playground.url}/person/{what}", json=body) as answer:
            return dict(await answer.json())


@pytest.fixture
async def workspace(db: Database, clock: Clock, tmp_path: Path) -> AsyncIterator[Workspace]:
    """The app as its manifest installs it, connected."""
    app = InstalledApp.from_manifest(yaml.safe_load(MANIFEST.read_text()))
    playground = Playground(app=app, now=clock, folder=tmp_path / "samples")
    await playground.start()
    environment = {
        "SLACK_BOT_TOKEN": playground.bot_token, "SLACK_APP_TOKEN": playground.app_token,
        "SLACK_API_URL": playground.api_url, "BINDEROPS_RECORD": str(tmp_path / "record"),
    }  # fmt: skip
    settings = load(environment)
    slack = make_client(settings)
    guest, links = Guest(), []

    async def private_link(wanted: Mapping[str, Any]) -> str:
        links.append(dict(wanted))
        return "http://b.localhost:1/_binder/enter?ticket=t0p.s3cret"

    async with aiohttp.ClientSession() as http:
        desk = Desk(
            db=db, people=People(slack, clock), clock=clock, links=guest,
            settings=DeskSettings(flavors=lambda: {"": FLAVORS}), vault=Vault("key"),
        )  # fmt: skip
        outbox = Outbox(db, slack, clock, http, private_link, record=slack.note)
        line = SocketMode(slack, lambda: settings.secrets.slack_app_token, clock)
        way = Way(db)
        await line.start(build_app(desk, slack, way))
        yield Workspace(
            db=db,
            clock=clock,
            playground=playground,
            desk=desk,
            way=way,
            outbox=outbox,
            http=http,
            guest=guest,
            links=links,
        )
        await line.stop()
    await playground.stop()
