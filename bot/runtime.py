"""Puts a process together and takes it apart again: database, keys, cloud, loops, Slack. Holds no policy.

What a test may bring instead of ours (a cloud, a database class, a clock) is a parameter: the same wiring runs.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import aiohttp

from bot.app import build_app
from bot.desk import Desk, DeskSettings
from bot.entrance import Entrance
from bot.figures import Figures
from bot.github_app import policy_with_app
from bot.inbound import Inbound
from bot.listening import Address
from bot.narrator import Narrator
from bot.outbox import Outbox
from bot.oversight import Oversight
from bot.people import People
from bot.settings import Settings
from bot.slack_client import SlackClient, make_client
from bot.socket_mode import SocketMode
from bot.source_policy import guest_limits
from provisioning import keys
from provisioning.acting import Actor, Orders
from provisioning.guest_config import GuestConfig
from provisioning.guest_link import GuestLink
from provisioning.handover import Handover
from provisioning.key_rotation import born_with
from provisioning.launch import Launcher
from provisioning.model import Binder, Plan
from provisioning.phases import Policy
from provisioning.plan import make_plan
from provisioning.reports import Listener
from provisioning.right import LEASE
from provisioning.site_watch import SiteWatch
from provisioning.sites import Sites
from provisioning.sources import SOURCES, Source, SourcePolicy, resolve
from provisioning.sources.github_app_words import git_host
from provisioning.standings import Standings
from provisioning.store import source_tokens
from provisioning.store.database import Bell, Database
from provisioning.store.migrations import migrate
from provisioning.store.postgres import EmbeddedPostgres
from provisioning.store.postgres_places import is_made
from provisioning.store.takeover import free_what_nobody_holds
from provisioning.tickets import Signer
from provisioning.vault import Vault
from provisioning.volume_deletion import VolumeDeletion
from provisioning.work_volumes import VolumeLimits
from provisioning.worker import Loop, Worker

log = logging.getLogger(__name__)

_PATIENCE_S = 5  # of whoever only looks
OUTBOX_TICK_S = 0.25  # nobody rings when a budget is free again, and edits come each 1.2 s
_FOR_ACKS = 3  # connections that nothing else keeps busy
#: Binders that one process steps at the same time: nearly all, since most of them wait for the next listing or for their turn.
#: How many do the same kind of thing at once is `provisioning.turns`' to say.
STEPS_AT_ONCE = 200
#: Under one lease, each some two seconds; who presses Delete is heard within five all the same.
LOOKS = 10


def utc_now() -> datetime:
    """The clock of a real process."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a process is put together from."""

    settings: Settings
    url: str  # of the database
    sites: Sites
    clock: Callable[[], datetime] = utc_now
    database: type[Database] = field(default=Database)
    client: Callable[[Settings], SlackClient] = field(default=make_client)
    inbound: Inbound | None = None  # None: Socket Mode
    ops: Address | None = None  # None: nobody asks
    figures: Figures = field(default_factory=Figures)
    forget: str | None = None  # the cloud whose environments may be given up, empty for the first
    sources: Sequence[Source] = SOURCES


@asynccontextmanager
async def database_url(settings: Settings) -> AsyncIterator[str]:
    """Where the deployment's database is, migrated. The embedded one runs as long as the context of its last user."""
    if settings.database_url:
        await migrate(settings.database_url)
        yield settings.database_url
        return
    embedded = EmbeddedPostgres(settings.home)
    url = await asyncio.to_thread(embedded.start)
    try:
        await migrate(url)
        yield url
    finally:
        await asyncio.to_thread(embedded.stop_if_unused)


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The deployment's database, for a command that only looks."""
    async with database_url(settings) as url:
        database = await Database(url).open()
        try:
            yield database
        finally:
            await database.close()


@asynccontextmanager
async def database_as_it_is(settings: Settings) -> AsyncIterator[Database | None]:
    """The deployment's database, neither made nor migrated: there may be none, and tables may be missing."""
    url, embedded = settings.database_url, None
    if not url and is_made(settings.home):
        embedded = EmbeddedPostgres(settings.home)
        url = await asyncio.to_thread(embedded.start)
    database = await Database(url, patience_s=_PATIENCE_S).open() if url else None
    try:
        yield database
    finally:
        if database is not None:
            await database.close()
        if embedded is not None:
            await asyncio.to_thread(embedded.stop_if_unused)


@asynccontextmanager
async def running(parts: Parts) -> AsyncIterator[None]:
    """A bot at work for as long as the context lasts; leaving it lets what is under way end first."""
    settings, clock = parts.settings, parts.clock
    sources = policy_with_app(settings, clock)
    if await free_what_nobody_holds(parts.url, is_shared=bool(settings.database_url), lease=LEASE):
        log.info("alone leases=freed")
    async with AsyncExitStack() as stack:
        db = await parts.database(parts.url).open()
        stack.push_async_callback(db.close)
        front = await parts.database(parts.url, max_connections=_FOR_ACKS).open()
        stack.push_async_callback(front.close)
        bell = Bell(parts.url)
        await bell.start()
        stack.push_async_callback(bell.stop)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        stack.push_async_callback(parts.sites.close)
        parts = await _watched(parts, db)
        sealed = keys.secret_of(settings.home, settings.secrets.binderops_key)
        held = partial(keys.load, db, sealed, clock)
        await held()  # a wrong key is told at once

        async def signers() -> Sequence[Signer]:
            return (await held()).signers

        async def signer() -> Signer:
            return (await held()).current

        link = GuestLink(http, signers, clock)
        guest_config = GuestConfig(db, link, held, clock)
        listener = Listener(db, parts.sites, link, bell, clock)
        stack.push_async_callback(listener.stop)
        vault = Vault(sealed)
        handover = Handover(db, link, vault, clock, sources.app)
        launcher = _launcher(parts, db, link, sealed, bell, vault, sources)
        slack = parts.client(settings)
        oversight = _oversight(parts, slack, db, bell)
        await parts.sites.open()
        standings = Standings(parts.sites, db, clock)
        stack.push_async_callback(standings.stop)
        desk = Desk(
            db=db,
            people=People(slack, clock),
            clock=clock,
            links=link,
            settings=_desk_settings(parts, standings),
            vault=vault,
            more=lambda: bell.ring("desk"),
        )
        private_link = Entrance(db, signer, clock).private_link
        outbox = Outbox(
            db, slack, clock, http, private_link, record=slack.note, observe=slack.observed, more=bell.ring
        )
        loops = (
            Loop(topic="desk", once=desk.once, width=8, is_chained=True),
            Loop(topic="step", once=launcher.once, width=STEPS_AT_ONCE, is_chained=True),
            Loop(topic="listen", once=listener.once),
            Loop(topic="config", once=guest_config.once, width=2, tick_s=5),
            Loop(topic="token", once=handover.once, width=2),
            Loop(topic="volume", once=VolumeDeletion(db=db, sites=parts.sites, clock=clock).once),
            Loop(topic="story", once=Narrator(db=db, clock=clock).once),
            Loop(topic="outbox", once=outbox.once, width=4, is_chained=True, tick_s=OUTBOX_TICK_S),
            Loop(topic="answer", once=outbox.answer, width=8, is_chained=True),
        )
        worker = Worker(bell, loops)
        await worker.start()
        stack.push_async_callback(worker.stop)
        stack.callback(launcher.turns.close)
        inbound = parts.inbound or SocketMode(slack, lambda: settings.secrets.now("slack_app_token"), clock)
        await stack.enter_async_context(oversight.watching(worker, inbound, parts.ops))
        stack.push_async_callback(inbound.stop)
        await inbound.start(build_app(desk, slack, front))
        yield


async def _watched(parts: Parts, db: Database) -> Parts:
    """With clouds that count only while they are the ones that the environments are on."""
    watch = SiteWatch(db=db, deployment=parts.settings.text("deployment"), clock=parts.clock)
    return replace(parts, sites=await watch.watched(parts.sites, forget=parts.forget))


def _oversight(parts: Parts, slack: SlackClient, db: Database, bell: Bell) -> Oversight:
    return Oversight(
        slack=slack, token=lambda: parts.settings.secrets.now("slack_bot_token"), db=db, bell=bell, sites=parts.sites,
        figures=parts.figures, clock=parts.clock,
    )  # fmt: skip


def _desk_settings(parts: Parts, standings: Standings) -> DeskSettings:
    settings = parts.settings
    has_app = settings.values["github_app.id"] is not None
    return DeskSettings(
        admins=frozenset(settings.texts("access.admins")),
        allow_guests=settings.values["access.allow_guests"] is True,
        allow_exact=settings.texts("sources.allow_exact"),
        app_host=git_host(settings.text("github_app.api_url")) if has_app else "",
        default_hours=parts.sites.default.plans.default_hours,
        volumes=VolumeLimits(
            default_gib=int(settings.number("volumes.default_gib") or 0),
            max_gib=int(settings.number("volumes.max_gib") or 0),
        ),
        flavors=parts.sites.flavors,
        standings=standings.look,
    )


def _launcher(
    parts: Parts, db: Database, link: GuestLink, sealed: str, bell: Bell, vault: Vault, policy_on_sources: SourcePolicy
) -> Launcher:  # fmt: skip
    settings = parts.settings
    deployment = settings.text("deployment")

    async def plan(binder: Binder) -> Plan:
        request = binder.request
        site = parts.sites.named(request.options.cloud)
        async with db.transaction() as tx:
            kept = await source_tokens.usable(tx, team=binder.team, person=binder.owner)
        theirs = replace(policy_on_sources, tokens=vault.open(kept))
        resolved = await resolve(request, policy=theirs, sources=parts.sources)
        return make_plan(request, resolved, await parts.sites.offer(site), site.plans)

    actor = Actor(
        db=db, sites=parts.sites, link=link, plan=plan, deployment=deployment, clock=parts.clock,
        orders=Orders(
            bot_keys=partial(born_with, db, sealed), allow_exact=policy_on_sources.allow_exact, limits=guest_limits(settings), rules=policy_on_sources.rules,
        ),
    )  # fmt: skip
    policy = Policy(
        max_lifetime=timedelta(hours=settings.number("limits.max_hours") or 0),
        keep_failed=timedelta(minutes=settings.number("limits.keep_failed_minutes") or 0),
    )
    return Launcher(
        db=db,
        sites=parts.sites,
        actor=actor,
        policy=policy,
        deployment=deployment,
        clock=parts.clock,
        moved=parts.figures.moved,
        looks=LOOKS,
        claimed=lambda: bell.ring("step"),
        put_off=lambda until: bell.ring_in("step", (until - parts.clock()).total_seconds()),
    )


async def until_told_to_stop() -> None:
    """Return at SIGTERM or SIGINT."""
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()
