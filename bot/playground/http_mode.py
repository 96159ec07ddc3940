"""HTTP mode: signed requests to the app's request URL, as Slack makes them; their repeats; what the answers mean.

Source: docs.slack.dev/authentication/verifying-requests-from-slack, /apis/events-api, /interactivity. The signature is made by
Slack's own SDK, so that the bot's check of it is not its own mirror image.
"""

import asyncio
import json
import secrets
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import aiohttp
from slack_sdk.signature import SignatureVerifier

from bot.playground.faults import Faults
from bot.playground.refusals import SlackError
from bot.playground.shapes import Json
from bot.playground.site import Site
from bot.playground.socket_mode import Patience

_FORM = "application/x-www-form-urlencoded"
_LOOK_AGAIN_S = 0.5  # between two tries at a request URL that does not answer yet


class _NotTaken(Exception):  # noqa: N818  carries Slack's reason, not a fault of ours
    """The app did not take a request: ``reason`` as ``X-Slack-Retry-Reason`` says it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True, kw_only=True)
class HttpMode:
    """The app's request URL, and what goes there. Without a URL the app is in Socket Mode."""

    site: Site
    faults: Faults
    patience: Patience
    request_url: str = ""
    is_connected: bool = False  # the URL answered last time
    acks: list[Json] = field(default_factory=list)  # every answer as it came, for tests
    _http: aiohttp.ClientSession | None = None
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    def use(self, request_url: str) -> None:
        """Have everything sent there, once the URL has answered Slack's challenge; it is asked until it does."""
        self.request_url = request_url
        self._start(self._verify())

    def send(self, kind: str, payload: Json) -> None:
        """Deliver a payload, two times where the switch for that is set; an event that is not taken comes again."""
        self._start(self._deliver(kind, payload, 0))
        if self.faults.take_twice():
            self.site.changes.note("faults")
            self._start(self._deliver(kind, payload, 1))

    async def ask(self, kind: str, payload: Json) -> Json:
        """Deliver what a person did and return what the app answers.

        Raises ``dispatch_failed`` where it does not take it, ``operation_timeout`` where no answer came in time.
        """
        if self.faults.take_twice():
            self.site.changes.note("faults")
            self._start(self._deliver(kind, payload, 1))
        try:
            return await self._post(kind, payload, {})
        except _NotTaken as refusal:
            is_late = refusal.reason == "http_timeout"
            raise SlackError("operation_timeout" if is_late else "dispatch_failed") from refusal

    async def stop(self) -> None:
        """End all waiting."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    async def _deliver(self, kind: str, payload: Json, attempt: int) -> None:
        reason = "http_timeout"
        while True:
            told = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason} if attempt else {}
            try:
                await self._post(kind, payload, told if kind == "events_api" else {})
            except _NotTaken as refusal:
                reason = refusal.reason
            else:
                return
            if kind != "events_api" or attempt >= len(self.patience.repeats_s):
                return
            await asyncio.sleep(self.patience.repeats_s[attempt])
            attempt += 1

    async def _post(self, kind: str, payload: Json, told: Mapping[str, str]) -> Json:
        body, content_type = written(kind, payload)
        timestamp = str(int(self.site.workspace.now().timestamp()))
        signed = SignatureVerifier(self.site.app.signing_secret).generate_signature(
            timestamp=timestamp, body=body
        )
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": str(signed),
            **told,
        }
        status, text = await self._exchange(body, headers)
        self.acks.append({"kind": kind, "status": status, "body": text, "retry": told})
        if not 200 <= status < 300:
            raise _NotTaken("http_error")
        return _answer(text)

    async def _exchange(self, body: str, headers: Mapping[str, str]) -> tuple[int, str]:
        self._http = self._http or aiohttp.ClientSession()
        try:
            async with (
                asyncio.timeout(self.patience.ack_s),
                self._http.post(
                    self.request_url, data=body.encode(), headers=headers, allow_redirects=False
                ) as answer,
            ):
                found = answer.status, await answer.text()
        except TimeoutError as error:
            raise _NotTaken("http_timeout") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            self._see(is_there=False)
            raise _NotTaken("connection_failed") from error
        return found

    def _see(self, *, is_there: bool) -> None:
        was_there, self.is_connected = self.is_connected, is_there
        if is_there != was_there:
            self.site.changes.note("bot")
        if was_there and not is_there:
            self._start(self._verify())

    async def _verify(self) -> None:
        """Slack's look at a request URL: an unsigned ``ssl_check``, then a challenge that must come back."""
        while True:
            challenge = secrets.token_urlsafe(24)
            asked = {"token": "playground", "challenge": challenge, "type": "url_verification"}
            try:
                status, _ = await self._exchange("ssl_check=1&token=playground", {"Content-Type": _FORM})
                answer = await self._post("events_api", asked, {})
            except _NotTaken:
                status, answer = 0, {}
            if status == 200 and challenge in (answer.get("text"), answer.get("challenge")):
                self._see(is_there=True)
                return
            await asyncio.sleep(_LOOK_AGAIN_S)

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def written(kind: str, payload: Json) -> tuple[str, str]:
    """The body of a request and its content type."""
    match kind:
        case "events_api":
            return json.dumps(payload), "application/json"
        case "slash_commands":
            return urlencode(payload), _FORM
        case _:
            return urlencode({"payload": json.dumps(payload)}), _FORM


def _answer(text: str) -> Json:
    """What the app said: JSON, nothing, or a bare text, which a command shows to its person."""
    if not text.strip():
        return {}
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        found = None
    return found if isinstance(found, dict) else {"text": text}
