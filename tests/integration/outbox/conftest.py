"""A desk over the outbox: rows go in as the narrator and the commands put them, a failing Slack is behind it."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks import section
from bot.outbox import Outbox
from provisioning.errors import RefusedError
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.fakes.slack import FakeSlack

ROOT = "binder:aaaabbbbcc:root"


class Desk:
    """Writes rows as the narrator and the commands do, and runs outboxes over them."""

    def __init__(self, db: Database, clock: Clock, slack: FakeSlack, http: aiohttp.ClientSession) -> None:
        self.db, self.clock, self.slack, self._http = db, clock, slack, http
        self.links: list[Mapping[str, Any]] = []

    def outbox(self) -> Outbox:
        client = AsyncWebClient(token="xoxb-1", base_url=f"{self.slack.url}/api/")
        return Outbox(self.db, client, self.clock, self._http, self._link)

    async def _link(self, private: Mapping[str, Any]) -> str:
        self.links.append(private)
        if private.get("gone"):
            raise RefusedError("binder-gone", "It was deleted.", "Launch again.")
        return "http://b.localhost/_binder/enter?t=secret"

    async def put(self, key: str, text: str = "", **more: Any) -> None:
        body = more.pop("body", None) or {"text": text or key, "blocks": [section(text or key)]}
        row: dict[str, Any] = {
            "binder": None, "team": "T1", "channel": "C1", "thread_key": None, "method": "post",
            "is_final": False, "now": self.clock(), "at": self.clock(), "not_before": self.clock(),
        }  # fmt: skip
        async with self.db.transaction() as tx:
            await tx.run("bot/story.put", key=key, body=body, **{**row, **more})

    async def run(self, outbox: Outbox | None = None, *, seconds: int = 0) -> None:
        """Send whatever may go out, for so many seconds of the clock."""
        outbox = outbox or self.outbox()
        for _ in range(seconds + 1):
            while await outbox.answer() or await outbox.once():
                pass
            if seconds:
                self.clock.forward(seconds=1)

    async def row(self, key: str) -> dict[str, Any]:
        async with self.db.transaction() as tx:
            connection = tx._connection  # the row as it is, which no query of ours needs
            cursor = await connection.execute("select * from outbox where key = %s", (key,))
            found = await cursor.fetchone()
        assert found is not None
        return found


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    fake = FakeSlack()
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
async def desk(db: Database, clock: Clock, slack: FakeSlack) -> AsyncIterator[Desk]:
    async with aiohttp.ClientSession() as http:
        yield Desk(db, clock, slack, http)
