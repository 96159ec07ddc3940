"""Socket Mode of the playground, seen from a bare websocket: deliveries, acks, repeats, turns."""

import asyncio

import aiohttp
import pytest

from bot.playground import InstalledApp, Patience
from tests.fakes.playground import ADA, ADAS_DM, BEN, GENERAL, RANDOM, Json, RawApp, bench

pytestmark = pytest.mark.integration
QUICK = Patience(ack_s=0.2, offline_s=0.3, repeats_s=(0.0, 0.0, 0.0), drain_s=0.1)
LONG = Patience(ack_s=20, offline_s=20, drain_s=0.1)


EVENTS = [
    pytest.param("message", {"user": ADA, "channel": ADAS_DM, "text": "hi"}, ("message", "im"), id="dm"),
    pytest.param("home", {"user": ADA}, ("app_home_opened", None), id="home"),
]


@pytest.mark.parametrize(("deed", "body", "told"), EVENTS)
async def test_given_a_subscription_when_the_person_acts_then_the_event_comes(
    deed: str, body: Json, told: tuple[str, str | None]
) -> None:
    async with bench() as room:
        app = await RawApp.connect(room)

        await room.person.post(deed, **body)
        event = (await app.next())["payload"]["event"]

    assert (event["type"], event.get("channel_type")) == told


async def test_given_a_manifest_that_subscribes_to_nothing_when_home_opens_then_nothing_is_sent() -> None:
    async with bench(app=InstalledApp(events=())) as room:
        app = await RawApp.connect(room)
        await room.person.post("home", user=ADA)
        command = asyncio.create_task(room.person.post("command", user=ADA, channel=GENERAL, text="x"))

        envelope = await app.next()
        await app.ack(envelope)
        await command

    assert envelope["type"] == "slash_commands"


async def test_given_the_twice_switch_when_a_command_is_typed_then_two_envelopes_hold_the_same() -> None:
    async with bench(patience=LONG) as room:
        app = await RawApp.connect(room)
        await room.person.post("faults", kind="twice")
        typed = asyncio.create_task(room.person.post("command", user=ADA, channel=GENERAL, text="x"))

        first, second = await app.next(), await app.next()
        await app.ack(first)
        await typed

    assert first["payload"] == second["payload"]
    assert first["envelope_id"] != second["envelope_id"]


async def test_given_two_connections_when_commands_are_typed_then_they_take_turns() -> None:
    async with bench(patience=LONG) as room:
        one, two = await RawApp.connect(room), await RawApp.connect(room)

        async def serve(app: RawApp) -> None:
            await app.ack(await app.next())

        served = [asyncio.create_task(serve(app)) for app in (one, two)]
        for text in ("x", "y"):
            await room.person.post("command", user=ADA, channel=GENERAL, text=text)

        async with asyncio.timeout(20):
            assert await asyncio.gather(*served) == [None, None]


async def test_given_a_connection_that_ends_without_an_ack_when_the_app_is_back_then_the_command_comes_again() -> (
    None
):
    async with bench(patience=LONG) as room:
        app = await RawApp.connect(room)
        typed = asyncio.create_task(room.person.post("command", user=ADA, channel=GENERAL, text="x"))
        first = await app.next()
        await app.socket.close()

        back = await RawApp.connect(room)
        again = await back.next()
        await back.ack(again, {"text": "late but here"})

        assert (await typed)["ack"] == {"text": "late but here"}
        assert again["envelope_id"] == first["envelope_id"]


async def test_given_an_event_that_nobody_acks_when_time_passes_then_it_comes_four_times() -> None:
    async with bench(patience=QUICK) as room:
        app = await RawApp.connect(room)
        await room.person.post("home", user=ADA)

        deliveries = [await app.next() for _ in range(4)]

    assert [d["retry_attempt"] for d in deliveries] == [0, 1, 2, 3]
    assert len({d["payload"]["event_id"] for d in deliveries}) == 1


async def test_given_an_app_that_does_not_ack_when_a_command_is_typed_then_the_person_is_told() -> None:
    async with bench(patience=QUICK) as room:
        app = await RawApp.connect(room)

        done = await room.person.post("command", user=ADA, channel=GENERAL, text="/binder x")
        await app.socket.close()

        assert done["error"] == "operation_timeout"
        assert "operation_timeout" in (await room.person.ephemerals(ADA))[0]["text"]


async def test_given_no_app_when_a_command_is_typed_then_the_person_is_told() -> None:
    async with bench(patience=QUICK) as room:
        done = await room.person.post("command", user=ADA, channel=GENERAL, text="/binder x")

        assert done["error"] == "dispatch_failed"
        assert "dispatch_failed" in (await room.person.ephemerals(ADA))[0]["text"]


async def test_given_a_command_that_was_given_up_when_the_app_comes_then_it_does_not_get_it() -> None:
    async with bench(patience=QUICK) as room:
        await room.person.post("command", user=ADA, channel=GENERAL, text="/binder old")
        app = await RawApp.connect(room)
        new = asyncio.create_task(room.person.post("command", user=ADA, channel=GENERAL, text="/binder new"))

        envelope = await app.next()
        await app.ack(envelope)
        await new

    assert envelope["payload"]["text"] == "new"


async def test_given_a_socket_address_when_it_is_used_again_then_it_is_refused() -> None:
    async with bench() as room:
        room.playground.site.tickets.add("once")
        address = f"{room.playground.url}/socket/once"
        await (await room.session.ws_connect(address)).close()

        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await room.session.ws_connect(address)

    assert refused.value.status == 403


async def test_given_a_channel_without_the_bot_when_it_is_invited_then_it_may_post() -> None:
    async with bench() as room:
        await room.person.post("command", user=BEN, channel=RANDOM, text="/invite @binderops")

        assert (await room.slack.chat_postMessage(channel=RANDOM, text="x"))["ok"]


async def test_given_a_command_that_nobody_registered_when_it_is_typed_then_it_is_unknown() -> None:
    async with bench() as room:
        done = await room.person.post("command", user=ADA, channel=GENERAL, text="/bindr x")

    assert done["error"] == "unknown_command"


async def test_given_a_channel_that_the_person_is_not_in_when_they_type_then_it_is_not_found() -> None:
    async with bench() as room:
        done = await room.person.post("command", user="U0GIL00001", channel=RANDOM, text="x")

    assert done["error"] == "channel_not_found"
