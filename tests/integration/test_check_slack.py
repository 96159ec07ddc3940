"""``binderops check``, Slack's half and the database, against the stand-in workspace."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from slack_bolt.async_app import AsyncApp

from bot import database_check
from bot.http_mode import HttpMode
from bot.listening import Address
from bot.manifest import manifest
from bot.playground import InstalledApp, Playground
from bot.playground.faults import Fault
from bot.runtime import utc_now
from bot.settings import Settings, load
from bot.slack_checks import SlackChecks
from bot.slack_client import make_client
from provisioning.checks import Finding, State
from provisioning.store.database import Database

pytestmark = pytest.mark.integration

APP = InstalledApp.from_manifest(manifest())


class Workspace:
    """A playground, and settings that name it."""

    def __init__(self, playground: Playground) -> None:
        self.playground = playground

    def settings(self, **changed: str) -> Settings:
        tokens = {
            "SLACK_BOT_TOKEN": self.playground.bot_token,
            "SLACK_APP_TOKEN": self.playground.app_token,
            "SLACK_SIGNING_SECRET": self.playground.signing_secret,
            "SLACK_API_URL": self.playground.api_url,
        }
        return load({**tokens, **changed})

    async def finds(self, over: str = "socket", url: str = "", **changed: str) -> dict[str, Finding]:
        settings = self.settings(**changed)
        slack = make_client(settings)
        slack.retry_handlers = []
        checks = SlackChecks(slack=slack, secrets=settings.secrets, over=over, url=url, now=utc_now())
        return {finding.check: finding async for finding in checks.run()}


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    playground = Playground(app=APP)
    await playground.start()
    yield Workspace(playground)
    await playground.stop()


def states(found: dict[str, Finding]) -> dict[str, State]:
    return {name: finding.state for name, finding in found.items()}


async def test_given_an_app_of_the_manifest_then_all_is_well_and_nothing_was_posted(
    workspace: Workspace,
) -> None:
    found = await workspace.finds()

    checks = ["slack-token", "slack-scopes", "slack-blocks", "slack-channels", "slack-socket"]
    assert states(found) == dict.fromkeys(checks, State.OK)
    assert "#general" in found["slack-channels"].said
    assert [c.messages for c in workspace.playground.site.workspace.channels.values() if c.messages] == []


async def test_given_no_secret_at_all_then_one_line_says_so_and_nothing_fails(workspace: Workspace) -> None:
    found = await workspace.finds(SLACK_BOT_TOKEN="", SLACK_APP_TOKEN="", SLACK_SIGNING_SECRET="")

    assert states(found) == {"slack": State.WARN}


@pytest.mark.parametrize(
    ("changed", "failing"),
    [
        pytest.param({"SLACK_BOT_TOKEN": "xoxb-wrong"}, "slack-token", id="a wrong bot token"),
        pytest.param({"SLACK_BOT_TOKEN": ""}, "slack-token", id="no bot token"),
        pytest.param({"SLACK_APP_TOKEN": "xapp-wrong"}, "slack-socket", id="a wrong app token"),
        pytest.param({"SLACK_APP_TOKEN": ""}, "slack-socket", id="no app token"),
    ],
)
async def test_given_a_token_that_is_not_good_then_its_line_fails_and_the_others_go_on(
    workspace: Workspace, changed: dict[str, str], failing: str
) -> None:
    found = await workspace.finds(**changed)

    assert [name for name, state in states(found).items() if state is State.FAIL] == [failing]
    assert (found["slack-channels"].state is State.SKIPPED) is (failing == "slack-token")


async def test_given_an_older_installation_then_the_missing_scopes_are_named() -> None:
    scopes = frozenset(APP.scopes or ()) - {"files:write", "im:history"}
    playground = Playground(app=replace(APP, scopes=scopes))
    await playground.start()

    found = await Workspace(playground).finds()
    await playground.stop()

    assert found["slack-scopes"].state is State.FAIL
    assert "files:write, im:history" in found["slack-scopes"].said


async def test_given_slack_is_away_then_it_says_so_and_no_token_is_blamed(workspace: Workspace) -> None:
    workspace.playground.faults.waiting.append(Fault(kind="500", count=9, method="auth.test"))

    found = await workspace.finds()

    assert "does not answer" in found["slack-token"].said


async def test_given_a_bot_in_http_mode_then_its_address_answers_the_challenge(workspace: Workspace) -> None:
    inbound = HttpMode(Address.parse("127.0.0.1:0"), workspace.playground.signing_secret, utc_now)
    await inbound.start(AsyncApp(token="xoxb-1", request_verification_enabled=False))
    url = inbound.url
    right = await workspace.finds("http", url)
    wrong = await workspace.finds("http", url, SLACK_SIGNING_SECRET="another")
    await inbound.stop()
    gone = await workspace.finds("http", url)

    told = [found["slack-url"].state for found in (right, wrong, gone)]
    assert told == [State.OK, State.FAIL, State.FAIL]
    assert "401" in wrong["slack-url"].said


@pytest.mark.parametrize(
    ("url", "state"),
    [
        pytest.param("", State.UNKNOWN, id="not given"),
        pytest.param("http://your.host/slack/events", State.FAIL, id="not https"),
    ],
)
async def test_given_an_address_that_slack_cannot_call_then_it_says_so(
    workspace: Workspace, url: str, state: State
) -> None:
    assert (await workspace.finds("http", url))["slack-url"].state is state


def database_settings(url: str, home: Path) -> Settings:
    return load({"DATABASE_URL": url, "BINDEROPS_HOME": str(home)} if url else {"BINDEROPS_HOME": str(home)})


async def test_given_a_database_of_ours_then_its_version_is_told(db: Database, tmp_path: Path) -> None:
    found = await database_check.check(database_settings(db.url, tmp_path))

    assert found.state is State.OK
    assert "in use" in found.said


async def test_given_no_address_then_it_is_the_embedded_one_and_nothing_is_made(tmp_path: Path) -> None:
    home = tmp_path / "home"

    found = await database_check.check(database_settings("", home))

    assert (found.state, str(home) in found.said, home.exists()) == (State.OK, True, False)


async def test_given_nobody_at_the_address_then_it_fails_without_the_password(tmp_path: Path) -> None:
    url = "postgresql://binder:s3cret@127.0.0.1:9/none?connect_timeout=1"

    found = await database_check.check(database_settings(url, tmp_path), patience_s=1)

    assert found.state is State.FAIL
    assert "s3cret" not in found.said + found.mend
