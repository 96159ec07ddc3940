"""What a person says to the bot: alone with it as a command, in a thread by a mention; and what it must not hear."""

from typing import Any

import pytest

from bot.playground.announcements import tell
from bot.playground.delivery import Delivery
from provisioning.model import Phase
from tests.integration.desk.conftest import ADA, BEN, GENERAL, Workspace

pytestmark = pytest.mark.integration

ONE = "b1aaaaaaaa"
DM = "D0BEN00001"
LINK = "https://github.com/org/repo"


async def _says(workspace: Workspace, text: str, channel: str = DM, **more: str) -> None:
    await workspace.says(BEN, text, channel=channel, **more)
    assert await workspace.until_wanted()
    await workspace.works()


@pytest.mark.parametrize(
    "text", ["org/repo flavor=m3.small", f"{LINK} flavor=m3.small", f"launch {LINK} flavor=m3.small"]
)
async def test_given_a_repository_when_said_to_the_bot_then_it_is_launched_there(
    workspace: Workspace, text: str
) -> None:
    await _says(workspace, text)

    [binder] = await workspace.binders()
    assert (binder.channel, binder.owner, binder.request.repo, binder.request.options.flavor) == (
        DM,
        BEN,
        LINK,
        "m3.small",
    )


async def test_given_a_command_when_said_to_the_bot_then_it_is_done(workspace: Workspace) -> None:
    await workspace.has(ONE)

    await _says(workspace, "list")

    assert "1 environment of yours" in await workspace.told(BEN)


async def test_given_the_slash_command_when_typed_in_the_conversation_then_it_works_there(
    workspace: Workspace,
) -> None:
    await workspace.types(BEN, "org/repo", channel=DM)
    await workspace.works()

    assert [binder.channel for binder in await workspace.binders()] == [DM]


@pytest.mark.parametrize("text", ["hello there", "thanks!", "what can you do?", "form"])
async def test_given_anything_else_when_said_to_the_bot_then_it_says_shortly_what_it_can(
    workspace: Workspace, text: str
) -> None:
    await _says(workspace, text)

    assert "running environment of a repository" in await workspace.told(BEN)


async def test_given_a_mistake_when_said_to_the_bot_then_its_place_is_marked(workspace: Workspace) -> None:
    await _says(workspace, "org/repo flavour=small")

    assert "flavour" in await workspace.told(BEN)


async def test_given_the_short_help_when_its_button_is_pressed_then_the_form_opens(
    workspace: Workspace,
) -> None:
    await _says(workspace, "hello")
    [whisper] = (await workspace.inbox(BEN))["ephemerals"]

    await workspace.presses(BEN, str(whisper["ts"]), "binder.form", channel=DM)

    assert await workspace.until(lambda: _has_view(workspace))


async def _has_view(workspace: Workspace) -> bool:
    return bool((await workspace.inbox(BEN))["views"])


async def test_given_what_the_bot_itself_says_and_edits_there_then_nobody_wants_anything(
    workspace: Workspace,
) -> None:
    slack = workspace.desk.people._slack
    ts = (await slack.chat_postMessage(channel=DM, text="org/repo"))["ts"]
    await slack.chat_update(channel=DM, ts=ts, text="org/other")

    await _says(workspace, "help")

    assert [row["kind"] for row in await workspace.intents()] == ["help"]


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({"subtype": "message_changed", "message": {"text": "org/repo", "user": BEN}}, id="an edit"),
        pytest.param({"subtype": "message_deleted"}, id="a deletion"),
        pytest.param({"subtype": "file_share", "user": BEN, "text": "org/repo"}, id="a file"),
        pytest.param({"bot_id": "B1", "text": "org/repo"}, id="another bot"),
        pytest.param({"channel_type": "channel", "user": BEN, "text": "org/repo"}, id="a channel"),
    ],
)  # fmt: skip
async def test_given_an_event_that_is_no_persons_word_then_nobody_wants_anything(
    workspace: Workspace, event: dict[str, Any]
) -> None:
    playground = workspace.playground
    delivery = Delivery(socket=playground.socket, http=playground.http)
    body = {"type": "message", "channel": DM, "channel_type": "im", "ts": "1.1", "event_ts": "1.1", **event}
    tell(playground.site, delivery, "message.im", body)

    await _says(workspace, "help")

    assert [row["kind"] for row in await workspace.intents()] == ["help"]


@pytest.mark.parametrize("text", [f"@binderops {LINK}", f"@binderops launch {LINK}"])
async def test_given_a_mention_in_a_thread_when_it_launches_then_the_story_is_to_be_told_there(
    workspace: Workspace, text: str
) -> None:
    root = await workspace.does("message", {"user": ADA, "channel": GENERAL, "text": "who has a notebook?"})

    await _says(workspace, text, GENERAL, thread_ts=root["ts"])

    [binder] = await workspace.binders()
    async with workspace.db.transaction() as tx:
        row = await tx.row("bot/story.answered_at", id=binder.id)
    assert row is not None
    assert (binder.channel, binder.phase, row["told_in"]) == (GENERAL, Phase.REQUESTED, root["ts"])


async def test_given_a_mention_after_other_words_then_only_our_name_is_left_out(workspace: Workspace) -> None:
    await _says(workspace, "org/repo @binderops", GENERAL)

    assert [binder.request.repo for binder in await workspace.binders()] == [LINK]
