"""A whole story told into the stand-in workspace, which refuses what Slack refuses, while answers are cut."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.outbox import Outbox
from bot.playground.faults import Fault
from bot.playground.server import Playground
from bot.story import Told, draw, key_of
from provisioning.model import Event, Failure, Happened, Outcome, Phase
from provisioning.store import binders, listening
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.strategies import NOW, a_binder, a_plan, a_report

pytestmark = pytest.mark.integration

GENERAL = "C0GENERAL1"
UP = (Happened.ATTEMPT_STARTED, Happened.SERVER_ACTIVE, Happened.BUILD_BEGAN)


@pytest.fixture
async def playground(clock: Clock) -> AsyncIterator[Playground]:
    slack = Playground(now=clock)
    await slack.start()
    yield slack
    await slack.stop()


async def no_link(_: Mapping[str, Any]) -> str:
    raise AssertionError("nothing private is sent here")


def a_failed_launch() -> Told:
    failure = Failure(code="package-not-found", message="No numpyy.", hint="Correct it.", lines=("a", "b"))
    binder = a_binder(
        Phase.FAILED, plan=a_plan(), channel=GENERAL, failure=failure, outcome=Outcome.FAILED, keep_until=NOW
    )
    events = tuple(Event(kind=kind, at=NOW) for kind in (*UP, Happened.FAILED))
    return Told(
        binder=binder, events=events, reports=(a_report("build", message="pip install", step=(1, 3)),)
    )


async def asked_in_a_thread(slack: AsyncWebClient, told: Told, *, is_there: bool = True) -> tuple[str, Told]:
    """Somebody's message, and the story to be told below it."""
    ts = str((await slack.chat_postMessage(channel=GENERAL, text="Look at this repository"))["ts"])
    if not is_there:
        await slack.chat_delete(channel=GENERAL, ts=ts)
    return ts, replace(told, told_in=ts)


async def put(db: Database, told: Told, clock: Clock) -> None:
    binder = told.binder
    async with db.transaction() as tx:
        await binders.insert(tx, binder)
        await listening.keep_log(tx, binder.id, 1, "all lines\n", clock())
        for number, message in enumerate(draw(told)):
            await tx.run(
                "bot/story.put", key=key_of(binder.id, message.slot), binder=binder.id, team="T1", channel=GENERAL,
                thread_key=key_of(binder.id, "root") if message.in_thread else None, method=message.method,
                body=message.body(binder.id), is_final=message.is_final, now=clock(),
                at=clock.forward(microseconds=number), not_before=clock(),
            )  # fmt: skip


async def run(outbox: Outbox, clock: Clock, *, seconds: int) -> None:
    for _ in range(seconds):
        while await outbox.answer() or await outbox.once():
            pass
        clock.forward(seconds=1)


async def history(slack: AsyncWebClient) -> list[dict[str, Any]]:
    return list((await slack.conversations_history(channel=GENERAL))["messages"])


async def said_in_thread(slack: AsyncWebClient, ts: str) -> list[str]:
    thread = (await slack.conversations_replies(channel=GENERAL, ts=ts))["messages"]
    return [m["files"][0]["title"] if m.get("files") else m["text"].split(":")[0] for m in thread]


async def appears(slack: AsyncWebClient, title: str) -> None:
    async with asyncio.timeout(30):
        while title not in await said_in_thread(  # noqa: ASYNC110  another program's doing: it rings no bell
            slack, (await history(slack))[0]["ts"]
        ):
            await asyncio.sleep(0.02)


async def test_given_every_answer_is_cut_when_a_failure_is_told_then_the_thread_is_whole_and_nothing_twice(
    db: Database, clock: Clock, playground: Playground
) -> None:
    await put(db, a_failed_launch(), clock)
    playground.faults.waiting += [
        Fault(kind="cut", count=3, method="chat.postMessage"),
        Fault(kind="cut", method="files.completeUploadExternal"),
    ]
    slack = AsyncWebClient(token=playground.bot_token, base_url=playground.api_url)
    async with aiohttp.ClientSession() as http:
        outbox = Outbox(db, slack, clock, http, no_link)
        await run(outbox, clock, seconds=12)
        await appears(slack, "build.log")  # its message comes after the call, here as in Slack
        await run(outbox, clock, seconds=30)

    root, *others = await history(slack)
    assert others == []
    assert await said_in_thread(slack, root["ts"]) == ["Failed", "Failed", "Failed", "build.log"]


async def test_given_a_launch_asked_for_in_a_thread_when_told_then_the_whole_story_is_in_it_once(
    db: Database, clock: Clock, playground: Playground
) -> None:
    slack = AsyncWebClient(token=playground.bot_token, base_url=playground.api_url)
    ts, told = await asked_in_a_thread(slack, a_failed_launch())
    await put(db, told, clock)
    playground.faults.waiting.append(Fault(kind="cut", count=2, method="chat.postMessage"))
    async with aiohttp.ClientSession() as http:
        await run(Outbox(db, slack, clock, http, no_link), clock, seconds=40)
    await appears(slack, "build.log")

    assert len(await history(slack)) == 1
    assert (await said_in_thread(slack, ts))[1:] == ["Failed", "Failed", "Failed", "build.log"]


async def test_given_the_threads_message_is_gone_when_told_then_the_channel_gets_it(
    db: Database, clock: Clock, playground: Playground
) -> None:
    slack = AsyncWebClient(token=playground.bot_token, base_url=playground.api_url)
    _, told = await asked_in_a_thread(slack, a_failed_launch(), is_there=False)
    await put(db, told, clock)

    async with aiohttp.ClientSession() as http:
        await run(Outbox(db, slack, clock, http, no_link), clock, seconds=20)

    assert [message["text"].split(":")[0] for message in await history(slack)] == ["Failed"] * 3
