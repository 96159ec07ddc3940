"""manifest.yml: Slack takes it, and it asks for what the code registers and calls, no more and no less."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from slack_sdk.web.async_client import AsyncWebClient

from bot.app import COMMAND, EVENTS
from bot.shortcut import CALLBACK

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "tests" / "fixtures" / "slack-manifest.schema.json"

#: Scopes of the methods that the code calls, docs.slack.dev/reference/methods. For conversations Slack wants one for each
#: kind that the bot may be used in: channels, private channels, direct and group messages.
_KINDS = ("channels", "groups", "im", "mpim")
SCOPES: dict[str, tuple[str, ...]] = {
    "auth_test": (),
    "apps_connections_open": (),  # the app token's own scope, which no manifest lists
    "blocks_validate": (),
    "users_conversations": tuple(f"{kind}:read" for kind in _KINDS),
    "views_open": (),
    "views_publish": (),
    "users_info": ("users:read",),
    "conversations_info": tuple(f"{kind}:read" for kind in _KINDS),
    "conversations_history": tuple(f"{kind}:history" for kind in _KINDS),
    "conversations_replies": tuple(f"{kind}:history" for kind in _KINDS),
    "chat_postMessage": ("chat:write",),
    "chat_postEphemeral": ("chat:write",),
    "chat_update": ("chat:write",),
    "files_upload_v2": ("files:write",),
}
EVENT_SCOPES = {  # docs.slack.dev/reference/events
    "app_mention": ("app_mentions:read",),
    "app_home_opened": (),
    "message.im": ("im:history",),
}


@pytest.fixture
def manifest() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text())
    return found


def _called() -> set[str]:
    """Methods of Slack's client that our code calls, by the client's own names."""
    api = {n for n in dir(AsyncWebClient) if re.fullmatch(r"[a-z]+_[A-Za-z_0-9]+", n) and n != "api_call"}
    found = set()
    for module in (ROOT / "bot").rglob("*.py"):
        if "playground" in module.parts:
            continue
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in api:
                found.add(node.func.attr)
    return found


def test_given_the_manifest_then_slacks_schema_takes_it(manifest: dict[str, Any]) -> None:
    jsonschema.validate(manifest, json.loads(SCHEMA.read_text()))


def test_given_the_app_then_the_manifest_has_its_command_unescaped(manifest: dict[str, Any]) -> None:
    [command] = manifest["features"]["slash_commands"]

    assert (command["command"], command["should_escape"]) == (COMMAND, False)


def test_given_the_app_then_the_manifest_has_its_shortcut(manifest: dict[str, Any]) -> None:
    shortcuts = [(s["type"], s["callback_id"]) for s in manifest["features"]["shortcuts"]]

    assert shortcuts == [("message", CALLBACK)]


def test_given_the_app_then_the_manifest_subscribes_to_its_events(manifest: dict[str, Any]) -> None:
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == list(EVENTS)


def test_given_the_event_of_an_opened_home_then_the_manifest_has_the_tab(manifest: dict[str, Any]) -> None:
    assert manifest["features"]["app_home"]["home_tab_enabled"] is ("app_home_opened" in EVENTS)


@pytest.mark.parametrize("switch", ["interactivity", "socket"])
def test_given_buttons_and_forms_then_they_come_by_socket(manifest: dict[str, Any], switch: str) -> None:
    settings = manifest["settings"]

    assert (
        settings["interactivity"]["is_enabled"]
        if switch == "interactivity"
        else settings["socket_mode_enabled"]
    )


def test_given_the_calls_of_the_code_then_this_table_has_each() -> None:
    assert _called() == set(SCOPES)


def test_given_calls_commands_and_events_then_the_scopes_are_exactly_theirs(manifest: dict[str, Any]) -> None:
    needed = {scope for scopes in SCOPES.values() for scope in scopes} | {"commands"}
    needed |= {scope for event in EVENTS for scope in EVENT_SCOPES[event]}

    assert sorted(manifest["oauth_config"]["scopes"]["bot"]) == sorted(needed)
