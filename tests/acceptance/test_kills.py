"""A bot, a database or both killed at each point of a launch and a deletion: nothing lost, doubled or left over.

The points are found by a first run that nobody kills: every commit, every call to the cloud and to Slack, before and after.
Slack is the playground, in this process, so that it outlives the bot. Each point gets a fresh home, cloud and workspace.
"""

import asyncio
import gc
import multiprocessing
import os
import shutil
import uuid
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, LiteralString, TypeVar

import psutil
import psycopg
import pytest
import yaml

from bot.playground import Patience, Playground
from bot.playground.refusals import SlackError
from provisioning.store.migrations import migrate
from provisioning.store.postgres import EmbeddedPostgres
from tests.acceptance import doomed
from tests.acceptance.doomed import Doom
from tests.acceptance.playing import buttons_of
from tests.fakes.playground import ADA, GENERAL

pytestmark = [pytest.mark.acceptance, pytest.mark.long, pytest.mark.timeout(1800)]

T = TypeVar("T")
_UNTOLD = """
    select (select count(*) from binders where story_rev > told_rev or phase <> 'deleted')
        + (select count(*) from outbox where body_rev > sent_rev)
        + (select count(*) from intents where state <> 'done')
"""
_CONFIGURED = "select count(*) from binders where config_attempt = attempt and told_keys <> '{}'"
# All points where asked for, else a share: killing a database costs seconds, the bot a fraction of one.
_ALL = os.environ.get("BINDEROPS_KILLS") == "all"
_EVERY = {"bot": 1 if _ALL else 6, "database": 1 if _ALL else 12, "both": 1 if _ALL else 12}
_TRIES = 4
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.acceptance.doomed"])


@dataclass
class World:
    """A workspace, a home, and a bot that is started again whenever it died."""

    playground: Playground
    folder: Path
    database: str
    doom: Doom
    bot: BaseProcess | None = None
    ends: list[int | None] = field(default_factory=list)

    @property
    def died(self) -> bool:
        return self.doom.points.with_suffix(".died").exists()

    def start(self) -> None:
        doom = self.doom if not self.died else Doom(self.doom.points)
        self.bot = _FORKS.Process(
            target=doomed.run, args=(self._environment(), self.folder / "binderops.yaml", doom)
        )
        self.bot.start()

    async def until(self, look: Callable[[], T | None], *, within_s: float = 180) -> T:
        """What ``look`` finds; a bot that died meanwhile is started again, as an operator's supervisor would."""
        deadline = asyncio.get_running_loop().time() + within_s
        while asyncio.get_running_loop().time() < deadline:
            if found := look():
                return found
            if self.bot is not None and not self.bot.is_alive():
                self.ends.append(self.bot.exitcode)
                self.start()
            await asyncio.sleep(0.05)
        raise AssertionError(f"not seen: {[m['text'] for m in self.messages()]}")

    def messages(self) -> list[dict[str, Any]]:
        return list(self.playground.site.workspace.channel(GENERAL).messages.values())

    def message(self, begins: str, action: str = "") -> Callable[[], dict[str, Any] | None]:
        return lambda: next(
            (
                m
                for m in self.messages()
                if m["text"].startswith(begins) and (not action or action in buttons_of(m))
            ),
            None,
        )

    async def launch(self) -> None:
        deeds, user = self.playground._person.deeds, self._person()
        await deeds.command(user, self._general(), f"/binder {self.playground.sample_url}")

    async def press(self, message: dict[str, Any], action: str) -> None:
        """Press until Slack shows that it was taken, and not once more: an acked press takes effect."""
        pressed = {"ts": message["ts"], "action_id": action}
        deeds, user, general = self.playground._person.deeds, self._person(), self._general()
        presses: list[asyncio.Task[Any]] = []
        asked = self._told("Try again", "Not sure")
        while not any(press.done() and not press.exception() for press in presses):
            presses.append(asyncio.create_task(deeds.press_message(user, general, pressed)))
            while not presses[-1].done() and not self._told("Try again", "Not sure") - asked:  # noqa: ASYNC110  as below
                await asyncio.sleep(0.1)
            asked = self._told("Try again", "Not sure")
        await asyncio.gather(*(_ended(press) for press in presses))

    @asynccontextmanager
    async def launching(self) -> AsyncIterator[None]:
        """Launch, and again as often as the bot asks for that, as a person would: a database that is away takes nothing."""

        async def persevere() -> None:
            asked: set[str] = set()
            while True:
                await self.launch()
                while not (asked_again := self._told("Try again") - asked):  # noqa: ASYNC110  the playground tells nobody
                    await asyncio.sleep(0.1)
                asked |= asked_again

        task = asyncio.create_task(persevere())
        try:
            yield
        finally:
            await _ended(task)

    def _told(self, *begins: str) -> set[str]:
        """The answers to the person alone that begin so, by their ids."""
        whispered = self.playground.site.workspace.ephemerals
        return {ts for ts, answer in whispered.items() if str(answer["text"]).lstrip("*").startswith(begins)}

    def left_in_the_cloud(self) -> list[str]:
        cloud = self.folder / "home" / "cloud"
        kept = [
            p.name
            for kind in ("ports", "floating-ips", "servers", "volumes")
            for p in (cloud / kind).glob("*")
        ]
        return kept + [
            f"process {p.pid}" for p in psutil.process_iter() if str(cloud) in " ".join(_cmdline(p))
        ]

    def _person(self) -> Any:
        return self.playground._person.deeds.person(ADA)

    def _general(self) -> Any:
        return self.playground.site.workspace.channel(GENERAL)

    def _environment(self) -> dict[str, str]:
        return {
            "BINDEROPS_HOME": str(self.folder / "home"), "DATABASE_URL": self.database, "SLACK_API_URL": self.playground.api_url,
            "SLACK_BOT_TOKEN": self.playground.bot_token, "SLACK_APP_TOKEN": self.playground.app_token,
        }  # fmt: skip


async def _ended(task: asyncio.Task[Any]) -> None:
    """It goes no further; what it would still have said is of no interest."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _made_anew(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


@asynccontextmanager
async def world(folder: Path, database: str, doom: Doom) -> AsyncIterator[World]:
    await asyncio.to_thread(_made_anew, folder)
    # A bot that was killed comes back within seconds: what people do meanwhile waits for it.
    playground = Playground(folder=folder / "samples", patience=Patience(ack_s=60, offline_s=90))
    await playground.start()
    (folder / "binderops.yaml").write_text(
        yaml.safe_dump(
            {"preset": "local", "deployment": "test", "sources": {"allow_exact": [f"{playground.url}/"]}}
        )
    )
    found = World(playground, folder, database, doom)
    found.start()
    try:
        yield found
    finally:
        if found.bot is not None and found.bot.is_alive():
            found.bot.terminate()
            await asyncio.to_thread(found.bot.join, 30)
            if found.bot.is_alive():
                found.bot.kill()
        await playground.stop()


async def live_through(found: World) -> None:
    """A launch, then a deletion; whoever dies is started again."""
    async with found.launching():
        ready = await found.until(found.message("Ready", "binder.delete"))
    # Its guest takes its settings at the second try only: no deletion is to get there first.
    await found.until(lambda: answer(found.database, _CONFIGURED) == 1 or None)
    pressing = asyncio.create_task(found.press(ready, "binder.delete"))
    try:
        await found.until(found.message("Deleted"))
    finally:
        await _ended(pressing)
    await found.until(lambda: not found.left_in_the_cloud() or None)
    await found.until(lambda: answer(found.database, _UNTOLD) == 0 or None)


def answer(database: str, query: LiteralString) -> int | None:
    """What the database counts; None from one that is just coming back."""
    try:
        with psycopg.connect(database) as connection:
            row = connection.execute(query).fetchone()
    except psycopg.OperationalError:
        return None
    return row[0] if row else None


def hold_the_promise(found: World) -> None:
    """Nothing lost, nothing doubled, nothing left over."""
    with psycopg.connect(found.database) as connection:
        rows = connection.execute("select phase, outcome, attempt from binders").fetchall()
    keys = Counter(
        m["metadata"]["event_payload"]["key"].partition(":")[2].partition(":")[2]
        for m in found.messages()
        if m.get("metadata")
    )
    assert rows == [("deleted", "ok", 1)]
    assert set(keys.values()) == {1}, keys
    assert {"root", "progress", "ready", "ended"} <= set(keys), keys
    assert found.left_in_the_cloud() == []


@contextmanager
def server_in(home: Path) -> Iterator[EmbeddedPostgres]:
    """A database server of its own, so that killing it hurts nobody else."""
    server = EmbeddedPostgres(home)
    server.start()
    try:
        yield server
    finally:
        server.stop_if_unused()
        shutil.rmtree(server.folder, ignore_errors=True)


async def fresh_database(server_url: str) -> str:
    name = f"kills_{uuid.uuid4().hex[:12]}"
    async with await psycopg.AsyncConnection.connect(server_url, autocommit=True) as connection:
        await connection.execute(f"create database {name}".encode())
    url = server_url.replace("/postgres?", f"/{name}?")
    await migrate(url)
    return url


async def points_of(folder: Path, server: EmbeddedPostgres) -> list[str]:
    """Every point that a launch and a deletion pass, each once, in order."""
    points = folder / "points"
    async with world(folder / "unharmed", await fresh_database(server.start()), Doom(points)) as found:
        await live_through(found)
        hold_the_promise(found)
    return list(dict.fromkeys(points.read_text().splitlines()))


async def die_at(label: str, folder: Path, server: EmbeddedPostgres, *, what: str) -> bool:
    """Kill at this point and hold the promise; False where the point was not passed this time."""
    doom = Doom(folder.with_suffix(".points"), at=label)
    if what != "bot":
        doom.postmaster, doom.only_postmaster = server.pid or 0, what == "database"
    async with world(folder, await fresh_database(server.start()), doom) as found:
        watching = asyncio.create_task(_revive(server, found))
        try:
            await live_through(found)
            hold_the_promise(found)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        return found.died


async def _revive(server: EmbeddedPostgres, found: World) -> None:
    """Start the database again once it was killed, as its supervisor would."""
    while not found.died:  # noqa: ASYNC110  the sign is a file of another process
        await asyncio.sleep(0.05)
    await asyncio.to_thread(server.start)


def share(labels: list[str], what: str) -> list[str]:
    """The points that this run dies at."""
    return labels[:: _EVERY[what]]


async def sweep(labels: list[str], folder: Path, shared: EmbeddedPostgres, *, what: str, width: int) -> str:
    """Die once at each label, several worlds side by side: most of a world's time is waiting for Slack's budgets.

    Returns how many deaths that were, for the run's last lines.
    """
    died: list[str] = []
    broken: dict[str, str] = {}
    free = asyncio.Semaphore(width)

    async def one(number: int, label: str) -> None:
        """What is written together in one run may be written apart in the next: a point not passed is tried again."""
        async with free:
            for _ in range(_TRIES):
                try:
                    if what == "bot":
                        has_died = await die_at(label, folder / f"world-{number}", shared, what=what)
                    else:
                        with server_in(folder / f"server-{number}") as own:
                            has_died = await die_at(label, folder / f"world-{number}", own, what=what)
                except (AssertionError, SlackError) as error:
                    broken[label] = f"{type(error).__name__}: {error}"[:600]
                    return
                if has_died:
                    died.append(label)
                    return

    await asyncio.gather(*(one(number, label) for number, label in enumerate(labels)))
    missed = sorted(set(labels) - set(died) - set(broken))
    assert broken == {}
    assert len(missed) <= len(labels) // 20, missed
    return f"at {len(died)} of {len(labels)} points; not passed in {_TRIES} runs: {missed or 'none'}"


@pytest.fixture(autouse=True)
def connections_of_the_dead() -> Iterator[None]:
    """What a killed process held open dies here, and not as a complaint in some later test."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    with server_in(tmp_path / "server") as started:
        yield started


async def test_given_the_bot_when_killed_at_each_point_of_a_launch_and_a_deletion_then_the_promise_holds(
    tmp_path: Path, server: EmbeddedPostgres, record_property: Callable[[str, str], None]
) -> None:
    labels = await points_of(tmp_path, server)

    assert len(labels) > 40
    record_property(
        "the bot killed", await sweep(share(labels, "bot"), tmp_path, server, what="bot", width=6)
    )


@pytest.mark.parametrize("what", ["database", "both"])
async def test_given_the_database_when_killed_at_points_of_a_launch_and_a_deletion_then_the_promise_holds(
    tmp_path: Path, server: EmbeddedPostgres, what: str, record_property: Callable[[str, str], None]
) -> None:
    labels = await points_of(tmp_path, server)

    killed = await sweep(share(labels, what), tmp_path, server, what=what, width=4)
    record_property(f"{what} killed", killed)
