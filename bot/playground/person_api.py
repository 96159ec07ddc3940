"""The person API: what a page, a test or a check uses to be a person in the workspace. JSON, loopback only.

    GET  /person/state                    users, channels, sample_url, broken_url, commands, shortcuts, has_home, bot_connected
    GET  /person/channel/<id>             channel, messages (oldest first; replies among them, by thread_ts)
    GET  /person/inbox/<user>             ephemerals, dms, views (the top one last), home
    GET  /person/events?after=N           waits up to 25 s: last, changes [{n, what, channel or user}]; without after: last, at once
    GET  /person/stream?after=N           the same as server-sent events: data: {n, what, ...}; without after: from now
    GET  /person/file/<id>                an uploaded file's text
    GET  /person/faults                   the switches that are set
    POST /person/command                  {user, channel, text}: acked, ack
    POST /person/message                  {user, channel, text, thread_ts?}: ts
    POST /person/press                    {user, channel, ts, action_id, block_id?, value?}: acked, ack
                                          in a view: {user, view_id, action_id, block_id?, value?, values?}
    POST /person/shortcut                 {user, channel, ts, callback_id}: acked, ack
    POST /person/submit                   {user, view_id, values}: acked, response_action, errors {block_id: text}, view
    POST /person/close                    {user, view_id, clear?}
    POST /person/home                     {user}: view
    POST /person/suggest                  {user, view_id or channel and ts, action_id, block_id, value}: options
    POST /person/faults                   {kind: 429|500|slow|cut|twice, count?, method?, retry_after?, seconds?},
                                          {kind: disconnect, reason}, {kind: clear}

Every answer has ``ok``; with false there is ``error``, and where a person would read something ``message``.
"""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from bot.playground.deeds import Deeds
from bot.playground.faults import REASONS, Fault, Faults
from bot.playground.refusals import SlackError
from bot.playground.shapes import Json
from bot.playground.site import Site
from bot.playground.socket_mode import SocketMode
from bot.playground.suggestions import suggest
from bot.playground.workspace import BOT, BOT_USER, TEAM, TEAM_NAME, Channel, Kind

LONGEST_WAIT_S = 25.0
_NOT_FOUND = (
    "user_not_found",
    "channel_not_found",
    "message_not_found",
    "view_not_found",
    "action_not_found",
    "file_not_found",
)
_MESSAGES = {
    "dispatch_failed": "The app is not there. Is the bot running?",
    "operation_timeout": "The app did not answer within 3 seconds.",
}
Answer = Callable[[web.Request], Awaitable[Json]]


@dataclass(slots=True, kw_only=True)
class PersonApi:
    """The routes below ``/person/``."""

    site: Site
    socket: SocketMode
    faults: Faults
    deeds: Deeds
    samples: Json

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.get("/person/state", _answered(self._state)),
            web.get("/person/channel/{id}", _answered(self._channel)),
            web.get("/person/inbox/{user}", _answered(self._inbox)),
            web.get("/person/events", _answered(self._events)),
            web.get("/person/stream", self._stream),
            web.get("/person/file/{id}", self._file),
            web.get("/person/faults", _answered(self._shown_faults)),
            web.post("/person/command", _answered(self._command)),
            web.post("/person/message", _answered(self._message)),
            web.post("/person/press", _answered(self._press)),
            web.post("/person/shortcut", _answered(self._shortcut)),
            web.post("/person/submit", _answered(self._submit)),
            web.post("/person/close", _answered(self._close)),
            web.post("/person/home", _answered(self._home)),
            web.post("/person/suggest", _answered(self._suggest)),
            web.post("/person/faults", _answered(self._set_fault)),
        ]

    async def _state(self, _request: web.Request) -> Json:
        workspace = self.site.workspace
        return {
            "team": {"id": TEAM, "name": TEAM_NAME},
            "users": [user.shown() for user in workspace.users.values()],
            "people": [user.id for user in workspace.members()],
            "channels": [_with_members(channel) for channel in workspace.channels.values()],
            **self.samples,
            "commands": list(self.site.app.commands),
            "shortcuts": [{"name": s.name, "callback_id": s.callback_id} for s in self.site.app.shortcuts],
            "has_home": self.site.app.has_home,
            "bot": {"id": BOT, "user": BOT_USER},
            "bot_connected": self.deeds.delivery.is_connected,
            "last": self.site.changes.last,
        }

    async def _channel(self, request: web.Request) -> Json:
        channel = self.site.workspace.channel(request.match_info["id"])
        return {"channel": _with_members(channel), "messages": list(channel.messages.values())}

    async def _inbox(self, request: web.Request) -> Json:
        user = self.deeds.person(request.match_info["user"])
        direct = self.site.workspace.direct(user.id)
        return {
            "user": user.id,
            "ephemerals": self.site.workspace.whispers(user.id),
            "dms": [{**message, "channel": direct.id} for message in direct.messages.values()],
            "views": self.site.windows.open_views(user.id),
            "home": self.site.windows.home(user.id),
        }

    async def _events(self, request: web.Request) -> Json:
        after = request.query.get("after")
        if after is None:
            return {"last": self.site.changes.last, "changes": []}
        if not after.isdecimal():
            raise SlackError("invalid_arguments")
        changes = await self.site.changes.wait_after(int(after), longest_s=LONGEST_WAIT_S)
        return {"last": self.site.changes.last, "changes": changes}

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        response = web.StreamResponse(headers=headers)
        with suppress(ConnectionResetError):  # a closed tab shows at the next write only
            await response.prepare(request)
            await self._tell_changes(response, _number_in(request))
        return response

    async def _tell_changes(self, response: web.StreamResponse, after: int | None) -> None:
        last = self.site.changes.last if after is None else after
        await response.write(b": connected\n\n")
        while True:
            changes = await self.site.changes.wait_after(last, longest_s=LONGEST_WAIT_S)
            last = changes[-1]["n"] if changes else last
            told = (
                "".join(f"id: {change['n']}\ndata: {json.dumps(change)}\n\n" for change in changes)
                or ": still here\n\n"
            )
            await response.write(told.encode())

    async def _file(self, request: web.Request) -> web.Response:
        file = self.site.uploads.files.get(request.match_info["id"])
        if file is None or file.content is None:
            raise web.HTTPNotFound
        return web.Response(text=file.content.decode(errors="replace"), content_type="text/plain")

    async def _shown_faults(self, _request: web.Request) -> Json:
        return {"faults": [fault.shown() for fault in self.faults.waiting]}

    async def _set_fault(self, request: web.Request) -> Json:
        body = await _body(request)
        match body.get("kind"):
            case "clear":
                self.faults.waiting.clear()
            case "disconnect":
                reason = str(body.get("reason") or "refresh_requested")
                if reason not in REASONS:
                    raise SlackError("invalid_fault", reasons=list(REASONS))
                await self.socket.disconnect(reason)
            case _:
                self.faults.waiting.append(Fault.read(body))
        self.site.changes.note("faults")
        return await self._shown_faults(request)

    async def _command(self, request: web.Request) -> Json:
        body = await _body(request)
        user = self.deeds.person(body.get("user"))
        return await self.deeds.command(
            user, self.deeds.channel_of(user, body.get("channel")), str(body.get("text", ""))
        )

    async def _message(self, request: web.Request) -> Json:
        body = await _body(request)
        user = self.deeds.person(body.get("user"))
        channel = self.deeds.channel_of(user, body.get("channel"))
        return self.deeds.say(user, channel, str(body.get("text", "")), body.get("thread_ts"))

    async def _press(self, request: web.Request) -> Json:
        body = await _body(request)
        user = self.deeds.person(body.get("user"))
        if body.get("view_id"):
            return await self.deeds.press_view(user, body)
        return await self.deeds.press_message(user, self.deeds.channel_of(user, body.get("channel")), body)

    async def _shortcut(self, request: web.Request) -> Json:
        body = await _body(request)
        user = self.deeds.person(body.get("user"))
        channel = self.deeds.channel_of(user, body.get("channel"))
        return await self.deeds.use_shortcut(user, channel, body.get("ts"), body.get("callback_id"))

    async def _submit(self, request: web.Request) -> Json:
        body = await _body(request)
        values = body.get("values", {})
        if not isinstance(values, dict) or not all(isinstance(part, dict) for part in values.values()):
            raise SlackError("invalid_arguments")
        return await self.deeds.submit(self.deeds.person(body.get("user")), body.get("view_id"), values)

    async def _close(self, request: web.Request) -> Json:
        body = await _body(request)
        user = self.deeds.person(body.get("user"))
        return self.deeds.close(user, body.get("view_id"), everything=bool(body.get("clear")))

    async def _home(self, request: web.Request) -> Json:
        body = await _body(request)
        return self.deeds.open_home(self.deeds.person(body.get("user")))

    async def _suggest(self, request: web.Request) -> Json:
        body = await _body(request)
        return await suggest(self.deeds, self.deeds.person(body.get("user")), body)


def _with_members(channel: Channel) -> Json:
    shown = {**channel.shown(), "members": channel.members, "has_bot": channel.has_bot}
    return {**shown, "name": channel.name, "kind": channel.kind, "is_direct": channel.kind is Kind.DIRECT}


async def _body(request: web.Request) -> Json:
    try:
        body = json.loads(await request.text())
    except json.JSONDecodeError as error:
        raise SlackError("invalid_json") from error
    if not isinstance(body, dict):
        raise SlackError("json_not_object")
    return body


def _answered(answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    """An answer as JSON: 200, for what a person asked wrongly 400 or 404; an app that fails is no mistake of theirs."""

    async def handle(request: web.Request) -> web.Response:
        try:
            return web.json_response({"ok": True, **await answer(request)})
        except SlackError as error:
            body = {"message": _MESSAGES.get(error.error, ""), **error.answer()}
            return web.json_response(body, status=_status(error.error))

    return handle


def _status(error: str) -> int:
    if error in _NOT_FOUND:
        return 404
    return 200 if error in (*_MESSAGES, "invalid_response_action") else 400


def _number_in(request: web.Request) -> int | None:
    """The last change that the page knows: what its browser says when it connects again, else what it was opened with."""
    number = request.headers.get("Last-Event-ID") or request.query.get("after") or ""
    return int(number) if number.isdecimal() else None
