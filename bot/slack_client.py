"""The client for Slack's Web API: where it calls, how patient it is, and a record of each call for whoever asks for one.

Waiting out a 429 is right for a look-up and wrong for the outbox, which has budgets of its own: it takes the handlers off
its copy of this client.
"""

import itertools
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.web.file_upload_v2_result import FileUploadV2Result

from bot.masking import MASK, masked
from bot.settings import Settings

log = logging.getLogger(__name__)

#: Told of each call: its method, ``ok`` or Slack's error or why there is no answer, seconds.
Observe = Callable[[str, str, float], None]

PATIENCE_S = 15  # for one call
_SECRET_KEYS = frozenset({"token", "response_url"})


class Recorder:
    """Writes each call as one JSON file, ``{"method", "args"}``, without what would let its reader act.

    What goes to Slack otherwise has names of its own: ``response_url``, ``ack`` (an ack that says something), ``upload``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._numbers = itertools.count(1)

    def note(self, method: str, args: Mapping[str, Any]) -> None:
        """Keep one call. The name sorts by time within a process and is never used twice."""
        text = json.dumps(
            {"method": method, "args": without_secrets(args)}, ensure_ascii=False, indent=1, default=str
        )
        while True:
            name = f"{next(self._numbers):06d}-{os.getpid()}-{method}.json"
            try:
                with (self._folder / name).open("x") as file:
                    file.write(text)
            except FileExistsError:  # of an earlier process with our id
                continue
            return


@dataclass(slots=True)
class _Token:
    """The token that all copies of a client share: it may be renewed while we run."""

    value: str | None = None


class SlackClient(AsyncWebClient):
    """A client that keeps a record where there is a recorder, and tells how each call went where somebody wants to know."""

    recorder: Recorder | None = None
    observers: tuple[Observe, ...] = ()
    _shared: _Token | None = None

    @property
    def token(self) -> str | None:
        """The bot token of now; setting it sets it in every copy of this client."""
        return self._shared.value if self._shared else None

    @token.setter
    def token(self, value: str | None) -> None:
        self._shared = self._shared or _Token()
        self._shared.value = value

    def observed(self, method: str, status: str, seconds: float) -> None:
        """Tell how a call went, also one that did not go through this client."""
        for observe in self.observers:
            observe(method, status, seconds)

    def note(self, method: str, args: Mapping[str, Any]) -> None:
        """Keep a call that does not go through this client, such as one by ``response_url``."""
        if self.recorder is not None:
            self.recorder.note(method, args)

    async def respond(self, url: str, body: Mapping[str, Any]) -> None:
        """Answer at once by ``response_url``; one try, and no error: there is nobody left to tell."""
        self.note("response_url", body)
        began, status = time.monotonic(), "ok"
        try:
            timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
            async with (
                aiohttp.ClientSession(timeout=timeout) as http,
                http.post(url, json=dict(body)) as answer,
            ):
                if answer.status != 200:
                    status = f"http-{answer.status}"
                    log.warning("answer-lost status=%s", answer.status)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            status = type(error).__name__
            log.warning("answer-lost error=%s", status)  # its text would hold the URL
        self.observed("response_url", status, time.monotonic() - began)

    async def api_call(self, api_method: str, **call: Any) -> AsyncSlackResponse:
        """As the SDK's, recorded before it is made."""
        if self.recorder is not None:
            given = [call.get(part) for part in ("params", "data", "json")]
            self.note(api_method, {k: v for part in given if isinstance(part, dict) for k, v in part.items()})
        began, status = time.monotonic(), "cancelled"
        try:
            answer = await super().api_call(api_method, **call)
            status = "ok"
        except SlackApiError as error:
            status = _said(error)
            raise
        except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            status = type(error).__name__
            raise
        finally:
            self.observed(api_method, status, time.monotonic() - began)
        return answer

    async def _upload_file(self, *, url: str, data: bytes, **how: Any) -> FileUploadV2Result:
        """A file's bytes go to an address of their own. The record has how many they are: a log is no part of it."""
        self.note("upload", {"length": len(data)})
        return await super()._upload_file(url=url, data=data, **how)


def make_client(settings: Settings) -> SlackClient:
    """The deployment's client: ``SLACK_API_URL``, ``BINDEROPS_RECORD``, and patience with a broken line or a 429."""
    url = settings.slack_api_url or AsyncWebClient.BASE_URL
    client = SlackClient(
        token=settings.secrets.slack_bot_token,
        base_url=url if url.endswith("/") else f"{url}/",
        timeout=PATIENCE_S,
        retry_handlers=[
            AsyncConnectionErrorRetryHandler(),
            AsyncRateLimitErrorRetryHandler(max_retry_count=2),
        ],
    )
    if urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1"):
        client.proxy = None  # the SDK takes HTTPS_PROXY for every host, this machine included
    client.recorder = Recorder(settings.record) if settings.record else None
    return client


def _said(error: SlackApiError) -> str:
    """Slack's word for a refusal, or the HTTP status where it gave none."""
    response = error.response
    if not isinstance(response, AsyncSlackResponse):
        return "no-json"
    said = response.data.get("error") if isinstance(response.data, dict) else None
    return str(said or f"http-{response.status_code}")


def without_secrets(value: Any) -> Any:
    """The value without tokens, tickets and response URLs, however deep; JSON inside a text included."""
    if isinstance(value, Mapping):
        return {str(k): MASK if k in _SECRET_KEYS and v else without_secrets(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(item) for item in value]
    if not isinstance(value, str):
        return value
    if value.startswith(("{", "[")):
        try:
            return json.dumps(without_secrets(json.loads(value)), ensure_ascii=False)
        except ValueError:
            pass  # a text that only looks like JSON
    return masked(value)
