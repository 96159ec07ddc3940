"""The bot's line to Slack: refused, mended, lost and made again, without a restart."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from slack_bolt.async_app import AsyncApp

from bot.settings import load
from bot.slack_client import SlackClient, make_client
from bot.socket_mode import SocketMode
from tests.fakes.playground import Bench, bench

pytestmark = pytest.mark.integration


@dataclass
class Bot:
    """A line whose app token a test can change, in a workspace that may know another one."""

    room: Bench
    slack: SlackClient
    token: str
    line: SocketMode

    async def start(self) -> None:
        await self.line.start(AsyncApp(client=self.slack, request_verification_enabled=False, token="xoxb-1"))

    async def until(self, is_so: Callable[[], object]) -> None:
        async with asyncio.timeout(30):
            while not is_so():
                await self.room.playground.site.changes.wait_after(
                    self.room.playground.site.changes.last, longest_s=0.1
                )


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with bench() as room:
        slack = make_client(
            load({"SLACK_BOT_TOKEN": room.playground.bot_token, "SLACK_API_URL": room.playground.api_url})
        )
        made: list[Bot] = []
        line = SocketMode(slack, lambda: made[0].token, lambda: datetime.now(UTC))
        made.append(Bot(room, slack, room.playground.app_token, line))
        yield made[0]
        await line.stop()


async def test_given_a_good_token_when_started_then_the_line_is_up(bot: Bot) -> None:
    await bot.start()

    assert bot.line.line().is_up
    assert bot.room.playground.socket.is_connected


async def test_given_a_refused_token_when_started_then_it_says_so_and_the_process_goes_on(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    bot.token = "xapp-revoked"

    await bot.start()

    assert (bot.line.line().is_up, bot.line.line().detail) == (False, "refused (invalid_auth)")
    assert "slack-not-connected error=refused (invalid_auth)" in caplog.text
    assert "Traceback" not in caplog.text


async def test_given_a_refused_token_when_it_is_renewed_then_the_line_comes_up_by_itself(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    good, bot.token = bot.token, "xapp-revoked"
    await bot.start()

    bot.token = good
    await bot.until(lambda: bot.line.line().is_up)

    assert "slack-connected-again" in caplog.text


async def test_given_a_line_when_slack_ends_it_then_it_is_made_again(bot: Bot) -> None:
    await bot.start()
    first = bot.room.playground.socket.connections[0]

    await bot.room.person.post("faults", kind="disconnect", reason="refresh_requested")
    await bot.until(lambda: first.is_draining and bot.room.playground.socket.is_connected)

    await bot.until(lambda: bot.line.line().is_up)


async def test_given_a_line_when_stopped_then_nothing_of_it_is_left(bot: Bot) -> None:
    await bot.start()

    await bot.line.stop()

    await bot.until(lambda: not bot.room.playground.socket.connections)
    assert [t.get_name() for t in asyncio.all_tasks() if t.get_name() == "socket-mode"] == []
