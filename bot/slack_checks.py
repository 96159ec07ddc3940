"""The checks of a workspace: asks Slack what launches need of it, and says what is not so. Posts nothing, opens nothing.

`slack_verdicts` says what the answers mean.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackClientError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot import slack_verdicts as verdicts
from bot.manifest import manifest
from bot.outbox.answers import NotTaken, ask
from bot.outbox.row import RateLimited, Refused
from bot.settings import Secrets
from bot.slack_client import SlackClient
from provisioning.checks import Finding, skipped

PATIENCE_S = 10
_MOST_CHANNELS = 200
_PORTS = {"wss": 443, "ws": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackChecks:
    """``over``: how Slack reaches the bot, ``socket`` or ``http``; ``url``: the public address for the latter."""

    slack: SlackClient
    secrets: Secrets
    over: str
    url: str
    now: datetime

    async def run(self) -> AsyncIterator[Finding]:
        """Each finding as it is known."""
        if not any(
            (self.secrets.slack_bot_token, self.secrets.slack_app_token, self.secrets.slack_signing_secret)
        ):
            yield verdicts.no_secrets()
            return
        answer, finding = await self._token()
        yield finding
        if answer is None:
            for check in ("slack-scopes", "slack-blocks", "slack-channels"):
                yield skipped(check, "slack-token")
        else:
            headers = {str(name).lower(): str(value) for name, value in answer.headers.items()}
            yield verdicts.scopes(headers.get("x-oauth-scopes"), manifest()["oauth_config"]["scopes"]["bot"])
            yield await self._plan_blocks()
            yield await self._channels()
        yield await (self._public_url() if self.over == "http" else self._socket())

    async def _token(self) -> tuple[AsyncSlackResponse | None, Finding]:
        if not self.secrets.slack_bot_token:
            return None, verdicts.token_missing()
        answer, error, is_refused = await _asked(self.slack.auth_test())
        if answer is None:
            return None, verdicts.token_refused(error) if is_refused else verdicts.away("slack-token", error)
        return answer, verdicts.token(dict(answer.data) if isinstance(answer.data, dict) else {})

    async def _plan_blocks(self) -> Finding:
        _, error, _ = await _asked(self.slack.blocks_validate(message=json.dumps(verdicts.PLAN)))
        return verdicts.plan_blocks(error)

    async def _channels(self) -> Finding:
        answer, error, _ = await _asked(
            self.slack.users_conversations(
                types="public_channel,private_channel", exclude_archived=True, limit=_MOST_CHANNELS
            )
        )
        if answer is None:
            return verdicts.channels_untold(error)
        found: list[dict[str, Any]] = answer.get("channels") or []
        more = (answer.get("response_metadata") or {}).get("next_cursor")
        return verdicts.channels([str(c["name"]) for c in found], has_more=bool(more))

    async def _socket(self) -> Finding:
        if not self.secrets.slack_app_token:
            return verdicts.app_token_missing()
        call = self.slack.apps_connections_open(app_token=self.secrets.slack_app_token)
        answer, error, is_refused = await _asked(call)
        if answer is None:
            return verdicts.socket_refused(error) if is_refused else verdicts.away("slack-socket", error)
        url = str(answer["url"])
        return verdicts.socket(url, await _reach(url))

    async def _public_url(self) -> Finding:
        if not self.secrets.slack_signing_secret:
            return verdicts.secret_missing()
        if not self.url:
            return verdicts.url_unknown()
        is_here = urlsplit(self.url).hostname in ("127.0.0.1", "localhost", "::1")
        if not self.url.startswith("https://") and not is_here:
            return verdicts.url_wrong(self.url)
        challenge = secrets.token_hex(16)
        body = json.dumps({"type": "url_verification", "challenge": challenge}).encode()
        try:
            status, said = await _post(self.url, body, self._seal(body))
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            return verdicts.url_silent(self.url, type(error).__name__)
        return verdicts.url(self.url, status, is_echoed=status == 200 and challenge in said)

    def _seal(self, body: bytes) -> dict[str, str]:
        at = str(int(self.now.timestamp()))
        signed = SignatureVerifier(self.secrets.slack_signing_secret).generate_signature(
            timestamp=at, body=body
        )
        return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": str(signed)}


async def _asked(call: Awaitable[AsyncSlackResponse]) -> tuple[AsyncSlackResponse | None, str, bool]:
    """The answer; else Slack's word or why there is none, and whether it was Slack that said no."""
    try:
        return await ask(call, PATIENCE_S), "", False
    except NotTaken as no:
        match no.result:
            case Refused():
                return None, no.result.error, True
            case RateLimited():
                return None, "ratelimited", False
            case _:
                return None, no.result.why, False
    except SlackClientError as error:
        return None, type(error).__name__, False


async def _reach(url: str) -> str:
    """Why the host of a websocket's address cannot be reached; empty where it can."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(PATIENCE_S):
            _, writer = await asyncio.open_connection(
                parts.hostname, parts.port or _PORTS[parts.scheme], ssl=parts.scheme == "wss"
            )
            writer.close()
    except (TimeoutError, OSError) as error:
        return type(error).__name__
    return ""


async def _post(url: str, body: bytes, seal: dict[str, str]) -> tuple[int, str]:
    headers = {"Content-Type": "application/json", **seal}
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    async with (
        aiohttp.ClientSession(timeout=timeout) as http,
        http.post(url, data=body, headers=headers, allow_redirects=False) as answer,
    ):
        return answer.status, (await answer.content.read(1000)).decode(errors="replace")
