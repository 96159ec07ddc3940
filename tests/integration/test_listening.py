"""The listener, on a database: what one guest causes ends no listening."""

import logging
from datetime import timedelta

import aiohttp
import pytest

from provisioning.guest_link import GuestLink
from provisioning.inventory import Inventory
from provisioning.model import Phase
from provisioning.reports import Listener
from provisioning.sites import Sites
from provisioning.store import binders
from provisioning.store.database import Bell, Database
from provisioning.tickets import Signer
from tests.conftest import Clock
from tests.fakes.cloud import FakeCloud
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
        listener = Listener(db, sites, GuestLink(session, Signer.generate(), clock), bell, clock)
        with caplog.at_level(logging.ERROR):
            await listener.once()
            await bell.wait("listen", timeout_s=30)
        clock.forward(seconds=2)

        goes_on = await listener.once()
        await listener.stop()

    assert (goes_on, "listening-broke binder=aaaabbbbcc" in caplog.text, "ValueError" in caplog.text) == (
        True,
    ) * 3
