"""How soon a command is acked while many environments live: the bot in HTTP mode, and beside it an app that works before it acks.

    python -m bench.ack [--rate 50] [--seconds 300] [--binders 200]

Both sides take the same commands at the same times from a process of its own (`bench.load`), one side after the other, against the
same stand-in Slack and the same database server. The bot has all environments alive, listens to each of them and answers each
command by its response_url; the plain app (`bench.plain_app`) has nothing to do but the commands. A launch finds the cloud full:
it is resolved and refused, so that the number of live environments stays what it is.

An ack's time counts from when its command was due, not from when it was sent. Exit code 0: every command was taken and answered and
the bot's p99 is within the target; 1: not so.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil

from bench import plain_app
from bench.ack_figures import TARGET_S, Side, report
from bench.load import LAUNCH, Heard, Load
from bench.stand import Stand, stand
from bot.http_mode import PATH
from bot.playground.workspace import User

_PEOPLE = 40  # five environments each, where there are 200
_LAUNCHES_A_SECOND = 2.0  # until all are there
_LOOK_EVERY_S = 0.5
_COMMITTED = "select xact_commit from pg_stat_database where datname = current_database()"
_FLUSH_S = 1.5  # PostgreSQL keeps a session's counts to itself for up to a second
_BUSY = """
    select (select count(*) from outbox where body_rev > sent_rev) + (select count(*) from intents where state <> 'done')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """``ready_s``: how long all environments may take to come up."""

    rate: float = 50
    seconds: float = 300
    binders: int = 200
    channels: int = 10
    ready_s: float = 1800

    @property
    def count(self) -> int:
        """Commands for each side."""
        return round(self.rate * self.seconds)


@dataclass(slots=True)
class _Use:
    """What a process took while it was watched."""

    pid: int
    most_mib: float = 0
    cpu_s: float = 0
    _before_s: float = field(default=0)

    async def watch(self) -> None:
        """Until cancelled. What its git processes use is not in it."""
        process = psutil.Process(self.pid)
        self._before_s = sum(process.cpu_times()[:2])
        with suppress(psutil.NoSuchProcess):
            while True:
                self.most_mib = max(self.most_mib, process.memory_info().rss / 2**20)
                self.cpu_s = sum(process.cpu_times()[:2]) - self._before_s
                await asyncio.sleep(_LOOK_EVERY_S)


def main() -> int:
    """Exit code 0: all taken, all answered, the target held."""
    parser = argparse.ArgumentParser(prog="python -m bench.ack", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rate", type=float, default=50, help="commands a second")
    parser.add_argument("--seconds", type=float, default=300, help="for each side")
    parser.add_argument("--binders", type=int, default=200, help="that are alive meanwhile")
    parser.add_argument("--json", type=Path, help="also write all figures there")
    options = parser.parse_args()
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of git processes that others waited for
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: everything is ended
    job = Job(rate=options.rate, seconds=options.seconds, binders=options.binders)
    bot, plain = asyncio.run(measure(job))
    print(report(bot, plain))
    if options.json:
        options.json.write_text(json.dumps([asdict(bot), asdict(plain)], indent=1))
    return 0 if bot.is_good and bot.p99_s <= TARGET_S else 1


async def measure(job: Job) -> tuple[Side, Side]:
    """The bot's side and the plain app's."""
    async with stand(
        instances=job.binders, channels=job.channels, build_s=1, build_steps=2, rates="off"
    ) as found:
        people = _settle(found)
        port = _free_port()
        bot = await found.start(http_port=port)
        load = Load(
            url=f"http://127.0.0.1:{port}{PATH}", secret=found.playground.signing_secret, rate=job.rate, count=job.count,
            repo=found.playground.sample_url, people=people, channels=found.channels,
        )  # fmt: skip
        await _brought_up(found, job, load)
        ours = await _side(found, "bot", bot.process.pid, load)
        ours = replace(
            ours, live=await found.value("select count(*) from binders where phase = 'ready'") or 0
        )
        await found.end(bot)
        port = _free_port()
        async with _plain(found, port, job.binders) as pid:
            theirs = await _side(found, "plain app", pid, replace(load, url=f"http://127.0.0.1:{port}{PATH}"))
    return ours, theirs


def _settle(found: Stand) -> list[str]:
    """More people, in every room of the stand's."""
    workspace = found.playground.site.workspace
    people = [User(id=f"U0BENCH{n:03d}", name=f"bench{n}", real_name=f"Bench {n}") for n in range(_PEOPLE)]
    workspace.users.update({person.id: person for person in people})
    for channel in found.channels:
        workspace.channels[channel].members.extend(person.id for person in people)
    return [person.id for person in people]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _brought_up(found: Stand, job: Job, load: Load) -> None:
    """All environments, launched as people launch them, and nothing left to tell."""
    _say(f"launching {job.binders} environments")
    launches = replace(load, words=(LAUNCH,), prefix="live", rate=_LAUNCHES_A_SECOND, count=job.binders)
    heard = await _sent(launches)
    if heard.not_taken:
        raise RuntimeError(f"launches were not taken: {heard.not_taken}")
    await found.until(lambda: found.are_ready(job.binders), within_s=job.ready_s, every_s=1)

    async def is_quiet() -> bool:
        return await found.value(_BUSY) == 0

    await found.until(is_quiet, within_s=job.ready_s, every_s=1)


async def _side(found: Stand, name: str, pid: int, load: Load) -> Side:
    """One side under the load. Its figures end with its last ack or answer."""
    _say(f"{name}: {load.count} commands at {load.rate:g} a second")
    use = _Use(pid)
    before, began = await _committed(found), time.monotonic()
    watching = asyncio.create_task(use.watch())
    try:
        heard = await _sent(load)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    took = time.monotonic() - began
    after = await _committed(found)
    return Side(
        name=name,
        heard=heard,
        took_s=took,
        most_mib=use.most_mib,
        cpu_s=use.cpu_s,
        transactions=after - before,
    )


async def _committed(found: Stand) -> int:
    await asyncio.sleep(_FLUSH_S)
    return int(await found.value(_COMMITTED) or 0)


async def _sent(load: Load) -> Heard:
    """The load, from a process of its own: what we are busy with does not delay it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load", load.written(), stdout=asyncio.subprocess.PIPE
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"the load ended with {process.returncode}")
    return Heard.read(said.decode())


@asynccontextmanager
async def _plain(found: Stand, port: int, rows: int) -> AsyncIterator[int]:
    """The plain app with as many environments on record; its process id."""
    await _filled(found, rows)
    told = plain_app.Told(port=port, allow_exact=[f"{found.playground.url}/"])
    playground: Any = found.playground
    environment = {
        "DATABASE_URL": found.url, "SLACK_API_URL": playground.api_url, "SLACK_BOT_TOKEN": playground.bot_token,
        "SLACK_SIGNING_SECRET": playground.signing_secret,
    }  # fmt: skip
    with (found.folder / "plain.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.plain_app", told.written(), stdout=asyncio.subprocess.PIPE, stderr=log,
            env=os.environ | environment,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        if not await asyncio.wait_for(process.stdout.readline(), 60):
            raise RuntimeError(f"no plain app: {(found.folder / 'plain.log').read_text()[-2000:]}")
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 20)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _filled(found: Stand, rows: int) -> None:
    await found.run(plain_app.TABLE)
    await found.run(
        "insert into plain_binders (channel, owner, repo, commit, phase) "
        "select channel, owner, request ->> 'repo', '', phase from binders where phase = 'ready' limit %s",
        rows,
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
