"""The app over HTTP: what the playground sends as Slack does, and what others send as Slack never would."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_sdk.signature import SignatureVerifier

from bot.app import build_app
from bot.http_mode import LARGEST_BODY, HttpMode
from bot.listening import Address
from bot.playground import Patience
from bot.settings import load
from bot.slack_client import make_client
from provisioning.errors import RefusedError
from provisioning.store.database import Database
from tests.integration.desk.conftest import BEN, GENERAL, TEAM, Workspace, until

pytestmark = pytest.mark.integration
FORM = "application/x-www-form-urlencoded"
COMMAND = {
    "command": "/binder", "text": "list", "team_id": TEAM, "channel_id": GENERAL, "user_id": BEN,
    "trigger_id": "1.2.3", "response_url": "http://127.0.0.1:1/response/x", "api_app_id": "A1",
}  # fmt: skip


@dataclass
class Front:
    """The workspace's app, reached over HTTP."""

    workspace: Workspace
    mode: HttpMode

    async def post(
        self, body: str, *, kind: str = FORM, age_s: float = 0, secret: str = "", **headers: str
    ) -> tuple[int, str]:
        """A request as Slack signs it ``age_s`` ago; status and body of the answer."""
        timestamp = str(int((self.workspace.clock.now - timedelta(seconds=age_s)).timestamp()))
        secret = secret or self.workspace.playground.signing_secret
        signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
        sealed = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": str(signature)}
        return await self.bare(body.encode(), kind=kind, **{**sealed, **headers})

    async def bare(self, body: bytes, *, kind: str = FORM, **headers: str) -> tuple[int, str]:
        """A request without a signature."""
        told = {"Content-Type": kind, **headers}
        async with self.workspace.http.post(self.mode.url, data=io.BytesIO(body), headers=told) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def served(workspace: Workspace) -> AsyncIterator[Front]:
    slack = make_client(
        load(
            {
                "SLACK_BOT_TOKEN": workspace.playground.bot_token,
                "SLACK_API_URL": workspace.playground.api_url,
            }
        )
    )
    mode = HttpMode(Address("127.0.0.1", 0), workspace.playground.signing_secret, workspace.clock)
    await mode.start(build_app(workspace.desk, slack, workspace.way))
    try:
        yield Front(workspace, mode)
    finally:
        await mode.stop()


@pytest.fixture
async def front(workspace: Workspace) -> AsyncIterator[Front]:
    async with served(workspace) as found:
        yield found


@pytest.fixture
async def http_workspace(front: Front) -> Workspace:
    """The playground sends everything over HTTP."""
    playground = front.workspace.playground
    playground.deliver_to(front.mode.url)

    async def is_there() -> bool:
        return playground.http.is_connected

    assert await until(is_there)
    return front.workspace


async def test_given_http_mode_when_a_command_is_typed_then_it_is_acked_and_stored(
    http_workspace: Workspace,
) -> None:
    done = await http_workspace.types(BEN, "list")

    assert done["acked"]
    assert [i["kind"] for i in await http_workspace.intents()] == ["list"]


async def test_given_http_mode_when_mentioned_then_the_mention_is_stored(http_workspace: Workspace) -> None:
    await http_workspace.says(BEN, "@binderops help")

    async def is_stored() -> bool:
        return [i["kind"] for i in await http_workspace.intents()] == ["mention"]

    assert await until(is_stored)


async def test_given_http_mode_when_the_form_is_asked_for_then_it_opens(http_workspace: Workspace) -> None:
    await http_workspace.types(BEN, "")

    async def is_open() -> bool:
        return bool(http_workspace.playground.site.windows.open_views(BEN))

    assert await until(is_open)


async def test_given_a_command_that_comes_twice_then_it_is_wanted_once(front: Front) -> None:
    first = await front.post(urlencode(COMMAND))
    again = await front.post(urlencode(COMMAND), **{"X-Slack-Retry-Num": "1"})

    assert (first[0], again[0]) == (200, 200)
    assert len(await front.workspace.intents()) == 1


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"age_s": 301}, id="a replay after five minutes"),
        pytest.param({"age_s": -301}, id="a time to come"),
        pytest.param({"secret": "another"}, id="another secret"),
        pytest.param({"X-Slack-Signature": "v0=é"}, id="a signature that is no ASCII"),
        pytest.param({"X-Slack-Request-Timestamp": "soon"}, id="a time that is no number"),
        pytest.param({"X-Slack-Request-Timestamp": ""}, id="no time"),
    ],
)
async def test_given_a_request_that_slack_did_not_just_sign_then_it_is_refused_and_leaves_nothing(
    front: Front, how: dict[str, Any]
) -> None:
    status, _ = await front.post(urlencode(COMMAND), **how)

    assert status == 401
    assert await front.workspace.intents() == []


async def test_given_a_refused_request_then_the_log_holds_none_of_its_body(
    front: Front, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")

    await front.post(urlencode({**COMMAND, "text": "planted"}), secret="another")

    assert "request-refused seal=wrong" in caplog.text
    assert "planted" not in caplog.text


async def test_given_slacks_challenge_when_signed_then_it_comes_back(front: Front) -> None:
    body = '{"type": "url_verification", "challenge": "c4", "token": "t"}'

    status, text = await front.post(body, kind="application/json")

    assert status == 200
    assert "c4" in text


async def test_given_slacks_challenge_when_not_signed_then_it_does_not_come_back(front: Front) -> None:
    body = b'{"type": "url_verification", "challenge": "c4", "token": "t"}'

    assert await front.bare(body, kind="application/json") == (401, "")


async def test_given_a_look_at_the_certificate_when_not_signed_then_it_is_answered_and_does_nothing(
    front: Front,
) -> None:
    body = urlencode({"ssl_check": "1", **COMMAND}).encode()

    assert await front.bare(body) == (200, "")
    assert await front.workspace.intents() == []


async def test_given_a_body_beyond_the_limit_then_it_is_not_read_to_its_end(front: Front) -> None:
    status, _ = await front.bare(b"x" * (LARGEST_BODY + 1))

    assert status == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/slack/events", 405, id="no post"),
        pytest.param("POST", "/slack/commands", 404, id="elsewhere"),
    ],
)
async def test_given_anything_but_the_one_route_then_it_is_not_there(
    front: Front, method: str, path: str, status: int
) -> None:
    url = front.mode.url.replace("/slack/events", path)

    async with front.workspace.http.request(method, url) as answer:
        assert answer.status == status


async def test_given_a_taken_port_when_started_then_it_says_what_to_do(front: Front) -> None:
    port = int(front.mode.url.rpartition(":")[2].partition("/")[0])
    second = HttpMode(Address("127.0.0.1", port), "s", front.workspace.clock)

    with pytest.raises(RefusedError) as refused:
        await second.start(build_app(front.workspace.desk, make_client(load({})), front.workspace.db))

    assert refused.value.code == "cannot-listen"
    assert "--http" in refused.value.hint


async def test_given_a_database_away_when_mentioned_over_http_then_slack_repeats_until_it_is_stored(
    http_workspace: Workspace, database_url: str
) -> None:
    http_workspace.playground.http.patience = Patience(ack_s=20, repeats_s=(0.0, 0.0, 0.0))

    async def is_refused() -> bool:
        return any(ack["status"] == 500 for ack in http_workspace.playground.http.acks)

    own = http_workspace.way.db
    full = await Database(database_url, max_connections=1).open()
    http_workspace.way.db = full
    async with full.transaction():
        await http_workspace.says(BEN, "@binderops help")
        assert await until(is_refused)
        http_workspace.way.db = own
    await full.close()

    async def is_stored() -> bool:
        return [i["kind"] for i in await http_workspace.intents()] == ["mention"]

    assert await until(is_stored)
