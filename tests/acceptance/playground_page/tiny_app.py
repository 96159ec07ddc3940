"""A tiny app for the page to talk to, and the blocks and gestures that its tests use."""

import re
from typing import Any

from playwright.async_api import Locator, Page
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import Playground

GENERAL, TEACHING, BEN = "C0GENERAL1", "C0TEACHING", "U0BEN00001"
SURE = {
    "title": {"type": "plain_text", "text": "Delete it?"},
    "text": {"type": "plain_text", "text": "It will be gone."},
    "confirm": {"type": "plain_text", "text": "Delete"},
    "deny": {"type": "plain_text", "text": "Keep"},
}


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(text: str, action_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(text), "action_id": action_id, "value": "b1", **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


FORM = {
    "type": "modal",
    "callback_id": "form",
    "title": plain("Launch"),
    "submit": plain("Start"),
    "blocks": [
        {
            "type": "input",
            "block_id": "repo",
            "label": plain("Repository"),
            "element": {"type": "plain_text_input", "action_id": "value"},
        },
        {
            "type": "input",
            "block_id": "note",
            "optional": True,
            "label": plain("Note"),
            "element": {"type": "plain_text_input", "action_id": "value"},
        },
    ],
}


class TinyApp:
    """Launches by command or form, tells it in a thread, answers each press privately; remembers what reached it."""

    def __init__(self, playground: Playground) -> None:
        self.client = AsyncWebClient(token=playground.bot_token, base_url=playground.api_url)
        self.commands: list[str] = []
        self.presses: list[dict[str, Any]] = []
        app = AsyncApp(client=self.client)
        app.command("/binder")(self._command)
        app.action(re.compile(".*"))(self._press)
        app.view("form")(self._submit)
        app.message_shortcut("launch_message")(self._shortcut)
        app.event("app_home_opened")(self._home)
        self.handler = AsyncSocketModeHandler(app, playground.app_token)

    async def post(self, *blocks: dict[str, Any], text: str = "news", **more: Any) -> str:
        answer = await self.client.chat_postMessage(
            channel=GENERAL, text=text, blocks=list(blocks) or None, **more
        )
        return str(answer["ts"])

    async def _launch(self, user: str, repo: str) -> None:
        root = await self.post(section(f"*Building*: {repo} for <@{user}>"))
        await self.post(section("*Ready*"), actions(button("Open", "open")), thread_ts=root)

    async def _command(self, ack: Any, body: dict[str, Any]) -> None:
        self.commands.append(body["text"])
        if body["text"]:
            await ack(text=f"Looking at {body['text']}")
            await self._launch(body["user_id"], body["text"])
        else:
            await ack()
            await self.client.views_open(trigger_id=body["trigger_id"], view=FORM)

    async def _press(self, ack: Any, body: dict[str, Any], respond: Any) -> None:
        self.presses += body["actions"]
        await ack()
        thread_ts = body.get("message", {}).get("thread_ts")
        await respond(text="Your private link", replace_original=False, thread_ts=thread_ts)

    async def _shortcut(self, ack: Any, body: dict[str, Any]) -> None:
        await ack()
        said = section(body["message"]["text"])
        await self.client.views_open(
            trigger_id=body["trigger_id"], view={**FORM, "blocks": [said, *FORM["blocks"]]}
        )

    async def _submit(self, ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
        repo = view["state"]["values"]["repo"]["value"]["value"]
        if repo == "another":
            await ack(response_action="push", view={**FORM, "title": plain("On top")})
        elif "/" not in repo:
            await ack(response_action="errors", errors={"repo": "That is no repository."})
        else:
            await ack()
            await self._launch(body["user"]["id"], repo)

    async def _home(self, event: dict[str, Any]) -> None:
        view = {"type": "home", "blocks": [section("*Nothing runs*"), actions(button("Launch", "launch"))]}
        await self.client.views_publish(user_id=event["user"], view=view)


async def say(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.keyboard.press("Enter")


def action(within: Page | Locator, action_id: str) -> Locator:
    return within.locator(f'[data-action-id="{action_id}"]')
