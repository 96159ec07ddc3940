"""Slack's answers to the bot's calls, as results: the one place that knows the SDK's exceptions."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.outbox.row import RateLimited, Refused, Unknown

PATIENCE_S = 7  # for one call; all calls of one sending fit into the lease
_RATE_ERRORS = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
#: Slack's own trouble: whether the call had an effect is not said.
_UNSURE = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout"})
DEFAULT_WAIT = timedelta(seconds=30)


class NotTaken(Exception):  # noqa: N818  carries a result, not a fault of ours
    """A call that did not go well, and what that means."""

    def __init__(self, result: RateLimited | Refused | Unknown) -> None:
        super().__init__(str(result))
        self.result = result


async def ask(call: Awaitable[AsyncSlackResponse], patience_s: float = PATIENCE_S) -> AsyncSlackResponse:
    """The answer of one Web API call; raises `NotTaken` where Slack does not say ok."""
    try:
        async with asyncio.timeout(patience_s):
            return await call
    except SlackApiError as error:
        raise NotTaken(_meaning(error)) from error
    except (TimeoutError, aiohttp.ClientError, SlackClientError, OSError, ValueError) as error:
        # ValueError: an answer cut in the middle is no JSON.
        raise NotTaken(Unknown(why=type(error).__name__)) from error


def wait_of(headers: Any) -> timedelta:
    """``Retry-After`` in whole seconds; half a minute where it says nothing usable."""
    said = str({str(k).lower(): v for k, v in dict(headers or {}).items()}.get("retry-after", ""))
    return timedelta(seconds=int(said)) if said.isdigit() else DEFAULT_WAIT


def _meaning(error: SlackApiError) -> RateLimited | Refused | Unknown:
    response = error.response
    if not isinstance(response, AsyncSlackResponse):
        return Unknown(why="no-json")
    said = response.data.get("error", "") if isinstance(response.data, dict) else ""
    if response.status_code == 429 or said in _RATE_ERRORS:
        return RateLimited(wait=wait_of(response.headers))
    if response.status_code >= 500 or not said or said in _UNSURE:
        return Unknown(why=said or f"http-{response.status_code}")
    return Refused(error=str(said))
