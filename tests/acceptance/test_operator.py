"""What an operator sees of a bot at work, and what happens while its token is revoked."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.listening import Address
from tests.acceptance.playing import free_port
from tests.fakes.quick_bot import Room, quick_bot

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]


@dataclass
class Watched:
    """A bot, and where to ask about it."""

    room: Room
    url: str
    http: aiohttp.ClientSession

    async def asks(self, path: str) -> tuple[int, str]:
        async with self.http.get(f"{self.url}{path}") as answer:
            return answer.status, await answer.text()

    async def until_slack_is(self, ok: bool) -> dict[str, Any]:
        """What /readyz says of Slack, once it says that."""
        while True:
            told: dict[str, Any] = json.loads((await self.asks("/readyz"))[1])["parts"]["slack"]
            if told["ok"] is ok:
                return told
            await self.room.playground.site.changes.wait_after(10**9, longest_s=0.2)


@pytest.fixture
async def watched(tmp_path: Path, database_url: str) -> AsyncIterator[Watched]:
    port = free_port()
    async with (
        quick_bot(tmp_path, database_url, ops=Address("127.0.0.1", port)) as room,
        aiohttp.ClientSession() as http,
    ):
        yield Watched(room, f"http://127.0.0.1:{port}", http)


async def test_given_a_launch_when_it_is_ready_then_the_figures_tell_its_phases_and_calls(
    watched: Watched,
) -> None:
    await watched.room.types(watched.room.playground.sample_url)
    await watched.room.until(watched.room.message("Ready", "binder.open.lab"))

    await watched.until_slack_is(True)
    ready = await watched.asks("/readyz")
    _, text = await watched.asks("/metrics")

    assert ready[0] == 200
    assert (await watched.asks("/healthz"))[0] == 200
    assert 'binderops_binders{phase="ready"} 1' in text
    assert 'binderops_phase_seconds_count{phase="building"} 1' in text
    assert 'binderops_slack_calls_total{method="chat.postMessage",status="ok"}' in text
    assert 'binderops_log_events_total{event="alone"' not in text  # nothing from before the counting


async def test_given_a_revoked_token_when_renewed_then_what_was_launched_meanwhile_is_told_to_its_end(
    watched: Watched,
) -> None:
    site = watched.room.playground.site
    await watched.until_slack_is(True)
    site.app = replace(site.app, bot_token="xoxb-renewed-1")

    typed = await watched.room.types(watched.room.playground.sample_url)
    told = await watched.until_slack_is(False)
    watched.room.token_file.write_text("xoxb-renewed-1\n")

    await watched.room.until(watched.room.message("Ready", "binder.open.lab"), within_s=120)
    assert typed["acked"]
    assert told["detail"] == "Slack refuses the bot's token (invalid_auth)"
    assert (await watched.until_slack_is(True))["token"]["ok"]
