"""A real Bolt app on the playground: commands, buttons, modals, mentions, and coming back after a disconnect."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import Patience
from tests.fakes.playground import ADA, GENERAL, Bench, Json, actions, bench, button, field, modal, until

pytestmark = pytest.mark.integration
LONG = Patience(ack_s=20, offline_s=20, drain_s=0.1)


@asynccontextmanager
async def connected(app: AsyncApp, room: Bench) -> AsyncIterator[AsyncSocketModeHandler]:
    """The app's Socket Mode handler, connected."""
    handler = AsyncSocketModeHandler(app, room.playground.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt's own
    await until(room, lambda: room.playground.socket.is_connected)
    try:
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # Bolt's own


def app_of(room: Bench) -> AsyncApp:
    return AsyncApp(client=AsyncWebClient(token=room.playground.bot_token, base_url=room.playground.api_url))


async def test_given_a_bolt_app_when_a_person_types_a_command_then_the_ack_is_what_only_they_see() -> None:
    async with bench() as room:
        app = app_of(room)

        @app.command("/binder")
        async def on_command(ack: Any, command: Json) -> None:
            await ack(f"You typed {command['text']}")

        async with connected(app, room):
            done = await room.person.post("command", user=ADA, channel=GENERAL, text="/binder a & b")

        assert done["ack"]["text"] == "You typed a &amp; b"
        assert [e["text"] for e in await room.person.ephemerals(ADA)] == ["You typed a &amp; b"]


async def test_given_a_bolt_app_when_a_button_is_pressed_then_a_modal_opens_errs_and_closes() -> None:
    async with bench() as room:
        app = app_of(room)

        @app.action("go")
        async def on_press(ack: Any, body: Json, client: AsyncWebClient) -> None:
            await ack()
            view = modal(field("name"), callback_id="form", private_metadata=body["channel"]["id"])
            await client.views_open(trigger_id=body["trigger_id"], view=view)

        @app.view("form")
        async def on_submit(ack: Any, view: Json) -> None:
            text = view["state"]["values"]["name"]["text"]["value"]
            await (ack() if text == "right" else ack(response_action="errors", errors={"name": "Wrong."}))

        posted = await room.slack.chat_postMessage(channel=GENERAL, text="x", blocks=[actions(button())])
        async with connected(app, room):
            await room.person.post(
                "press", user=ADA, channel=GENERAL, ts=posted["ts"], action_id="go", block_id="row"
            )
            await until(room, lambda: room.playground.site.windows.open_views(ADA))
            (view,) = await room.person.views(ADA)

            def send(text: str) -> Any:
                return room.person.post(
                    "submit", user=ADA, view_id=view["id"], values={"name": {"text": text}}
                )

            errors = [(await send(text)).get("errors") for text in ("", "wrong", "right")]

        assert errors == [{"name": "Please complete this required field."}, {"name": "Wrong."}, None]
        assert await room.person.views(ADA) == []


async def test_given_a_bolt_app_when_it_is_mentioned_then_it_hears_of_it_once() -> None:
    async with bench() as room:
        app, heard = app_of(room), []

        @app.event("app_mention")
        async def on_mention(event: Json, say: Any) -> None:
            heard.append(event["text"])
            await say(text="Here.", thread_ts=event["ts"])

        async with connected(app, room):
            await room.person.post("message", user=ADA, channel=GENERAL, text="@binderops help")
            general = room.playground.site.workspace.channels[GENERAL]
            await until(room, lambda: len(general.messages) == 2)

        assert heard == ["<@U0BOT00001> help"]


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled"])
async def test_given_a_bolt_app_when_it_is_told_to_go_then_it_comes_back_and_still_hears(reason: str) -> None:
    async with bench(patience=LONG) as room:
        app = app_of(room)

        @app.command("/binder")
        async def on_command(ack: Any) -> None:
            await ack("still here")

        async with connected(app, room):
            first = room.playground.socket.connections[0]
            await room.person.post("faults", kind="disconnect", reason=reason)
            await until(room, lambda: room.playground.socket.is_connected and first.is_draining)
            done = await room.person.post("command", user=ADA, channel=GENERAL, text="x")

    assert done["ack"]["text"] == "still here"
