"""Puts a process together and takes it apart again: database, keys, cloud, loops, Slack. Holds no policy.

``Parts`` are what a test may bring instead of ours: the same wiring runs with a cloud or a clock of its own.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from bot.settings import Settings
from provisioning.store.database import Database
from provisioning.store.migrations import migrate
from provisioning.store.postgres import EmbeddedPostgres

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The clock of a real process."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The deployment's database, migrated; the embedded one is started, and stopped by the last process that leaves."""
    async with database_url(settings) as url:
        database = await Database(url).open()
        try:
            yield database
        finally:
            await database.close()


@asynccontextmanager
async def database_url(settings: Settings) -> AsyncIterator[str]:
    """Where the database is; a running server for as long as the context lasts."""
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
