"""A token that Slack refuses: said once, nothing lost, and all of it goes on by itself when it is mended."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
from slack_sdk.errors import SlackApiError

from bot.settings import load
from bot.slack_client import SlackClient, make_client
from bot.slack_token import TokenWatch
from provisioning.store.database import Bell, Database
from tests.conftest import Clock
from tests.fakes.playground import GENERAL, Bench, bench

pytestmark = pytest.mark.integration


@dataclass
class World:
    """A workspace, a client for it, and the watch over its token. ``token`` is what the operator has put in place."""

    room: Bench
    slack: SlackClient
    watch: TokenWatch
    token: str

    def revoke(self) -> None:
        """Slack knows another token now."""
        site = self.room.playground.site
        site.app = replace(site.app, bot_token="xoxb-renewed")

    async def posts(self) -> str:
        try:
            await self.slack.chat_postMessage(channel=GENERAL, text="x")
        except SlackApiError as error:
            return str(error.response["error"])
        return "ok"


@pytest.fixture
async def world(db: Database, database_url: str, clock: Clock) -> AsyncIterator[World]:
    async with bench() as room:
        slack = make_client(
            load({"SLACK_BOT_TOKEN": room.playground.bot_token, "SLACK_API_URL": room.playground.api_url})
        )
        found: list[World] = []
        watch = TokenWatch(slack, lambda: found[0].token, db, Bell(database_url), clock)
        slack.observers = (watch.observe,)
        found.append(World(room, slack, watch, room.playground.bot_token))
        yield found[0]


async def test_given_a_good_token_when_looked_at_then_it_is_good(world: World) -> None:
    await world.watch.once()

    assert world.watch.part().ok


async def test_given_a_revoked_token_when_any_call_is_refused_then_it_is_known_and_said_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.revoke()

    assert [await world.posts(), await world.posts()] == ["invalid_auth", "invalid_auth"]

    assert world.watch.part().detail == "Slack refuses the bot's token (invalid_auth)"
    assert caplog.text.count("slack-refuses-token error=invalid_auth") == 1


async def test_given_a_revoked_token_when_the_operator_puts_a_new_one_in_place_then_it_is_used(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.revoke()
    await world.posts()

    world.token = "xoxb-renewed"
    await world.watch.once()

    assert world.watch.part().ok
    assert await world.posts() == "ok"
    assert "slack-takes-token-again after=invalid_auth" in caplog.text


async def test_given_a_renewed_token_when_taken_up_then_the_log_does_not_hold_it(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="bot")
    world.revoke()

    world.token = "xoxb-renewed"
    await world.watch.once()

    assert "slack-token-renewed" in caplog.text
    assert "xoxb" not in caplog.text


async def test_given_messages_that_wait_for_a_token_when_it_is_mended_then_they_are_due_at_once(
    world: World, db: Database, clock: Clock
) -> None:
    async with db.transaction() as tx:
        await tx.run("tests/waiting.refused", at=clock(), later=clock.now.replace(hour=23))
    world.revoke()
    await world.posts()

    world.token = "xoxb-renewed"
    await world.watch.once()

    async with db.transaction() as tx:
        due = {row["key"]: row["next_try_at"] for row in await tx.rows("tests/waiting.all")}
    assert due == {"refused": clock(), "other": clock.now.replace(hour=23)}


async def test_given_a_missing_scope_when_a_call_is_refused_then_the_token_is_not_blamed(
    world: World,
) -> None:
    await world.watch.once()
    site = world.room.playground.site
    site.app = replace(site.app, scopes=frozenset({"commands"}))

    assert await world.posts() == "missing_scope"
    assert world.watch.part().ok
