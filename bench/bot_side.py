"""The bot's side: its own launcher, actor, listing, quota and driver over an embedded PostgreSQL, in their usual loops.

No Slack: the story of each launch is recorded as always, and nobody posts it. Nobody listens to guests either: a launch is over
when its server is ACTIVE (phase `booting`). The plan is given, no repository is looked up.
"""

import asyncio
import secrets
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp
import psutil

from bench import shares
from bench.job import Job, Side, cpu_s, memory_mib
from bench.requests_seen import RequestsSeen
from bench.watching import Watch, WatchedCloud, WatchedDatabase, WatchedInventory, WatchedQuota, WatchedTurns
from bot.runtime import LOOKS
from provisioning.acting import Actor, Orders
from provisioning.catalogue import Catalogue
from provisioning.clouds.openstack import OpenStackSettings
from provisioning.clouds.openstack_calls import THREADS, Purpose
from provisioning.guest_link import GuestLink
from provisioning.key_rotation import born_with
from provisioning.keys import load, secret_of
from provisioning.launch import Launcher
from provisioning.model import Binder, BinderId, Flavor, Options, Phase, Plan, Request
from provisioning.phases import Policy
from provisioning.plan import PlanPolicy
from provisioning.sites import Site, Sites
from provisioning.store import binders
from provisioning.store.database import Bell
from provisioning.store.migrations import migrate
from provisioning.store.postgres import EmbeddedPostgres
from provisioning.tickets import Signer
from provisioning.worker import Loop, Worker

_LISTING_EVERY = timedelta(seconds=2)  # as in a deployment
_QUOTA_EVERY = timedelta(seconds=5)
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


def _clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class _Bot:
    """A bot at work."""

    job: Job
    watch: Watch
    db: WatchedDatabase
    bell: Bell
    seen: RequestsSeen
    database: Path  # where its cluster lies

    async def launch(self) -> list[BinderId]:
        """Ask for all launches in one transaction."""
        asked = [
            BinderId("".join(secrets.choice(_LETTERS) for _ in range(10))) for _ in range(self.job.launches)
        ]
        async with self.db.transaction() as tx:
            for one in asked:
                await binders.insert(tx, _binder(one, _request(self.job)))
        for one in asked:
            self.watch.ask(one)
        self.bell.ring("step")
        return asked

    async def delete(self, asked: Collection[BinderId]) -> None:
        """Want all of them gone."""
        now = _clock()
        async with self.db.transaction() as tx:
            for one in asked:
                await tx.run("bench/wish.grant", id=one, at=now)
                await binders.wake(tx, one, now)
        self.bell.ring("step")

    async def until(self, done: Callable[[], Collection[str]], asked: Collection[BinderId]) -> None:
        """Return when all are done, or the time for it is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.job.give_up_after_s):
                while not set(asked) <= set(done()):
                    self.watch.moved.clear()
                    await self.watch.moved.wait()

    async def failures(self, asked: Collection[BinderId]) -> list[str]:
        """What became of those that are not up."""
        async with self.db.transaction() as tx:
            found = [await binders.get(tx, one) for one in asked if one not in self.watch.up]
        return [f"{b.phase}: {b.failure.message if b.failure else b.last_error}" for b in found if b]


async def measure(job: Job) -> Side:
    """Launch, wait, delete, and tell what it took."""
    async with _running(job) as bot:
        watch, idle, cpu = bot.watch, memory_mib(), cpu_s()
        began = time.time()
        asked = await bot.launch()
        await bot.until(lambda: {*watch.up, *watch.failed}, asked)
        launching = [r for r in bot.seen.all if not r.is_about_itself]
        failed = await bot.failures(asked)
        beside = _memory_below(bot.database)
        bot.seen.all.clear()
        gone_from = time.time()
        await bot.delete(asked)
        await bot.until(lambda: watch.gone, asked)
        deleting = [r for r in bot.seen.all if not r.is_about_itself]
        found, loops_s = _shares(watch)
        return Side(
            name="the bot", launched=len(watch.up), failed=failed,
            not_deleted=[str(one) for one in asked if one not in watch.gone],
            all_active_s=max(watch.up.values(), default=began) - began,
            all_gone_s=max(watch.gone.values(), default=gone_from) - gone_from,
            launch_s=[up - watch.asked[b] for b, up in watch.up.items()],
            requests=dict(Counter(r.label for r in launching)),
            busiest_second=shares.busiest(r.at for r in launching),
            refused=dict(Counter(str(r.status) for r in launching if r.status >= 400)),
            deletion_requests=dict(Counter(r.label for r in deleting)),
            idle_mib=idle, most_mib=memory_mib("VmHWM"), beside_mib=beside, cpu_s=cpu_s() - cpu,
            shares=found, loops_s=loops_s,
        )  # fmt: skip


def _shares(watch: Watch) -> tuple[list[dict[str, float]], dict[str, float]]:
    """Where each launch's time went, and what the loops spent theirs on."""
    occupied = shares.Occupancy(THREADS[Purpose.MAKE], watch.on_the_wire)
    found: list[dict[str, float]] = []
    loops_s: dict[str, float] = defaultdict(float)
    for line in watch.timelines().values():
        divided = shares.divided(line)
        for share, seconds in divided.items():
            if share not in shares.NO_LOOP:
                loops_s[str(share)] += seconds
        behind = occupied.within(line, shares.QUEUEING)
        found.append({str(share): seconds for share, seconds in divided.items()} | {shares.BEHIND: behind})
    return found, dict(loops_s)


@asynccontextmanager
async def _running(job: Job) -> AsyncIterator[_Bot]:
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="binderops-bench-")))
        embedded = EmbeddedPostgres(home)
        url = await asyncio.to_thread(embedded.start)
        stack.callback(shutil.rmtree, embedded.folder, ignore_errors=True)
        stack.callback(embedded.stop_if_unused)
        await migrate(url)
        watch = Watch()
        db = WatchedDatabase(url, watch)
        await db.open()
        stack.push_async_callback(db.close)
        bell = Bell(url)
        await bell.start()
        stack.push_async_callback(bell.stop)
        settings = OpenStackSettings(
            cloud=job.cloud, image=job.image, environment={"OS_CLIENT_CONFIG_FILE": str(job.clouds_yaml)}
        )
        cloud = WatchedCloud(watch, settings, deployment=job.deployment)
        stack.push_async_callback(cloud.close)
        offered = {f.name: f for f in await cloud.flavors()}
        launcher = await _launcher(stack, job, db, watch, bell, cloud, offered[job.flavor], home)
        seen = RequestsSeen(cloud.wire.connection)
        worker = Worker(bell, (Loop(topic="step", once=launcher.once, width=job.loops, is_chained=True),))
        await worker.start()
        stack.push_async_callback(worker.stop)
        yield _Bot(job=job, watch=watch, db=db, bell=bell, seen=seen, database=embedded.folder)


async def _launcher(
    stack: AsyncExitStack,
    job: Job,
    db: WatchedDatabase,
    watch: Watch,
    bell: Bell,
    cloud: WatchedCloud,
    flavor: Flavor,
    home: Path,
) -> Launcher:
    below = flavor.disk_gib + 1 if job.volumes else 0
    site = Site(
        name="", cloud=cloud, inventory=WatchedInventory(watch, cloud, _clock, every=_LISTING_EVERY),
        quota=WatchedQuota(watch, cloud, _clock, every=_QUOTA_EVERY),
        catalogue=Catalogue(cloud, PlanPolicy().prices), plans=PlanPolicy(), volume_root_below_gib=below,
    )  # fmt: skip
    secret = secret_of(home, "")
    await load(db, secret, _clock)
    http = await stack.enter_async_context(aiohttp.ClientSession())

    async def signers() -> Sequence[Signer]:
        return (await load(db, secret, _clock)).signers

    async def plan(binder: Binder) -> Plan:
        return Plan(
            request=binder.request, commit="0" * 40, ref="main", title="bench", flavor=flavor, image=job.image,
            lifetime=timedelta(hours=1), needs_confirmation=False,
        )  # fmt: skip

    sites = Sites([site])
    actor = Actor(
        db=db, sites=sites, link=GuestLink(http, signers, _clock), plan=plan, orders=Orders(bot_keys=partial(born_with, db, secret)),
        deployment=job.deployment, clock=_clock,
    )  # fmt: skip
    policy = Policy(volume_gib=job.volume_gib)
    return Launcher(
        db=db, sites=sites, actor=actor, policy=policy, deployment=job.deployment, clock=_clock, claimed=lambda: bell.ring("step"),
        looks=LOOKS, put_off=lambda until: bell.ring_in("step", (until - _clock()).total_seconds()),
        turns=WatchedTurns(watch),
        rest=watch.resting,
    )  # fmt: skip


def _request(job: Job) -> Request:
    return Request(
        provider="gh", repo="https://github.com/binder-examples/conda", options=Options(flavor=job.flavor)
    )


def _binder(binder_id: BinderId, request: Request) -> Binder:
    now = _clock()
    return Binder(
        id=binder_id, team="bench", channel="bench", owner="bench", request=request, plan=None,
        phase=Phase.REQUESTED, outcome=None, failure=None, attempt=0, created_at=now, phase_since=now,
        expires_at=None, keep_until=None, warned=0, public_url="", report=None, last_action_at=now,
        errors_in_row=0, last_error="",
    )  # fmt: skip


def _memory_below(folder: Path) -> float:
    """MiB of the PostgreSQL processes that work in this folder, shared pages counted once among them."""
    found = 0
    for process in psutil.process_iter(["name"]):
        with suppress(psutil.Error):  # it ended just now, or is nobody's business
            if process.info["name"] == "postgres" and Path(process.cwd()).is_relative_to(folder):
                found += process.memory_full_info().pss
    return found / 2**20
