"""A running playground for a test: its clock is the test's, its rooms by name, and a person's hands over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import Playground

ADA, BEN, GIL = "U0ADA00001", "U0BEN00001", "U0GIL00001"
GENERAL, TEACHING, RANDOM, STAFF = "C0GENERAL1", "C0TEACHING", "C0RANDOM01", "C0STAFF001"
ADAS_DM = "D0ADA00001"
Json = dict[str, Any]


class Hands:
    """What a person does, through the person API."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def get(self, path: str) -> Json:
        async with self.session.get(f"{self.url}/person/{path}") as response:
            answer: Json = await response.json()
            return answer

    async def post(self, path: str, **body: object) -> Json:
        async with self.session.post(f"{self.url}/person/{path}", json=body) as response:
            answer: Json = await response.json()
            return answer

    async def messages(self, channel: str) -> list[Json]:
        return list((await self.get(f"channel/{channel}"))["messages"])

    async def ephemerals(self, user: str) -> list[Json]:
        return list((await self.get(f"inbox/{user}"))["ephemerals"])

    async def views(self, user: str) -> list[Json]:
        return list((await self.get(f"inbox/{user}"))["views"])


class Bench:
    """A playground, a bot's client for it, and a person's hands."""

    def __init__(self, playground: Playground, session: aiohttp.ClientSession) -> None:
        self.playground = playground
        self.session = session
        self.slack = AsyncWebClient(token=playground.bot_token, base_url=playground.api_url)
        self.person = Hands(session, playground.url)

    async def error(self, method: str, **call: object) -> Json:
        """The answer to a call that is refused."""
        try:
            answer = await self.slack.api_call(method, json=call)
        except SlackApiError as refusal:
            return dict(refusal.response.data)
        raise AssertionError(f"{method} was not refused: {answer.data!r}")


class RawApp:
    """An app on a bare websocket: it sees each envelope and acks only when it is told to."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    @classmethod
    async def connect(cls, room: Bench) -> "RawApp":
        headers = {"Authorization": f"Bearer {room.playground.app_token}"}
        async with room.session.post(
            f"{room.playground.api_url}apps.connections.open", headers=headers
        ) as answer:
            url = (await answer.json())["url"]
        app = cls(await room.session.ws_connect(url))
        assert (await app.next())["type"] == "hello"
        return app

    async def next(self) -> Json:
        envelope: Json = await self.socket.receive_json(timeout=20)
        return envelope

    async def ack(self, envelope: Json, payload: Json | None = None) -> None:
        await self.socket.send_json({"envelope_id": envelope["envelope_id"], "payload": payload or {}})


@asynccontextmanager
async def bench(**parts: Any) -> AsyncIterator[Bench]:
    """A playground on a free port, stopped at the end."""
    playground = Playground(**parts)
    await playground.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Bench(playground, session)
    finally:
        await playground.stop()


async def until(room: Bench, is_so: Callable[[], object]) -> None:
    """Wait for a state of the playground, change by change."""
    async with asyncio.timeout(20):
        while not is_so():
            await room.playground.site.changes.wait_after(room.playground.site.changes.last, longest_s=0.05)


def section(text: str, **more: object) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id: str = "go", **more: object) -> Json:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": "Go"}, **more}


def actions(*elements: Json, block_id: str = "row") -> Json:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def modal(*blocks: Json, title: str = "A form", **more: Any) -> Json:
    text = {"type": "plain_text", "text": title}
    submit = {"type": "plain_text", "text": "Send"}
    return {"type": "modal", "title": text, "submit": submit, "blocks": list(blocks), **more}


def field(block_id: str, **more: object) -> Json:
    element = {"type": "plain_text_input", "action_id": "text", **more}
    label = {"type": "plain_text", "text": block_id}
    return {"type": "input", "block_id": block_id, "label": label, "element": element}
