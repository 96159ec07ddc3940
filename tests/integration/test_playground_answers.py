"""Response URLs, triggers and views of the playground: how often, how long, and what becomes of the message."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from bot.playground import Patience
from tests.conftest import Clock
from tests.fakes.playground import (
    ADA,
    GENERAL,
    RANDOM,
    Bench,
    Json,
    RawApp,
    actions,
    bench,
    button,
    field,
    modal,
    section,
)

pytestmark = pytest.mark.integration


@dataclass
class Stage:
    """A playground with an app that acks what it is told."""

    room: Bench
    app: RawApp

    async def does(self, deed: str, ack: Json | None = None, **body: object) -> tuple[Json, Json]:
        """A person's deed: the envelope that the app got, and the person's answer."""
        doing = asyncio.create_task(self.room.person.post(deed, user=ADA, **body))
        envelope = await self.app.next()
        await self.app.ack(envelope, ack)
        return envelope["payload"], await doing

    async def say(self, url: str, **body: object) -> tuple[int, str]:
        """What a response_url answers."""
        async with self.room.session.post(url, json=body) as response:
            return response.status, await response.text()

    async def opened(self, *blocks: Json, **more: Any) -> Json:
        """A modal that Ada has open."""
        payload, _ = await self.does("command", channel=GENERAL, text="x")
        view = modal(*blocks, **more)
        opened: Json = (await self.room.slack.views_open(trigger_id=payload["trigger_id"], view=view))["view"]
        return opened

    async def trigger(self) -> str:
        payload, _ = await self.does("command", channel=GENERAL, text="x")
        return str(payload["trigger_id"])


@pytest.fixture
async def stage(clock: Clock) -> AsyncIterator[Stage]:
    async with bench(now=clock, patience=Patience(ack_s=20, offline_s=20)) as room:
        app = await RawApp.connect(room)
        yield Stage(room, app)
        await app.socket.close()


async def test_given_a_response_url_when_it_is_used_a_sixth_time_then_it_is_used_up(stage: Stage) -> None:
    payload, _ = await stage.does("command", channel=GENERAL, text="x")

    answers = [await stage.say(payload["response_url"], text=str(n)) for n in range(6)]

    assert answers == [(200, "ok")] * 5 + [(404, '{"ok": false, "error": "used_url"}')]


async def test_given_a_response_url_when_half_an_hour_has_passed_then_it_is_expired(
    stage: Stage, clock: Clock
) -> None:
    payload, _ = await stage.does("command", channel=GENERAL, text="x")
    clock.forward(minutes=30, seconds=1)

    assert await stage.say(payload["response_url"], text="x") == (
        404,
        '{"ok": false, "error": "expired_url"}',
    )


async def test_given_a_channel_without_the_bot_when_it_answers_by_response_url_then_the_person_sees_it(
    stage: Stage,
) -> None:
    payload, _ = await stage.does("command", channel=RANDOM, text="x")

    await stage.say(payload["response_url"], text="Invite me first.")

    assert [e["text"] for e in await stage.room.person.ephemerals(ADA)] == ["Invite me first."]


async def test_given_in_channel_when_a_response_url_answers_then_everybody_sees_it(stage: Stage) -> None:
    payload, _ = await stage.does("command", channel=GENERAL, text="x")

    await stage.say(payload["response_url"], text="All", response_type="in_channel")

    assert [m["text"] for m in await stage.room.person.messages(GENERAL)] == ["All"]


async def test_given_wrong_blocks_when_a_response_url_answers_then_they_are_refused(stage: Stage) -> None:
    payload, _ = await stage.does("command", channel=GENERAL, text="x")

    status, text = await stage.say(payload["response_url"], blocks=[{"type": "marquee"}])

    assert (status, "invalid_blocks" in text) == (400, True)


async def pressed_ephemeral(stage: Stage) -> Json:
    shown = await stage.room.slack.chat_postEphemeral(
        channel=GENERAL, user=ADA, text="Sure?", blocks=[actions(button())]
    )
    payload, _ = await stage.does(
        "press", channel=GENERAL, ts=shown["message_ts"], action_id="go", block_id="row"
    )
    return payload


async def test_given_an_ephemeral_when_its_press_is_answered_by_replacing_then_it_has_changed(
    stage: Stage,
) -> None:
    payload = await pressed_ephemeral(stage)

    await stage.say(payload["response_url"], replace_original=True, text="Started.")

    assert [(e["text"], "blocks" in e) for e in await stage.room.person.ephemerals(ADA)] == [
        ("Started.", False)
    ]


async def test_given_an_ephemeral_when_its_press_is_answered_by_deleting_then_it_is_gone(
    stage: Stage,
) -> None:
    payload = await pressed_ephemeral(stage)

    await stage.say(payload["response_url"], delete_original=True)

    assert await stage.room.person.ephemerals(ADA) == []


async def test_given_a_link_button_when_it_is_pressed_then_the_app_hears_of_it_too(stage: Stage) -> None:
    blocks = [actions(button("open", url="https://example.org/", value="b1"))]
    posted = await stage.room.slack.chat_postMessage(channel=GENERAL, text="x", blocks=blocks)

    payload, _ = await stage.does("press", channel=GENERAL, ts=posted["ts"], action_id="open", block_id="row")

    assert [(a["action_id"], a["value"]) for a in payload["actions"]] == [("open", "b1")]


async def test_given_a_button_that_is_not_there_when_it_is_pressed_then_nothing_is_sent(stage: Stage) -> None:
    posted = await stage.room.slack.chat_postMessage(channel=GENERAL, text="x", blocks=[section("x")])

    done = await stage.room.person.post("press", user=ADA, channel=GENERAL, ts=posted["ts"], action_id="go")

    assert done["error"] == "action_not_found"


async def test_given_a_trigger_when_three_seconds_have_passed_then_it_is_expired(
    stage: Stage, clock: Clock
) -> None:
    trigger_id = await stage.trigger()
    clock.forward(seconds=3.1)

    refusal = await stage.room.error("views.open", trigger_id=trigger_id, view=modal(section("x")))

    assert refusal["error"] == "expired_trigger_id"


async def test_given_a_trigger_when_it_is_used_again_then_it_is_exchanged(stage: Stage) -> None:
    trigger_id = await stage.trigger()
    await stage.room.slack.views_open(trigger_id=trigger_id, view=modal(section("x")))

    refusal = await stage.room.error("views.open", trigger_id=trigger_id, view=modal(section("x")))

    assert refusal["error"] == "exchanged_trigger_id"


async def test_given_three_views_when_a_fourth_is_pushed_then_the_limit_is_reached(stage: Stage) -> None:
    await stage.opened(section("1"))
    for number in (2, 3):
        await stage.room.slack.views_push(trigger_id=await stage.trigger(), view=modal(section(str(number))))

    refusal = await stage.room.error("views.push", trigger_id=await stage.trigger(), view=modal(section("4")))

    assert refusal["error"] == "push_limit_reached"


async def test_given_a_stale_hash_when_a_view_is_updated_then_it_conflicts(stage: Stage) -> None:
    view = await stage.opened(section("1"))
    await stage.room.slack.views_update(view_id=view["id"], view=modal(section("2")))

    refusal = await stage.room.error(
        "views.update", view_id=view["id"], hash=view["hash"], view=modal(section("3"))
    )

    assert refusal["error"] == "hash_conflict"


async def test_given_a_closed_view_when_it_is_updated_then_it_is_not_found(stage: Stage) -> None:
    view = await stage.opened(section("1"))
    await stage.room.person.post("close", user=ADA, view_id=view["id"])

    refusal = await stage.room.error("views.update", view_id=view["id"], view=modal(section("2")))

    assert refusal["error"] == "not_found"


async def test_given_a_view_that_wants_to_know_when_it_is_closed_then_the_app_is_told(stage: Stage) -> None:
    view = await stage.opened(section("1"), notify_on_close=True)

    payload, _ = await stage.does("close", view_id=view["id"])

    assert (payload["type"], payload["view"]["id"]) == ("view_closed", view["id"])


ACKS = [
    pytest.param({}, [], id="nothing-closes-it"),
    pytest.param({"response_action": "clear"}, [], id="clear-closes-all"),
    pytest.param(
        {"response_action": "update", "view": modal(section("x"), title="New")}, ["New"], id="update"
    ),
    pytest.param(
        {"response_action": "push", "view": modal(section("x"), title="New")}, ["A form", "New"], id="push"
    ),
    pytest.param({"response_action": "errors", "errors": {"name": "No."}}, ["A form"], id="errors-keep-it"),
    pytest.param(
        {"response_action": "errors", "errors": {"other": "No."}}, ["A form"], id="errors-elsewhere"
    ),
]


@pytest.mark.parametrize(("ack", "titles"), ACKS)
async def test_given_a_submission_when_the_app_acks_then_the_stack_is_as_slack_would_have_it(
    stage: Stage, ack: Json, titles: list[str]
) -> None:
    view = await stage.opened(field("name"))

    await stage.does("submit", ack=ack, view_id=view["id"], values={"name": {"text": "x"}})

    assert [v["title"]["text"] for v in await stage.room.person.views(ADA)] == titles


async def test_given_errors_at_no_input_when_the_app_acks_then_the_person_sees_trouble(stage: Stage) -> None:
    view = await stage.opened(field("name"))
    ack = {"response_action": "errors", "errors": {"other": "No."}}

    _, done = await stage.does("submit", ack=ack, view_id=view["id"], values={"name": {"text": "x"}})

    assert done["error"] == "invalid_response_action"


async def test_given_a_select_when_something_else_is_submitted_then_slacks_client_keeps_it(
    stage: Stage,
) -> None:
    option = {"text": {"type": "plain_text", "text": "m3.tiny"}, "value": "m3.tiny"}
    select = {"type": "static_select", "action_id": "pick", "options": [option]}
    view = await stage.opened(field("name") | {"element": select})

    done = await stage.room.person.post(
        "submit", user=ADA, view_id=view["id"], values={"name": {"pick": "huge"}}
    )

    assert (done["acked"], done["errors"]) == (False, {"name": "Choose one of the options."})


async def test_given_a_home_view_when_its_button_is_pressed_then_the_app_gets_the_view(stage: Stage) -> None:
    home = {"type": "home", "blocks": [actions(button())]}
    view = (await stage.room.slack.views_publish(user_id=ADA, view=home))["view"]

    payload, _ = await stage.does("press", view_id=view["id"], action_id="go", block_id="row")

    assert payload["container"] == {"type": "view", "view_id": view["id"]}
