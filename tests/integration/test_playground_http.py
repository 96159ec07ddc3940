"""HTTP mode of the playground, seen from a bare request URL: signatures, challenges, repeats, what answers mean."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from bot.playground import Patience
from tests.fakes.playground import ADA, GENERAL, Bench, Json, actions, bench, button, until

pytestmark = pytest.mark.integration
QUICK = Patience(ack_s=0.3, repeats_s=(0.0, 0.0, 0.0))


@dataclass
class RawUrl:
    """A request URL that keeps what comes; ``answers`` are given in turn, the last one for good."""

    answers: list[web.Response] = field(default_factory=list)
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    challenges: int = 0

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if b"ssl_check" in body:
            return web.Response()
        if b"url_verification" in body:
            self.challenges += 1
            return web.Response(text=(await request.json())["challenge"])
        self.came.append((dict(request.headers), body))
        return self.answers.pop(0) if len(self.answers) > 1 else next(iter(self.answers), web.Response())

    def forms(self) -> list[Json]:
        return [{k: v[0] for k, v in parse_qs(body.decode()).items()} for _, body in self.came]


@dataclass
class World:
    room: Bench
    url: RawUrl


@pytest.fixture
async def world() -> AsyncIterator[World]:
    url = RawUrl()
    application = web.Application()
    application.add_routes([web.post("/slack/events", url.take)])
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with bench(patience=QUICK) as room:
        room.playground.deliver_to(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
        await until(room, lambda: room.playground.http.is_connected)
        yield World(room, url)
    await runner.cleanup()


async def test_given_a_request_url_when_it_is_set_then_it_had_to_answer_a_challenge(world: World) -> None:
    assert world.url.challenges == 1
    assert (await world.room.person.get("state"))["bot_connected"]


async def test_given_a_command_when_typed_then_it_comes_as_a_signed_form(world: World) -> None:
    await world.room.person.post("command", user=ADA, channel=GENERAL, text="/binder a & b")

    headers, body = world.url.came[0]
    assert SignatureVerifier(world.room.playground.signing_secret).is_valid_request(body, headers)
    assert world.url.forms()[0]["text"] == "a &amp; b"


async def test_given_a_press_when_done_then_it_comes_as_json_in_a_form(world: World) -> None:
    posted = await world.room.slack.chat_postMessage(channel=GENERAL, text="x", blocks=[actions(button())])

    await world.room.person.post("press", user=ADA, channel=GENERAL, ts=posted["ts"], action_id="go")

    assert '"type": "block_actions"' in world.url.forms()[0]["payload"]


@pytest.mark.parametrize(
    ("answer", "ack"),
    [
        pytest.param(web.Response(), {}, id="nothing"),
        pytest.param(web.Response(text="Looking."), {"text": "Looking."}, id="a text"),
        pytest.param(web.json_response({"text": "Here."}), {"text": "Here."}, id="json"),
    ],
)
async def test_given_an_answer_when_a_command_is_typed_then_the_person_is_shown_it(
    world: World, answer: web.Response, ack: Json
) -> None:
    world.url.answers = [answer]

    done = await world.room.person.post("command", user=ADA, channel=GENERAL, text="x")

    assert done["ack"] == ack


async def test_given_an_app_that_fails_when_a_command_is_typed_then_the_person_hears_of_it_and_it_is_not_repeated(
    world: World,
) -> None:
    world.url.answers = [web.Response(status=500)]

    done = await world.room.person.post("command", user=ADA, channel=GENERAL, text="x")

    assert done["error"] == "dispatch_failed"
    assert len(world.url.came) == 1


async def test_given_an_event_that_is_not_taken_when_it_is_repeated_then_it_says_which_repeat_it_is(
    world: World,
) -> None:
    world.url.answers = [web.Response(status=500), web.Response(status=500), web.Response()]

    await world.room.person.post("message", user=ADA, channel=GENERAL, text="@binderops help")
    await until(world.room, lambda: len(world.url.came) == 3)

    told = [h.get("X-Slack-Retry-Num") for h, _ in world.url.came]
    assert told == [None, "1", "2"]
    assert world.url.came[1][0]["X-Slack-Retry-Reason"] == "http_error"
    assert len({body for _, body in world.url.came}) == 1


async def test_given_an_event_that_is_never_taken_when_repeated_three_times_then_it_is_given_up(
    world: World,
) -> None:
    world.url.answers = [web.Response(status=500)]

    await world.room.person.post("message", user=ADA, channel=GENERAL, text="@binderops help")
    await until(world.room, lambda: not world.room.playground.http._tasks)

    assert len(world.url.came) == 4


async def test_given_the_twice_switch_when_a_command_is_typed_then_two_requests_hold_the_same(
    world: World,
) -> None:
    await world.room.person.post("faults", kind="twice")

    await world.room.person.post("command", user=ADA, channel=GENERAL, text="x")
    await until(world.room, lambda: len(world.url.came) == 2)

    assert world.url.came[0][1] == world.url.came[1][1]


async def test_given_an_app_that_is_gone_when_a_command_is_typed_then_the_page_shows_it_away() -> None:
    async with bench(patience=QUICK) as room:
        room.playground.deliver_to("http://127.0.0.1:1/slack/events")

        done = await room.person.post("command", user=ADA, channel=GENERAL, text="x")

        assert done["error"] == "dispatch_failed"
        assert not (await room.person.get("state"))["bot_connected"]
