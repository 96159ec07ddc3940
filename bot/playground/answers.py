"""``POST /response/<id>`` (a ``response_url``) and ``POST /upload/<id>`` (an ``upload_url``): answers without a token.

A ``response_url`` answers the text ``ok``, else JSON with the error: 404 for one that is not known, used up or expired,
400 for content that is refused.
"""

import json
from dataclasses import dataclass

from aiohttp import web

from bot.playground.deeds import Deeds
from bot.playground.faults import Faults
from bot.playground.refusals import SlackError, checked_blocks
from bot.playground.shapes import Json
from bot.playground.site import Site
from bot.playground.web_api import with_fault
from bot.playground.windows import ResponseUrl


@dataclass(slots=True, kw_only=True)
class Answers:
    """The two routes."""

    site: Site
    deeds: Deeds
    faults: Faults

    def routes(self) -> list[web.RouteDef]:
        """Both."""
        return [web.post("/response/{name:.+}", self._response), web.post("/upload/{name}", self._upload)]

    async def _response(self, request: web.Request) -> web.StreamResponse:
        async def run() -> web.Response:
            try:
                self._answer(request.match_info["name"], await _said(request))
            except SlackError as error:
                status = 404 if error.error.endswith("_url") else 400
                return web.json_response(error.answer(), status=status)
            return web.Response(text="ok")

        return await with_fault(request, self.faults.take("response_url"), run)

    def _answer(self, name: str, body: Json) -> None:
        has_content = body.get("text") or body.get("blocks") or body.get("attachments")
        if not has_content and not body.get("delete_original"):
            raise SlackError("no_text")
        if body.get("blocks") is not None:
            checked_blocks(body["blocks"])
        url = self.site.windows.use_response_url(name)
        if body.get("delete_original"):
            self._delete(url)
        elif body.get("replace_original") and url.message_ts:
            self._replace(url, body)
        else:
            channel = self.site.workspace.channels[url.channel]
            self.deeds.answer(self.site.workspace.users[url.user], channel, body)

    def _replace(self, url: ResponseUrl, body: Json) -> None:
        workspace = self.site.workspace
        channel = workspace.channels[url.channel]
        ts = str(url.message_ts)
        content: Json = {"text": str(body.get("text") or "")}
        if body.get("blocks") is not None:
            content["blocks"] = checked_blocks(body["blocks"])
        if ts in workspace.ephemerals:
            kept = {k: v for k, v in workspace.ephemerals[ts].items() if k not in ("blocks", "attachments")}
            workspace.ephemerals[ts] = {**kept, **content}
            workspace.changes.note("inbox", user=url.user)
        elif ts in channel.messages:
            kept = {k: v for k, v in channel.messages[ts].items() if k not in ("blocks", "attachments")}
            workspace.change(channel, ts, {**kept, **content})
        else:
            raise SlackError("message_not_found")

    def _delete(self, url: ResponseUrl) -> None:
        workspace = self.site.workspace
        channel = workspace.channels[url.channel]
        ts = str(url.message_ts)
        if workspace.ephemerals.pop(ts, None):
            workspace.changes.note("inbox", user=url.user)
        elif ts in channel.messages:
            workspace.remove(channel, ts)
        else:
            raise SlackError("message_not_found")

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        async def run() -> web.Response:
            content = await _bytes_of(request)
            file = self.site.uploads.receive(request.match_info["name"], content)
            if file is None:
                return web.Response(text="invalid upload", status=400)
            return web.Response(text=f"OK - {len(content)}")

        return await with_fault(request, self.faults.take("upload"), run)


async def _said(request: web.Request) -> Json:
    """The body: JSON, or a form with JSON in ``payload``. Raises ``invalid_payload``."""
    text = await request.text()
    if request.content_type == "application/x-www-form-urlencoded":
        text = str((await request.post()).get("payload", ""))
    try:
        body = json.loads(text)
    except json.JSONDecodeError as error:
        raise SlackError("invalid_payload") from error
    if not isinstance(body, dict):
        raise SlackError("invalid_payload")
    return body


async def _bytes_of(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    for value in (await request.post()).values():
        if isinstance(value, web.FileField):
            return value.file.read()
    return b""
