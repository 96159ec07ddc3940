"""The playground's Web API, called through Slack's own client: what it keeps and what it refuses."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import InstalledApp
from tests.conftest import Clock
from tests.fakes.playground import (
    ADA,
    ADAS_DM,
    BEN,
    GENERAL,
    RANDOM,
    STAFF,
    Bench,
    actions,
    bench,
    button,
    modal,
    section,
)

pytestmark = pytest.mark.integration
MARK = {"event_type": "binderops", "event_payload": {"key": "k1"}}


@pytest.fixture
async def room(clock: Clock) -> AsyncIterator[Bench]:
    async with bench(now=clock) as running:
        yield running


REFUSED = [
    pytest.param("no.such", {}, "unknown_method", id="unknown-method"),
    pytest.param("apps.connections.open", {}, "not_allowed_token_type", id="bot-token-where-app-token-is-needed"),
    pytest.param("chat.postMessage", {"channel": "C0", "text": "x"}, "channel_not_found", id="no-such-channel"),
    pytest.param("chat.postMessage", {"channel": STAFF, "text": "x"}, "channel_not_found", id="private-without-bot"),
    pytest.param("chat.postMessage", {"channel": RANDOM, "text": "x"}, "not_in_channel", id="not-in-channel"),
    pytest.param("chat.postMessage", {"channel": GENERAL}, "no_text", id="nothing-to-say"),
    pytest.param("chat.postMessage", {"channel": GENERAL, "blocks": "{"}, "invalid_blocks_format", id="blocks-no-json"),
    pytest.param("chat.postMessage", {"channel": GENERAL, "blocks": [{"type": "alert"}]}, "invalid_blocks", id="wrong-surface"),
    pytest.param("chat.postMessage", {"channel": GENERAL, "text": "x", "markdown_text": "y"}, "markdown_text_conflict", id="text-and-markdown"),
    pytest.param("chat.postMessage", {"channel": GENERAL, "text": "x", "thread_ts": "1.000001"}, "thread_not_found", id="no-such-thread"),
    pytest.param("chat.postMessage", {"channel": GENERAL, "text": "x", "metadata": {"event_type": "e"}}, "invalid_metadata_format", id="metadata-without-payload"),
    pytest.param("chat.postMessage", {"channel": GENERAL, "text": "x", "attachments": [{}] * 101}, "too_many_attachments", id="attachments"),
    pytest.param("chat.update", {"channel": GENERAL, "ts": "1.000001", "text": "x"}, "message_not_found", id="update-of-nothing"),
    pytest.param("chat.update", {"channel": ADA, "ts": "1.000001", "text": "x"}, "channel_not_found", id="update-by-user-id"),
    pytest.param("chat.update", {"channel": GENERAL, "text": "x"}, "invalid_arguments", id="update-without-ts"),
    pytest.param("chat.delete", {"channel": GENERAL, "ts": "1.000001"}, "message_not_found", id="delete-of-nothing"),
    pytest.param("chat.postEphemeral", {"channel": "C0TEACHING", "user": "U0GIL00001", "text": "x"}, "user_not_in_channel", id="ephemeral-to-a-stranger"),
    pytest.param("chat.postEphemeral", {"channel": GENERAL, "user": ADA, "text": "x" * 4001}, "msg_too_long", id="ephemeral-too-long"),
    pytest.param("chat.getPermalink", {"channel": GENERAL, "message_ts": "1.000001"}, "message_not_found", id="permalink-of-nothing"),
    pytest.param("conversations.info", {"channel": STAFF}, "channel_not_found", id="info-of-private"),
    pytest.param("conversations.history", {"channel": RANDOM}, "not_in_channel", id="history-of-elsewhere"),
    pytest.param("conversations.history", {"channel": GENERAL, "oldest": "yesterday"}, "invalid_ts_oldest", id="history-since-words"),
    pytest.param("conversations.replies", {"channel": GENERAL, "ts": "1.000001"}, "thread_not_found", id="replies-of-nothing"),
    pytest.param("conversations.open", {}, "users_list_not_supplied", id="dm-with-nobody"),
    pytest.param("users.info", {"user": "U9"}, "user_not_found", id="no-such-user"),
    pytest.param("views.open", {"trigger_id": "1.2.x", "view": modal(section("x"))}, "invalid_trigger_id", id="invented-trigger"),
    pytest.param("views.open", {"trigger_id": "1.2.x", "view": modal(section("x"), title="x" * 25)}, "invalid_arguments", id="view-refused"),
    pytest.param("views.update", {"view_id": "V1", "view": modal(section("x"))}, "not_found", id="update-of-a-closed-view"),
    pytest.param("files.getUploadURLExternal", {"filename": "a.log", "length": 0}, "missing_argument", id="empty-file"),
    pytest.param("files.completeUploadExternal", {"files": [{"id": "F1"}], "channel_id": GENERAL}, "file_not_found", id="file-never-sent"),
    pytest.param("files.completeUploadExternal", {"files": [{"id": "F1"}], "channel_id": RANDOM}, "not_in_channel", id="file-for-elsewhere"),
    pytest.param("blocks.validate", {}, "invalid_arguments", id="validate-nothing"),
    pytest.param("blocks.validate", {"blocks": [{"type": "marquee"}]}, "invalid_blocks", id="validate-nonsense"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "call", "error"), REFUSED)
async def test_given_a_call_that_slack_refuses_when_it_is_made_then_the_error_is_slacks(
    room: Bench, method: str, call: dict[str, Any], error: str
) -> None:
    assert (await room.error(method, **call))["error"] == error


async def test_given_no_token_when_a_method_is_called_then_it_is_not_authed(room: Bench) -> None:
    async with room.session.post(f"{room.playground.url}/api/auth.test", json={}) as response:
        assert (await response.json())["error"] == "not_authed"


async def test_given_a_wrong_token_when_a_method_is_called_then_it_is_invalid(room: Bench) -> None:
    stranger = AsyncWebClient(token="xoxb-wrong", base_url=room.playground.api_url)

    with pytest.raises(SlackApiError, match="invalid_auth"):
        await stranger.auth_test()


async def test_given_a_token_in_a_form_when_auth_test_is_called_then_it_counts(room: Bench) -> None:
    form = {"token": room.playground.bot_token}

    async with room.session.post(f"{room.playground.url}/api/auth.test", data=form) as response:
        assert (await response.json())["user_id"] == "U0BOT00001"


async def test_given_a_manifest_without_history_when_history_is_asked_then_the_scope_is_named(
    clock: Clock,
) -> None:
    manifest = {"oauth_config": {"scopes": {"bot": ["chat:write"]}}}

    async with bench(now=clock, app=InstalledApp.from_manifest(manifest)) as room:
        refusal = await room.error("conversations.history", channel=GENERAL)

    assert (refusal["error"], refusal["provided"]) == ("missing_scope", "chat:write")


async def test_given_a_manifest_without_a_home_tab_when_home_is_published_then_it_is_not_enabled(
    clock: Clock,
) -> None:
    async with bench(now=clock, app=InstalledApp.from_manifest({})) as room:
        refusal = await room.error("views.publish", user_id=ADA, view={"type": "home", "blocks": []})

    assert refusal["error"] == "not_enabled"


async def test_given_scopes_for_channels_only_when_a_dm_is_looked_up_then_its_scope_is_missing(
    clock: Clock,
) -> None:
    manifest = {"oauth_config": {"scopes": {"bot": ["channels:read"]}}}

    async with bench(now=clock, app=InstalledApp.from_manifest(manifest)) as room:
        refusal = await room.error("conversations.info", channel=ADAS_DM)

    assert refusal["needed"] == "im:read"


async def test_given_wrong_blocks_when_they_are_posted_then_the_place_is_told(room: Bench) -> None:
    refusal = await room.error("chat.postMessage", channel=GENERAL, blocks=[section("x" * 3001)])

    assert refusal["response_metadata"]["messages"] == [
        "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    ]


async def test_given_a_clock_that_stands_when_messages_are_posted_then_ts_still_rises(room: Bench) -> None:
    stamps = [(await room.slack.chat_postMessage(channel=GENERAL, text=str(n)))["ts"] for n in range(3)]

    assert stamps == sorted(set(stamps))


async def test_given_a_reply_when_the_channel_is_read_then_only_the_parent_is_there(room: Bench) -> None:
    parent = await room.slack.chat_postMessage(channel=GENERAL, text="root")
    await room.slack.chat_postMessage(channel=GENERAL, text="reply", thread_ts=parent["ts"])

    history = await room.slack.conversations_history(channel=GENERAL)

    assert [(m["text"], m["reply_count"]) for m in history["messages"]] == [("root", 1)]


async def test_given_a_thread_when_its_replies_are_read_then_the_parent_comes_first(room: Bench) -> None:
    parent = await room.slack.chat_postMessage(channel=GENERAL, text="root")
    await room.slack.chat_postMessage(channel=GENERAL, text="reply", thread_ts=parent["ts"])

    replies = await room.slack.conversations_replies(channel=GENERAL, ts=parent["ts"])

    assert [m["text"] for m in replies["messages"]] == ["root", "reply"]


async def test_given_a_reply_when_something_is_posted_under_it_then_the_thread_is_not_found(
    room: Bench,
) -> None:
    parent = await room.slack.chat_postMessage(channel=GENERAL, text="root")
    reply = await room.slack.chat_postMessage(channel=GENERAL, text="reply", thread_ts=parent["ts"])

    refusal = await room.error("chat.postMessage", channel=GENERAL, text="x", thread_ts=reply["ts"])

    assert refusal["error"] == "thread_not_found"


@pytest.mark.parametrize(
    ("asked", "shown"),
    [pytest.param(True, MARK, id="asked-for"), pytest.param(False, None, id="not-asked-for")],
)
async def test_given_metadata_when_history_is_read_then_it_is_shown_only_where_asked(
    room: Bench, asked: bool, shown: object
) -> None:
    await room.slack.chat_postMessage(channel=GENERAL, text="x", metadata=MARK)

    history = await room.slack.conversations_history(channel=GENERAL, include_all_metadata=asked)

    assert history["messages"][0].get("metadata") == shown


async def test_given_more_messages_than_the_limit_when_the_cursor_is_followed_then_none_is_missing(
    room: Bench,
) -> None:
    for number in range(5):
        await room.slack.chat_postMessage(channel=GENERAL, text=str(number))

    first = await room.slack.conversations_history(channel=GENERAL, limit=2)
    pages = [[m["text"] for m in page["messages"]] async for page in first]

    assert pages == [["4", "3"], ["2", "1"], ["0"]]


UPDATES = [
    pytest.param({"text": "new"}, "new", False, id="text-alone-removes-the-blocks"),
    pytest.param({"attachments": [{"text": "a"}]}, "old", True, id="neither-keeps-them"),
    pytest.param({"text": "new", "blocks": [section("new")]}, "new", True, id="both-replace"),
]


@pytest.mark.parametrize(("change", "text", "has_blocks"), UPDATES)
async def test_given_a_message_with_blocks_when_it_is_updated_then_it_holds_what_slack_would_hold(
    room: Bench, change: dict[str, Any], text: str, has_blocks: bool
) -> None:
    posted = await room.slack.chat_postMessage(
        channel=GENERAL, text="old", blocks=[section("old")], metadata=MARK
    )

    await room.slack.api_call("chat.update", json={"channel": GENERAL, "ts": posted["ts"], **change})

    (message,) = await room.person.messages(GENERAL)
    assert (message["text"], "blocks" in message, message["metadata"]) == (text, has_blocks, MARK)


async def test_given_a_persons_message_when_the_bot_updates_it_then_it_may_not(room: Bench) -> None:
    said = await room.person.post("message", user=ADA, channel=GENERAL, text="mine")

    refusal = await room.error("chat.update", channel=GENERAL, ts=said["ts"], text="yours")

    assert refusal["error"] == "cant_update_message"


async def test_given_an_ephemeral_when_it_is_updated_then_it_is_not_found(room: Bench) -> None:
    shown = await room.slack.chat_postEphemeral(channel=GENERAL, user=ADA, text="psst")

    refusal = await room.error("chat.update", channel=GENERAL, ts=shown["message_ts"], text="x")

    assert refusal["error"] == "message_not_found"


async def test_given_an_ephemeral_when_somebody_else_looks_then_it_is_not_there(room: Bench) -> None:
    await room.slack.chat_postEphemeral(channel=GENERAL, user=ADA, text="psst")

    assert (len(await room.person.ephemerals(ADA)), len(await room.person.ephemerals(BEN))) == (1, 0)


@pytest.mark.parametrize(
    ("method", "error"),
    [
        pytest.param("chat.postMessage", "is_archived", id="post"),
        pytest.param("chat.update", "is_inactive", id="update"),
    ],
)
async def test_given_an_archived_channel_when_the_bot_writes_then_it_is_refused(
    room: Bench, method: str, error: str
) -> None:
    posted = await room.slack.chat_postMessage(channel=GENERAL, text="x")
    room.playground.site.workspace.channels[GENERAL].is_archived = True

    assert (await room.error(method, channel=GENERAL, ts=posted["ts"], text="y"))["error"] == error


async def test_given_a_user_id_when_it_is_posted_to_then_it_lands_in_their_dm(room: Bench) -> None:
    await room.slack.chat_postMessage(channel=ADA, text="hello")

    inbox = await room.person.get(f"inbox/{ADA}")
    assert [(m["channel"], m["text"]) for m in inbox["dms"]] == [(ADAS_DM, "hello")]


async def test_given_a_log_when_it_is_uploaded_to_a_thread_then_the_person_can_read_it(room: Bench) -> None:
    parent = await room.slack.chat_postMessage(channel=GENERAL, text="root")
    posted = room.playground.site.changes.last

    await room.slack.files_upload_v2(
        channel=GENERAL,
        thread_ts=parent["ts"],
        filename="build.log",
        content="line one",
        initial_comment="Log",
    )

    await room.playground.site.changes.wait_after(posted, longest_s=5)
    message = (await room.person.messages(GENERAL))[-1]
    async with room.session.get(message["files"][0]["url_private"]) as response:
        assert (message["thread_ts"], await response.text()) == (parent["ts"], "line one")


async def test_given_blocks_without_ids_when_they_are_posted_then_the_stored_ones_have_them(
    room: Bench,
) -> None:
    answer = await room.slack.chat_postMessage(
        channel=GENERAL, text="x", blocks=[section("x"), actions(button())]
    )

    assert all(block["block_id"] for block in answer["message"]["blocks"])
