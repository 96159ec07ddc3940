"""Answers to one person: by the response_url that came with what they did, else as an ephemeral message by the token.

The only place where a private link exists: made at sending, for this one answer.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.effects import PRIVATE_LINK
from bot.outbox.answers import PATIENCE_S, NotTaken, ask, wait_of
from bot.outbox.row import Claimed, RateLimited, Refused, Result, Sent, Unknown
from bot.slack_client import Observe
from provisioning.errors import BinderopsError, TemporaryError

_OURS = ("url", "private", "to")  # parts of a body that Slack does not get
_REFUSALS = ("used_url", "expired_url")
_DEAD = frozenset(
    {*_REFUSALS, "http-404", "http-410"}
)  # a response_url lives for 30 minutes and five answers


class Responder:
    """Sends what only one person sees. At least once: an answer by response_url cannot be looked for."""

    def __init__(
        self,
        slack: AsyncWebClient,
        http: aiohttp.ClientSession,
        private_link: Callable[[Mapping[str, Any]], Any],
        record: Callable[[str, Mapping[str, Any]], None] | None,
        observe: Observe | None = None,
    ) -> None:
        self._observe = observe or (lambda _method, _status, _seconds: None)
        self._slack = slack
        self._http = http
        self._private_link = private_link
        self._record = record

    async def respond(self, row: Claimed) -> Result:
        """Send the answer; where its URL is dead, by the token if it is known to whom and where."""
        content = {name: value for name, value in row.body.items() if name not in _OURS}
        try:
            link = await self._private_link(row.body["private"]) if row.body.get("private") else ""
        except TemporaryError as error:
            return Unknown(why=error.code)
        except BinderopsError as error:
            content = {**content, "text": f"{error.message} {error.hint}", "blocks": []}
            link = ""
        sent = with_link(content, link) if link else content
        try:
            if row.body.get("url"):
                result = await self._by_url(str(row.body["url"]), sent, row)
                is_dead = isinstance(result, Refused) and result.error in _DEAD
                if not (is_dead and row.body.get("to") and row.channel):
                    return result
            return await self._by_token(sent, row)
        except NotTaken as error:
            return error.result

    async def _by_url(self, url: str, sent: Any, row: Claimed) -> Result:
        if self._record is not None:
            self._record("response_url", sent)
        began, status = time.monotonic(), "cancelled"
        try:
            async with self._http.post(
                url, json=sent, timeout=aiohttp.ClientTimeout(total=PATIENCE_S), allow_redirects=False
            ) as answer:
                said = await answer.text()
            status = "ok" if answer.status == 200 else f"http-{answer.status}"
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            # The error's text would hold the URL, which lets anybody answer in our name.
            status = type(error).__name__
            return Unknown(why=status)
        finally:
            self._observe("response_url", status, time.monotonic() - began)
        if answer.status == 429:
            return RateLimited(wait=wait_of(answer.headers))
        if refusal := next((r for r in _REFUSALS if r in said), ""):
            return Refused(error=refusal)
        if answer.status in (404, 410):
            return Refused(error=f"http-{answer.status}")
        if answer.status >= 400:
            return (
                Refused(error=_error(said)) if answer.status < 500 else Unknown(why=f"http-{answer.status}")
            )
        return Sent(rev=row.body_rev)

    async def _by_token(self, sent: dict[str, Any], row: Claimed) -> Result:
        user = str(row.body.get("to") or "")
        if not user:
            return Refused(error="user_not_found")
        await ask(
            self._slack.chat_postEphemeral(
                channel=row.channel,
                user=user,
                thread_ts=sent.get("thread_ts") or row.thread_ts,
                text=sent["text"],
                blocks=sent.get("blocks") or None,
            )
        )
        return Sent(rev=row.body_rev)


def with_link(value: Any, link: str) -> Any:
    """The value with the link in its place, however deep."""
    if isinstance(value, str):
        return value.replace(PRIVATE_LINK, link)
    if isinstance(value, list):
        return [with_link(item, link) for item in value]
    if isinstance(value, dict):
        return {name: with_link(item, link) for name, item in value.items()}
    return value


def _error(said: str) -> str:
    """Slack's word for it: JSON on most refusals of a response_url, bare text on some."""
    try:
        word = json.loads(said).get("error")
    except (ValueError, AttributeError):
        word = said
    return str(word or "refused").replace("\0", "")[:100]  # which no database takes
