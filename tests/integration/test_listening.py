"""The listener, on a database: what one guest causes ends no listening."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web

from provisioning.guest_link import GuestLink
from provisioning.inventory import Inventory
from provisioning.model import Phase
from provisioning.reports import LEASE, Listener
from provisioning.sites import Sites
from provisioning.store import binders
from provisioning.store.database import Bell, Database
from tests.conftest import Clock
from tests.fakes.cloud import FakeCloud
from tests.fakes.signing import always
from tests.strategies import a_binder, a_plan

pytestmark = pytest.mark.integration


async def test_given_an_error_that_nobody_expected_then_it_is_logged_and_the_listening_goes_on_after_a_pause(
    db: Database, database_url: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    bell = Bell(database_url)
    cloud = FakeCloud(clock)
    sites = Sites.only(cloud, Inventory(cloud, clock, every=timedelta(seconds=10)))
    async with db.transaction() as tx:
        await binders.insert(tx, a_binder(Phase.BUILDING, plan=a_plan()))
        # A fingerprint that is none: the call itself breaks.
        await tx._connection.execute(
            "update binders set agent_url = 'https://127.0.0.1:1', cert_sha256 = 'odd'"
        )
    async with aiohttp.ClientSession() as session:
        listener = Listener(db, sites, GuestLink(session, always(), clock), bell, clock)
        with caplog.at_level(logging.ERROR):
            await listener.once()
            await bell.wait("listen", timeout_s=30)
        clock.forward(seconds=2)

        goes_on = await listener.once()
        await listener.stop()

    assert (goes_on, "listening-broke binder=aaaabbbbcc" in caplog.text, "ValueError" in caplog.text) == (
        True,
    ) * 3


@asynccontextmanager
async def a_quiet_guest(db: Database) -> AsyncIterator[None]:
    """A binder whose guest has nothing to say: a poll of it lasts."""
    is_over = asyncio.Event()

    async def hold(_request: web.Request) -> web.Response:
        await is_over.wait()
        return web.Response()

    application = web.Application()
    application.add_routes([web.get("/_binder/status", hold)])
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with db.transaction() as tx:
        await binders.insert(tx, a_binder(Phase.BUILDING, plan=a_plan()))
        await tx._connection.execute(
            f"update binders set agent_url = 'http://127.0.0.1:{runner.addresses[0][1]}'".encode()
        )
    try:
        yield
    finally:
        is_over.set()
        await runner.cleanup()


@pytest.mark.parametrize(
    ("is_alive", "is_free"),
    [pytest.param(True, False, id="it-lives"), pytest.param(False, True, id="it-was-killed")],
)
async def test_given_a_poll_longer_than_the_lease_then_another_process_takes_over_only_from_a_dead_one(
    db: Database, database_url: str, clock: Clock, is_alive: bool, is_free: bool
) -> None:
    bell, cloud = Bell(database_url), FakeCloud(clock)
    sites = Sites.only(cloud, Inventory(cloud, clock, every=timedelta(seconds=10)))
    async with a_quiet_guest(db), aiohttp.ClientSession() as session:
        link = GuestLink(session, always(), clock)
        one, other = (Listener(db, sites, link, bell, clock) for _ in range(2))
        await one.once()
        for _ in range(2):
            clock.forward(seconds=LEASE.total_seconds() * 0.6)
            if is_alive:
                await one.once()

        taken_over = await other.once()
        await one.stop()
        await other.stop()

    assert taken_over is is_free
