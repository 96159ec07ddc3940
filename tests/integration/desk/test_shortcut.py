"""The message shortcut as a person uses it: the form of a message's links, and a launch told below that message."""

from typing import Any

import pytest

from bot.shortcut import CALLBACK
from tests.integration.desk.conftest import BEN, GENERAL, RANDOM, Workspace

pytestmark = pytest.mark.integration

LINK = "https://github.com/org/repo"


async def _chooses(workspace: Workspace, text: str, channel: str = GENERAL) -> str:
    """Ben says this and uses the shortcut on it; the message's ts."""
    said = await workspace.does("message", {"user": BEN, "channel": channel, "text": text})
    body = {"user": BEN, "channel": channel, "ts": said["ts"], "callback_id": CALLBACK}
    assert (await workspace.does("shortcut", body))["acked"]
    return str(said["ts"])


async def _view(workspace: Workspace) -> dict[str, Any]:
    async def is_open() -> bool:
        return bool((await workspace.inbox(BEN))["views"])

    assert await workspace.until(is_open)
    return dict((await workspace.inbox(BEN))["views"][-1])


async def test_given_a_message_with_a_link_when_chosen_then_the_form_has_it(workspace: Workspace) -> None:
    await _chooses(workspace, f"try {LINK}!")

    assert (await _view(workspace))["blocks"][0]["element"]["initial_value"] == LINK


async def test_given_a_message_without_a_link_when_chosen_then_a_window_says_so(workspace: Workspace) -> None:
    await _chooses(workspace, "and/or https://xkcd.com/303/")

    view = await _view(workspace)
    assert "No repository link" in str(view["blocks"])
    assert view["submit"] is None


async def test_given_the_form_when_sent_then_the_launch_is_to_be_told_in_the_messages_thread(
    workspace: Workspace,
) -> None:
    ts = await _chooses(workspace, LINK)
    await _view(workspace)

    await workspace.submits(BEN, repository=LINK)
    await workspace.works()

    [binder] = await workspace.binders()
    async with workspace.db.transaction() as tx:
        row = await tx.row("bot/story.answered_at", id=binder.id)
    assert row is not None
    assert (binder.channel, row["told_in"]) == (GENERAL, ts)


async def test_given_a_channel_without_the_bot_when_sent_then_who_asked_is_told_there(
    workspace: Workspace,
) -> None:
    await _chooses(workspace, LINK, RANDOM)
    await _view(workspace)

    await workspace.submits(BEN, repository=LINK)

    await workspace.works()
    assert "I am not in this channel" in await workspace.told(BEN)
