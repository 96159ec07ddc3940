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
from tests.slack_scopes import METHOD_SCOPES, needed

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "tests" / "fixtures" / "slack-manifest.schema.json"
#: What the client's own function is made of, where that is more than one method; another name in some.
_OF_SEVERAL = {
    "files_upload_v2": {"files.getUploadURLExternal", "files.completeUploadExternal"},
    "apps_connections_open": {"apps.connections.open"},
}


@pytest.fixture
def manifest() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text())
    return found


def _called() -> set[str]:
    """Methods of Slack's Web API that our code calls by its client."""
    api = {n for n in dir(AsyncWebClient) if re.fullmatch(r"[a-z]+_[A-Za-z_0-9]+", n) and n != "api_call"}
    found = set()
    for module in (ROOT / "bot").rglob("*.py"):
        if "playground" in module.parts:
            continue
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in api:
                found |= _OF_SEVERAL.get(node.func.attr, {node.func.attr.replace("_", ".", 1)})
    return found


def test_given_the_manifest_then_slacks_schema_takes_it(manifest: dict[str, Any]) -> None:
    jsonschema.validate(manifest, json.loads(SCHEMA.read_text()))


def test_given_the_app_then_the_manifest_has_its_command_with_mentions_told(manifest: dict[str, Any]) -> None:
    [command] = manifest["features"]["slash_commands"]

    assert (command["command"], command["should_escape"]) == (COMMAND, True)


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
    assert _called() == set(METHOD_SCOPES)


def test_given_calls_commands_and_events_then_the_scopes_are_exactly_theirs(manifest: dict[str, Any]) -> None:
    asked = manifest["oauth_config"]["scopes"]["bot"]

    assert sorted(asked) == sorted(needed(METHOD_SCOPES, EVENTS))
