"""An answer that only one person sees is where they asked: in the thread of the pressed message, or of the mention."""

from typing import Any

import pytest

from bot import blocks
from tests.integration.desk.conftest import ADA, BEN, GENERAL, TEACHING, Workspace
from tests.strategies import LAB

ONE = "b1aaaaaaaa"


async def _posts(workspace: Workspace, action: str, thread_ts: str = "") -> str:
    """The bot posts a message with one button; its ts."""
    drawn = blocks.actions([blocks.button("Press", action, ONE)])
    body = {"channel": GENERAL, "text": "Press", "blocks": drawn, "thread_ts": thread_ts or None}
    headers = {"Authorization": f"Bearer {workspace.playground.bot_token}"}
    url = f"{workspace.playground.api_url}chat.postMessage"
    async with workspace.http.post(url, json=body, headers=headers) as answer:
        return str((await answer.json())["ts"])


async def _last_answer(workspace: Workspace, user: str = BEN) -> dict[str, Any]:
    await workspace.works()
    return dict((await workspace.inbox(user))["ephemerals"][-1])


@pytest.mark.parametrize(
    "action",
    [
        pytest.param(f"binder.open.{LAB.name}", id="a private link"),
        pytest.param("binder.nonsense", id="a verb that is no more"),
        pytest.param("binder.retry", id="advice"),
    ],
)
async def test_given_a_press_in_a_thread_when_answered_then_the_answer_is_in_that_thread(
    workspace: Workspace, action: str
) -> None:
    await workspace.has(ONE)
    root = await _posts(workspace, action)
    reply = await _posts(workspace, action, root)
    await workspace.presses(BEN, reply, action)

    assert (await _last_answer(workspace)).get("thread_ts") == root


async def test_given_a_press_on_a_threads_root_when_answered_then_the_answer_is_in_the_channel(
    workspace: Workspace,
) -> None:
    await workspace.has(ONE)
    root = await _posts(workspace, "binder.retry")
    await _posts(workspace, "binder.retry", root)
    await workspace.presses(BEN, root, "binder.retry")

    assert "thread_ts" not in await _last_answer(workspace)


async def test_given_a_press_on_an_answer_in_a_thread_when_answered_then_it_stays_in_the_thread(
    workspace: Workspace,
) -> None:
    await workspace.has(ONE)
    root = await _posts(workspace, "binder.show")
    reply = await _posts(workspace, "binder.show", root)
    await workspace.presses(BEN, reply, "binder.show")
    card = await _last_answer(workspace)
    await workspace.presses(BEN, str(card["ts"]), f"binder.open.{LAB.name}")
    opened = await _last_answer(workspace)

    assert opened["ts"] != card["ts"]
    assert opened.get("thread_ts") == root


@pytest.mark.parametrize("text", ["@binderops list", "@binderops lst org/repo", "@binderops"])
async def test_given_a_mention_in_a_thread_when_answered_then_the_answer_is_in_that_thread(
    workspace: Workspace, text: str
) -> None:
    root = await _posts(workspace, "binder.show")
    await workspace.says(ADA, text, thread_ts=root)
    assert await workspace.until_wanted()

    assert (await _last_answer(workspace, ADA)).get("thread_ts") == root


async def test_given_a_mention_in_the_channel_when_answered_then_no_thread_is_opened(
    workspace: Workspace,
) -> None:
    await workspace.says(ADA, "@binderops list", channel=TEACHING)
    assert await workspace.until_wanted()

    assert "thread_ts" not in await _last_answer(workspace, ADA)
