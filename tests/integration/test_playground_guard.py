"""No web page from elsewhere drives the playground, and nobody but this machine reaches it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from yarl import URL

from bot.playground import Playground
from tests.fakes.playground import ADA, GENERAL, Bench, bench

pytestmark = pytest.mark.integration
BODY = f'{{"user": "{ADA}", "channel": "{GENERAL}", "text": "hello"}}'
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def room() -> AsyncIterator[Bench]:
    async with bench() as running:
        yield running


REFUSED = [
    pytest.param("/person/message", {**JSON, "Host": "evil.example"}, 403, id="rebound-name"),
    pytest.param("/person/message", {**JSON, "Host": "127.0.0.1:1"}, 403, id="another-port"),
    pytest.param("/person/message", {**JSON, "Origin": "https://evil.example"}, 403, id="foreign-origin"),
    pytest.param("/person/message", {**JSON, "Origin": "http://b-x.localhost:3000"}, 403, id="an-environments-origin"),
    pytest.param("/person/message", {**JSON, "Origin": "null"}, 403, id="opaque-origin"),
    pytest.param("/person/message", {**JSON, "Sec-Fetch-Site": "cross-site"}, 403, id="cross-site"),
    pytest.param("/person/message", {"Content-Type": "text/plain"}, 415, id="plain-text"),
    pytest.param("/person/message", {"Content-Type": "application/x-www-form-urlencoded"}, 415, id="form"),
    pytest.param("/api/auth.test", {"Content-Type": "text/plain"}, 415, id="web-api-plain-text"),
    pytest.param("/api/auth.test", {**JSON, "Origin": "https://evil.example"}, 403, id="web-api-foreign-origin"),
    pytest.param("/api/auth.test", {**JSON, "Host": "evil.example"}, 403, id="web-api-rebound-name"),
    pytest.param("/response/x", {**JSON, "Origin": "https://evil.example"}, 403, id="response-url-foreign-origin"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "headers", "status"), REFUSED)
async def test_given_a_request_from_elsewhere_when_it_comes_then_it_is_refused(
    room: Bench, path: str, headers: dict[str, str], status: int
) -> None:
    async with room.session.post(f"{room.playground.url}{path}", data=BODY, headers=headers) as response:
        assert response.status == status


async def test_given_the_playgrounds_own_page_when_it_posts_then_it_gets_in(room: Bench) -> None:
    headers = {**JSON, "Origin": room.playground.url, "Sec-Fetch-Site": "same-origin"}

    async with room.session.post(
        f"{room.playground.url}/person/message", data=BODY, headers=headers
    ) as response:
        assert response.status == 200


async def test_given_a_page_from_elsewhere_when_it_asks_for_a_socket_then_it_is_refused(room: Bench) -> None:
    room.playground.site.tickets.add("one")

    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await room.session.ws_connect(f"{room.playground.url}/socket/one", origin="https://evil.example")

    assert refused.value.status == 403


async def test_given_a_link_from_elsewhere_when_it_opens_the_page_then_it_may(room: Bench) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}

    async with room.session.get(f"{room.playground.url}/", headers=headers) as response:
        assert response.status != 403


async def test_given_the_page_when_it_is_served_then_nobody_may_frame_it(room: Bench) -> None:
    async with room.session.get(f"{room.playground.url}/person/state") as response:
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["../server.py", "%2e%2e/server.py", "..%2fserver.py", "no-such.js"])
async def test_given_a_path_outside_the_page_when_it_is_asked_for_then_there_is_nothing(
    room: Bench, path: str
) -> None:
    async with room.session.get(URL(f"{room.playground.url}/{path}", encoded=True)) as response:
        assert response.status == 404


async def test_given_a_host_that_others_reach_when_it_starts_then_it_does_not() -> None:
    with pytest.raises(ValueError, match="this machine only"):
        await Playground().start("0.0.0.0")
