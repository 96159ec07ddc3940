"""What the check of recorded calls finds, and what it lets pass."""

from typing import Any

import pytest

from bot.masking import MASK
from tests.fakes.playground import actions, button, section
from tests.slack_limits import beyond_limits
from tests.slack_scopes import needed

Json = dict[str, Any]
POST = {"channel": "C1", "text": "Ready", "blocks": [section("Ready")], "thread_ts": None}
UPDATE = {**POST, "ts": "1795620201.252909"}
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "Launch"}, "blocks": [section("x")]}
FILE = {"files": '[{"id": "F1", "title": "log"}]', "channel_id": "C1", "thread_ts": "1795620201.252909"}


def key(length: int) -> Json:
    return {"event_type": "binderops", "event_payload": {"key": "x" * length}}


TAKEN = {
    "a message": ("chat.postMessage", {**POST, "metadata": key(10)}),
    "an edit": ("chat.update", UPDATE),
    "a window": ("views.open", {"trigger_id": "1.2", "view": MODAL}),
    "an ack with mistakes": ("ack", {"response_action": "errors", "errors": {"ref": "No such branch."}}),
    "a challenge": ("ack", {"challenge": "abc"}),
    "a deletion by response_url": ("response_url", {"delete_original": True}),
    "a file": ("files.completeUploadExternal", FILE),
    "a listing": ("conversations.history", {"channel": "C1", "limit": 200}),
}
BEYOND = {
    "a text too long": ("chat.postMessage", {**POST, "text": "x" * 4001}, "/text"),
    "an edit too long": ("chat.update", {**UPDATE, "text": "x" * 4001}, "/text"),
    "an answer too long": ("response_url", {"text": "x" * 4001}, "/text"),
    "no text beside blocks": ("chat.postMessage", {**POST, "text": ""}, "missing required field: text"),
    "no channel": ("chat.postMessage", {**POST, "channel": None}, "missing required field: channel"),
    "too many blocks": ("chat.postMessage", {**POST, "blocks": [section("x")] * 51}, "/blocks"),
    "a section too long": ("ack", {"text": "x", "blocks": [section("x" * 3001)]}, "/blocks/0/text/text"),
    "a button's value too long": (
        "chat.postEphemeral",
        {**POST, "user": "U1", "blocks": [actions(button(value="x" * 2001))]},
        "/blocks/0/elements/0/value",
    ),
    "an action_id too long": ("response_url", {"text": "x", "blocks": [actions(button("x" * 256))]}, "action_id"),
    "a link too long with its ticket": (
        "response_url",
        {"text": "x", "blocks": [actions(button(url=f"https://x/{'y' * 2900}?ticket={MASK}"))]},
        "/blocks/0/elements/0/url",
    ),
    "metadata too large": ("chat.postMessage", {**POST, "metadata": key(16_000)}, "metadata_too_large"),
    "a time as a number": ("chat.update", {**UPDATE, "ts": 1795620201.25}, "/ts"),
    "a title too long": (
        "views.open",
        {"trigger_id": "1.2", "view": {**MODAL, "title": {"type": "plain_text", "text": "x" * 25}}},
        "/view/title/text",
    ),
    "private metadata too long": (
        "views.open",
        {"trigger_id": "1.2", "view": {**MODAL, "private_metadata": "x" * 3001}},
        "/view/private_metadata",
    ),
    "a view too large": (
        "views.publish",
        {"user_id": "U1", "view": {"type": "home", "blocks": [section("x" * 3000)] * 90}},
        "view_too_large",
    ),
    "a modal as a home": ("views.publish", {"user_id": "U1", "view": MODAL}, "/view/type"),
    "no mistakes": ("ack", {"response_action": "errors", "errors": {}}, "missing required field: errors"),
    "an action that is none": ("ack", {"response_action": "close"}, "/response_action"),
    "an empty file": ("files.getUploadURLExternal", {"filename": "log", "length": 0}, "/length"),
    "a snippet too large": (
        "files.getUploadURLExternal",
        {"filename": "log", "length": 1_000_001, "snippet_type": "text"},
        "/length",
    ),
    "a file too large": ("upload", {"length": 1_000_000_001}, "/length"),
    "a file without a title": ("files.completeUploadExternal", {**FILE, "files": '[{"id": "F1", "title": ""}]'}, "title"),
    "too many at once": ("conversations.replies", {"channel": "C1", "ts": "1.000001", "limit": 1000}, "/limit"),
    "two to validate": ("blocks.validate", {"blocks": [], "view": {}}, "exactly one"),
    "a method that nobody checks": ("chat.unfurl", {}, "unknown method"),
}  # fmt: skip


@pytest.mark.parametrize(("method", "args"), TAKEN.values(), ids=TAKEN)
def test_given_a_call_that_slack_takes_then_nothing_is_found(method: str, args: Json) -> None:
    assert beyond_limits(method, args) == []


@pytest.mark.parametrize(("method", "args", "place"), BEYOND.values(), ids=BEYOND)
def test_given_a_call_beyond_a_limit_then_its_place_is_told(method: str, args: Json, place: str) -> None:
    assert place in " ".join(beyond_limits(method, args))


def test_given_methods_and_events_then_each_scope_is_there_and_no_other() -> None:
    found = needed(["chat.postMessage", "ack", "upload", "users.info"], ["app_mention"])

    assert found == {"chat:write", "users:read", "app_mentions:read", "commands"}
