"""What the benches of a whole bot stand on: a playground in this process, a database server of our own, and bots beside them.

Bots are processes (`bench.replica`), guests are processes of the local cloud; all of it is gone when the context ends.
"""

import asyncio
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import yaml

from bench.replica import DEPLOYMENT, Told
from bot.manifest import manifest
from bot.playground import InstalledApp, Patience, Playground
from bot.playground.rates import Rates
from bot.playground.refusals import SlackError
from bot.playground.workspace import BOT_USER, Channel, Kind
from provisioning.clouds.local import LocalCloud
from provisioning.store.migrations import migrate
from provisioning.store.postgres import EmbeddedPostgres

ADA = "U0ADA00001"  # of the playground's own people
PATIENT = Patience(ack_s=180, offline_s=180)  # whoever types waits for a bot that is away
_GUEST = Path(__file__).parent / "paced_guest"
_STOP_S = 40
T = TypeVar("T")


@dataclass
class Replica:
    """One bot; ``notes`` is where it writes down its leases."""

    name: str
    process: asyncio.subprocess.Process
    notes: Path

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


@dataclass
class Stand:
    """A workspace, a database and a cloud that bots may share."""

    folder: Path
    playground: Playground
    server: EmbeddedPostgres
    url: str
    channels: list[str]
    instances: int
    replicas: list[Replica] = field(default_factory=list)
    _count: int = 0

    async def start(
        self, *, http_port: int | None = None, listing_every_s: float = 2, slack_url: str = ""
    ) -> Replica:
        """One more bot; returns once it serves. ``slack_url``: instead of the playground's own."""
        self._count += 1
        name = f"bot-{self._count}"
        notes = self.folder / f"{name}.leases"
        notes.touch()
        told = Told(
            cloud=str(self.cloud_folder), guest=str(self.folder / "guest"), notes=str(notes), instances=self.instances,
            http_port=http_port, listing_every_s=listing_every_s,
        )  # fmt: skip
        with (self.folder / f"{name}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bench.replica", told.written(), stdout=asyncio.subprocess.PIPE, stderr=log,
                env=os.environ | self.environment(slack_url),
            )  # fmt: skip
        replica = Replica(name, process, notes)
        self.replicas.append(replica)
        assert process.stdout is not None
        if not await asyncio.wait_for(process.stdout.readline(), 120):
            raise RuntimeError(f"{name} did not start: {(self.folder / f'{name}.log').read_text()[-2000:]}")
        return replica

    @property
    def cloud_folder(self) -> Path:
        return self.folder / "home" / "cloud"

    def cloud(self) -> LocalCloud:
        """The bots' cloud, to look at."""
        nothing = Path("/bin/false")
        return LocalCloud(
            self.cloud_folder, deployment=DEPLOYMENT, guest=self.folder, caddy=nothing, uv=nothing
        )

    def environment(self, slack_url: str = "") -> dict[str, str]:
        """What a bot here finds in its environment."""
        playground = self.playground
        return {
            "BINDEROPS_HOME": str(self.folder / "home"), "BINDEROPS_CONFIG": str(self.folder / "binderops.yaml"),
            "DATABASE_URL": self.url, "SLACK_API_URL": slack_url or playground.api_url, "SLACK_BOT_TOKEN": playground.bot_token,
            "SLACK_APP_TOKEN": playground.app_token, "SLACK_SIGNING_SECRET": playground.signing_secret,
            "BINDEROPS_KEY": (self.folder / "key").read_text(),
        }  # fmt: skip

    async def launch(self, number: int) -> str:
        """Type a launch named ``n<number>`` until it is taken, as a person would; returns the ack's text."""
        deeds = self.playground._person.deeds  # noqa: SLF001  a person's hands
        channel = self.playground.site.workspace.channel(self.channels[number % len(self.channels)])
        while True:
            try:
                done = await deeds.command(
                    deeds.person(ADA), channel, f"/binder {self.playground.sample_url} name=n{number}"
                )
            except SlackError:
                said = "Try again"
            else:
                said = str(done["ack"].get("text") or "").lstrip("*")
            if said.startswith("Not sure") and await self.value(
                "select count(*) from intents where payload::text like %s", f'%"n{number}"%'
            ):
                return said
            if not said.startswith(("Try again", "Not sure")):
                return said
            await asyncio.sleep(1)

    async def launch_all(self, numbers: range, *, every_s: float) -> None:
        """Launch them one after the other, without waiting for any."""
        async with asyncio.TaskGroup() as group:
            for number in numbers:
                group.create_task(self.launch(number))
                await asyncio.sleep(every_s)

    async def until(self, look: Callable[[], Any], *, within_s: float, every_s: float = 0.2) -> None:
        """Return once ``look`` (sync or async) finds something. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while True:
                found = look()
                if await found if asyncio.iscoroutine(found) else found:
                    return
                await asyncio.sleep(every_s)

    async def value(self, query: str, *values: object) -> Any:
        """The first value that a query gives; None while the database is away."""
        rows = await self.rows(query, *values)
        return rows[0][0] if rows else None

    async def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What a query gives; nothing while the database is away."""
        try:
            # Not "binderops": nobody may take us for a bot that shares the database.
            async with await psycopg.AsyncConnection.connect(
                self.url, application_name="bench", autocommit=True
            ) as connection:
                return await (await connection.execute(query.encode(), values)).fetchall()
        except psycopg.OperationalError:
            return []

    async def run(self, statement: str, *values: object) -> None:
        """Change something of a bench's own. Raises psycopg's errors."""
        async with await psycopg.AsyncConnection.connect(
            self.url, application_name="bench", autocommit=True
        ) as connection:
            await connection.execute(statement.encode(), values or None)

    async def are_ready(self, count: int) -> bool:
        """Whether so many environments are up."""
        found = await self.value("select count(*) from binders where phase = 'ready'")
        return found is not None and found >= count

    async def restart_database(self) -> None:
        """As an operator would: every connection ends."""
        pid = self.server.pid
        if pid is not None:
            os.kill(pid, signal.SIGINT)  # PostgreSQL's fast shutdown
        await self.until(lambda: self.server.pid is None, within_s=60)
        await asyncio.to_thread(self.server.start)

    async def end(self, replica: Replica) -> None:
        """Let a bot end by itself, and see to it that it does."""
        if replica.process.returncode is None:
            replica.signal(signal.SIGCONT)
            replica.signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(replica.process.wait(), _STOP_S)
            except TimeoutError:
                replica.process.kill()
                await replica.process.wait()


@contextmanager
def _server(home: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(home)
    server.start()
    try:
        yield server
    finally:
        server.start()  # whoever restarts it may have been cut short
        server.stop_if_unused()
        shutil.rmtree(server.folder, ignore_errors=True)


@asynccontextmanager
async def stand(
    *,
    instances: int,
    channels: int = 10,
    build_s: float = 20,
    build_steps: int = 7,
    rates: str | Rates = "slack",
    folder: Path | None = None,
) -> AsyncIterator[Stand]:
    """From nothing to nothing. ``build_s``: how long a guest builds, in ``build_steps`` steps."""
    own = tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True)
    place = folder or Path(own.name)
    (place / "key").write_text(secrets.token_hex(32))
    shutil.copytree(_GUEST, place / "guest", ignore=shutil.ignore_patterns("__pycache__"))
    (place / "guest" / "guest" / "pace.json").write_text(
        json.dumps({"seconds": build_s, "steps": build_steps})
    )
    playground = Playground(
        app=InstalledApp.from_manifest(manifest()), rates=rates, patience=PATIENT, folder=place / "samples"
    )
    with own, _server(place / "server") as server:
        url = server.start()
        await migrate(url)
        await playground.start()
        settings = {
            "preset": "local",
            "deployment": DEPLOYMENT,
            "sources": {"allow_exact": [f"{playground.url}/"]},
        }
        (place / "binderops.yaml").write_text(yaml.safe_dump(settings))
        found = Stand(place, playground, server, url, _rooms(playground, channels), instances)
        try:
            yield found
        finally:
            await asyncio.gather(*(found.end(replica) for replica in found.replicas))
            await found.cloud().switch_off()
            await playground.stop()


def _rooms(playground: Playground, count: int) -> list[str]:
    """Channels with a person and the bot in them."""
    workspace = playground.site.workspace
    made = [
        Channel(id=f"C0BENCH{n:03d}", name=f"bench-{n}", kind=Kind.PUBLIC, members=[ADA, BOT_USER])
        for n in range(count)
    ]
    workspace.channels.update({channel.id: channel for channel in made})
    return [channel.id for channel in made]
