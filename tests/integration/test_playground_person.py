"""The person API of the playground: what a page reads, and how it hears of changes."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from bot.playground import InstalledApp
from bot.playground.site import Shortcut
from tests.fakes.playground import ADA, ADAS_DM, GENERAL, Bench, Json, RawApp, actions, bench, modal

pytestmark = pytest.mark.integration


@pytest.fixture
async def room() -> AsyncIterator[Bench]:
    async with bench() as running:
        yield running


async def test_given_a_fresh_workspace_when_its_state_is_read_then_people_channels_and_sample_are_there(
    room: Bench,
) -> None:
    state = await room.person.get("state")

    people = [user["real_name"] for user in state["users"] if not user["is_bot"]]
    channels = [channel["name"] for channel in state["channels"] if not channel["is_im"]]
    assert (people, channels, state["sample_url"]) == (
        ["Ada", "Ben", "Gil (guest)"],
        ["general", "teaching", "random", "staff"],
        f"{room.playground.url}/sample.git",
    )


async def test_given_an_app_when_it_connects_then_the_state_says_so(room: Bench) -> None:
    before = (await room.person.get("state"))["bot_connected"]
    app = await RawApp.connect(room)
    after = (await room.person.get("state"))["bot_connected"]
    await app.socket.close()

    assert (before, after) == (False, True)


async def test_given_a_waiting_page_when_something_is_posted_then_it_hears_where(room: Bench) -> None:
    last = (await room.person.get("events"))["last"]
    waiting = asyncio.create_task(room.person.get(f"events?after={last}"))

    await room.slack.chat_postMessage(channel=GENERAL, text="x")

    assert [(c["what"], c["channel"]) for c in (await waiting)["changes"]] == [("channel", GENERAL)]


async def test_given_an_open_stream_when_a_whisper_comes_then_it_is_told_for_whom(room: Bench) -> None:
    async with room.session.get(f"{room.playground.url}/person/stream") as stream:
        await stream.content.readuntil(b"\n\n")
        await room.slack.chat_postEphemeral(channel=GENERAL, user=ADA, text="x")

        told = json.loads((await stream.content.readuntil(b"\n\n")).partition(b"data: ")[2])

    assert (told["what"], told["user"]) == ("inbox", ADA)


async def test_given_a_closed_tab_when_something_happens_then_its_stream_ends_without_a_complaint(
    room: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    async with room.session.get(f"{room.playground.url}/person/stream") as stream:
        await stream.content.readuntil(b"\n\n")
    for _ in range(3):  # the first goes into a line that is just closing
        await room.person.post("message", user=ADA, channel=GENERAL, text="x")
    await room.playground.stop()

    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


REFUSED = [
    pytest.param("message", {"user": "U9", "channel": GENERAL, "text": "x"}, 404, "user_not_found", id="no-such-user"),
    pytest.param("message", {"user": "U0BOT00001", "channel": GENERAL, "text": "x"}, 404, "user_not_found", id="acting-as-the-bot"),
    pytest.param("message", {"user": ADA, "channel": GENERAL, "text": " "}, 400, "no_text", id="nothing-said"),
    pytest.param("message", {"user": ADA, "channel": GENERAL, "text": "x", "thread_ts": "1.0"}, 400, "thread_not_found", id="no-such-thread"),
    pytest.param("press", {"user": ADA, "channel": GENERAL, "ts": "1.0", "action_id": "a"}, 404, "message_not_found", id="no-such-message"),
    pytest.param("submit", {"user": ADA, "view_id": "V1", "values": {}}, 404, "view_not_found", id="no-such-view"),
    pytest.param("submit", {"user": ADA, "view_id": "V1", "values": "x"}, 400, "invalid_arguments", id="values-as-text"),
    pytest.param("faults", {"kind": "fire"}, 400, "invalid_fault", id="no-such-fault"),
    pytest.param("faults", {"kind": "disconnect", "reason": "bored"}, 400, "invalid_fault", id="no-such-reason"),
]  # fmt: skip


@pytest.mark.parametrize(("deed", "body", "status", "error"), REFUSED)
async def test_given_a_deed_that_makes_no_sense_when_it_is_done_then_it_is_refused(
    room: Bench, deed: str, body: Json, status: int, error: str
) -> None:
    async with room.session.post(f"{room.playground.url}/person/{deed}", json=body) as response:
        assert (response.status, (await response.json())["error"]) == (status, error)


async def test_given_a_body_that_is_no_json_when_it_is_posted_then_it_is_refused(room: Bench) -> None:
    headers = {"Content-Type": "application/json"}

    async with room.session.post(f"{room.playground.url}/person/home", data="{", headers=headers) as response:
        assert (response.status, (await response.json())["error"]) == (400, "invalid_json")


async def test_given_markup_in_a_plain_message_when_it_is_said_then_it_is_stored_escaped(room: Bench) -> None:
    await room.person.post("message", user=ADA, channel=ADAS_DM, text="<b> & @ben in #general")

    (message,) = await room.person.messages(ADAS_DM)
    assert message["text"] == "&lt;b&gt; &amp; <@U0BEN00001> in <#C0GENERAL1>"


async def test_given_an_external_select_when_the_person_types_then_the_apps_options_come(room: Bench) -> None:
    app = await RawApp.connect(room)
    option = {"text": {"type": "plain_text", "text": "m3.tiny"}, "value": "m3.tiny"}
    blocks = [actions({"type": "external_select", "action_id": "pick"})]
    posted = await room.slack.chat_postMessage(channel=GENERAL, text="x", blocks=blocks)
    where = {"channel": GENERAL, "ts": posted["ts"], "action_id": "pick", "value": "m3"}

    asking = asyncio.create_task(room.person.post("suggest", user=ADA, **where))
    asked = await app.next()
    await app.ack(asked, {"options": [option]})

    assert ((await asking)["options"], asked["payload"]["value"]) == ([option], "m3")


async def test_given_a_published_home_when_the_person_opens_it_then_they_see_it(room: Bench) -> None:
    view = modal({"type": "divider"}) | {"type": "home"}
    home = {name: view[name] for name in ("type", "blocks")}
    await room.slack.views_publish(user_id=ADA, view=home)

    opened = await room.person.post("home", user=ADA)

    assert opened["view"]["blocks"][0]["type"] == "divider"


def test_given_the_projects_manifest_when_it_is_installed_then_its_command_is_known() -> None:
    manifest = Path(__file__).parents[2] / "manifest.yml"

    app = InstalledApp.from_manifest(yaml.safe_load(manifest.read_text()))

    assert app.commands == ("/binder",)


async def test_given_a_page_that_knows_change_n_when_its_stream_opens_then_later_changes_are_told_at_once(
    room: Bench,
) -> None:
    known = (await room.person.get("state"))["last"]
    await room.slack.chat_postMessage(channel=GENERAL, text="said before the stream opened")

    async with room.session.get(
        f"{room.playground.url}/person/stream", params={"after": str(known)}
    ) as stream:
        lines = [await asyncio.wait_for(stream.content.readline(), 10) for _ in range(4)]

    assert any(b'"what": "channel"' in line for line in lines)


MENU = InstalledApp(shortcuts=(Shortcut(name="Do it", callback_id="do"),))


async def test_given_a_message_when_a_shortcut_is_chosen_then_the_app_gets_the_message() -> None:
    async with bench(app=MENU) as room:
        app = await RawApp.connect(room)
        ts = (await room.person.post("message", user=ADA, channel=GENERAL, text="see https://a.b/c."))["ts"]
        chosen = asyncio.create_task(
            room.person.post("shortcut", user=ADA, channel=GENERAL, ts=ts, callback_id="do")
        )
        envelope = await app.next()
        await app.ack(envelope)
        answer = await chosen
        await app.socket.close()

    payload = envelope["payload"]
    assert (payload["type"], payload["callback_id"], payload["message_ts"]) == ("message_action", "do", ts)
    assert payload["message"]["text"] == "see <https://a.b/c>."
    assert answer["acked"]


@pytest.mark.parametrize(
    ("callback_id", "ts", "error"),
    [
        pytest.param("other", "", "unknown_shortcut", id="not of the manifest"),
        pytest.param("do", "1.0", "message_not_found", id="no such message"),
    ],
)
async def test_given_a_shortcut_that_cannot_be_chosen_then_it_is_refused(
    callback_id: str, ts: str, error: str
) -> None:
    async with bench(app=MENU) as room:
        said = (await room.person.post("message", user=ADA, channel=GENERAL, text="x"))["ts"]
        answer = await room.person.post(
            "shortcut", user=ADA, channel=GENERAL, ts=ts or said, callback_id=callback_id
        )

    assert answer["error"] == error
