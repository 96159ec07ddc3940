"""A database that does not answer within Slack's patience: everybody is told to try again, nothing half is kept."""

from collections.abc import AsyncIterator

import pytest
from slack_bolt.async_app import AsyncBoltRequest

from bot.app import build_app
from bot.settings import load
from bot.slack_client import make_client
from provisioning.store.database import Database
from tests.integration.desk.conftest import BEN, GENERAL, TEAM, Workspace

pytestmark = pytest.mark.integration

MENTION = {
    "type": "event_callback", "team_id": TEAM, "event_id": "Ev1", "api_app_id": "A1",
    "event": {
        "type": "app_mention", "user": BEN, "channel": GENERAL, "text": "<@U0BOT> help", "ts": "1.0", "event_ts": "1.0",
    },
}  # fmt: skip


@pytest.fixture
async def busy(workspace: Workspace, database_url: str) -> AsyncIterator[Workspace]:
    """The desk's only connection is in use by somebody who does not end."""
    database = await Database(database_url, max_connections=1).open()
    own, workspace.way.db = workspace.way.db, database
    async with database.transaction():
        yield workspace
    workspace.way.db = own
    await database.close()


async def test_given_a_database_away_then_a_command_is_acked_with_try_again(busy: Workspace) -> None:
    done = await busy.types(BEN, "org/repo")

    assert done["acked"]
    assert done["ack"]["text"].startswith("Try again: The database does not answer")


async def test_given_a_database_away_then_nothing_is_stored(busy: Workspace) -> None:
    await busy.types(BEN, "org/repo")

    assert await busy.intents() == []


async def test_given_a_database_away_then_the_form_opens_all_the_same(busy: Workspace) -> None:
    await busy.types(BEN, "")

    assert len((await busy.inbox(BEN))["views"]) == 1


async def test_given_a_database_away_then_the_form_keeps_what_was_typed_and_says_try_again(
    busy: Workspace,
) -> None:
    await busy.types(BEN, "")
    done = await busy.submits(BEN, repository="org/repo")

    assert "Try again" in done["errors"]["repository"]


async def test_given_a_database_away_then_a_press_is_not_acked_and_told_to_try_again(
    workspace: Workspace, database_url: str
) -> None:
    await workspace.types(BEN, "list")
    await workspace.works()
    ts = (await workspace.inbox(BEN))["ephemerals"][-1]["ts"]
    database = await Database(database_url, max_connections=1).open()
    own, workspace.way.db = workspace.way.db, database
    async with database.transaction():
        done = await workspace.presses(BEN, ts, "binder.list.channel")
        told = await workspace.until_told(BEN, "Try again")
    workspace.way.db = own
    await database.close()

    assert done["error"] == "operation_timeout"
    assert told


async def test_given_a_fault_of_ours_then_the_person_gets_an_id_that_the_log_has(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    workspace.desk.commands = {}  # nothing is known any more: reading breaks
    ack = (await workspace.types(BEN, "launch again"))["ack"]

    incident = ack["text"].partition("incident ")[2][:8]
    assert f"incident={incident}" in caplog.text


@pytest.fixture
async def locked(workspace: Workspace, database_url: str) -> AsyncIterator[Workspace]:
    """The database takes connections, but somebody holds the table of wishes."""
    database = await Database(database_url, max_connections=1).open()
    async with database.transaction() as tx:
        await tx.run("tests/desk.lock")
        yield workspace
    await database.close()


async def test_given_a_database_that_hangs_then_the_words_do_not_claim_that_nothing_was_done(
    locked: Workspace,
) -> None:
    ack = (await locked.types(BEN, "org/repo"))["ack"]

    assert "It may not have been taken; look at `/binder list` before you type it again." in ack["text"]
    assert ack["text"].startswith("Not sure")


async def test_given_a_database_away_then_a_mention_is_not_acked_and_is_taken_when_slack_repeats_it(
    workspace: Workspace, database_url: str
) -> None:
    slack = make_client(load({"SLACK_BOT_TOKEN": workspace.playground.bot_token}))
    app = build_app(workspace.desk, slack, workspace.way)
    database = await Database(database_url, max_connections=1).open()
    own, workspace.way.db = workspace.way.db, database
    async with database.transaction():
        first = await app.async_dispatch(AsyncBoltRequest(body=MENTION, mode="socket_mode"))
    workspace.way.db = own
    await database.close()
    again = await app.async_dispatch(AsyncBoltRequest(body=MENTION, mode="socket_mode"))

    assert (first.status, again.status) == (500, 200)
    assert [i["dedupe"] for i in await workspace.intents()] == ["event:Ev1"]
