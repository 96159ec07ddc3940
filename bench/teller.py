"""The bot's way from its database to Slack as a process of its own: narrator and outbox, wired as `bot.runtime` wires them.

Started by `bench.slack`, ended by SIGTERM.
"""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

import aiohttp

from bot.logs import configure
from bot.narrator import Narrator
from bot.outbox import Outbox
from bot.runtime import OUTBOX_TICK_S, until_told_to_stop, utc_now
from bot.settings import load
from bot.slack_client import make_client
from provisioning.store.database import Bell, Database
from provisioning.worker import Loop, Worker


async def serve() -> None:
    """Until SIGTERM."""
    settings = load(os.environ)
    slack = make_client(settings)
    db = await Database(settings.database_url).open()
    bell = Bell(settings.database_url)
    await bell.start()
    async with aiohttp.ClientSession() as http:
        outbox = Outbox(db, slack, utc_now, http, _no_link, more=bell.ring)
        loops = (
            Loop(topic="story", once=Narrator(db=db, clock=utc_now).once),
            Loop(topic="outbox", once=outbox.once, width=4, is_chained=True, tick_s=OUTBOX_TICK_S),
            Loop(topic="answer", once=outbox.answer, width=8, is_chained=True),
        )
        worker = Worker(bell, loops)
        await worker.start()
        print("serves", flush=True)
        await until_told_to_stop()
        await worker.stop()
    await bell.stop()
    await db.close()


async def _no_link(_private: Mapping[str, Any]) -> str:
    """Nobody presses anything here."""
    raise NotImplementedError


if __name__ == "__main__":
    configure(is_quiet=True)
    asyncio.run(serve())
