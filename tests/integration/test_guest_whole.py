"""The real agent as a process, from a git repository to a kernel that computes, and its end."""

import asyncio
import json
from collections.abc import Iterator

import aiohttp
import pytest

from provisioning.errors import TemporaryError
from provisioning.reports import reports_on_console
from tests.fakes.guest_bench import GuestBench, a_repository, echo_server, git_daemon

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

# What repositories bring to have a program of theirs beside JupyterLab; and what would keep the gate out, were it listened to.
_CONFIG = """
c.ServerProxy.servers = {
    "shelf": {"command": ["python3", "-m", "http.server", "{port}"], "launcher_entry": {"title": "Book Shelf"}},
}
c.IdentityProvider.token = "open sesame"
c.ServerApp.identity_provider_class = "jupyter_server.auth.PasswordIdentityProvider"
"""
FILES = {
    "index.ipynb": '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "requirements.txt": "iniconfig\n",
    "postBuild": "#!/bin/sh\necho made > made-by-postbuild.txt\n",
    "jupyter_server_config.py": _CONFIG,
    "jupyter_server_config.json": "{this is no JSON",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The URL and the commit of a small repository."""
    base = tmp_path_factory.mktemp("git")
    commit = a_repository(base / "sample", FILES)
    with git_daemon(base) as url:
        yield f"{url}sample", commit


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory, served: tuple[str, str]) -> Iterator[GuestBench]:
    """A guest that runs for the whole module; each test waits for it to be ready."""
    bench = GuestBench(
        tmp_path_factory.mktemp("guest") / "state", *served, path="index.ipynb", path_kind="auto"
    )
    bench.start()
    yield bench
    bench.stop()


async def test_given_a_repository_when_built_then_the_story_ends_ready_with_what_answers(
    guest: GuestBench,
) -> None:
    reports = await guest.reports("ready", "failed")

    last = reports[-1]
    assert (last.phase, last.open_path) == ("ready", "/lab/tree/index.ipynb")
    assert [i.name for i in last.interfaces] == ["lab", "notebook", "app-shelf", "terminal"]


async def test_given_the_story_then_its_phases_and_steps_are_in_order(guest: GuestBench) -> None:
    reports = await guest.reports("ready", "failed")

    phases = list(dict.fromkeys(r.phase for r in reports))
    steps = [r.step for r in reports if r.step]
    assert phases == ["setup", "fetch", "build", "start", "probe", "ready"]
    assert (steps == sorted(steps), steps[-1]) == (True, (4, 4))


async def test_given_the_console_then_it_tells_the_same_story_in_short_lines(guest: GuestBench) -> None:
    reports = await guest.reports("ready", "failed")

    console = guest.console()
    assert [r.n for r in reports_on_console(console)][: len(reports)] == [r.n for r in reports]
    assert max(len(line) for line in console.splitlines()) <= 1024


async def test_given_a_ticket_when_handed_in_then_a_kernel_computes(guest: GuestBench) -> None:
    await guest.reports("ready", "failed")
    async with guest.browser() as browser:
        entered = await browser.enter(guest.ticket("/lab"))

        assert entered == (303, "/lab")
        assert (await browser.get("/lab"))[0] == 200
        assert await browser.compute("print(6*7)") == "42"


async def test_given_a_used_ticket_when_handed_in_again_then_it_does_not_open(guest: GuestBench) -> None:
    await guest.reports("ready", "failed")
    ticket = guest.ticket()
    async with guest.browser() as first, guest.browser() as second:
        await first.enter(ticket)

        assert await second.enter(ticket) == (403, "")


@pytest.mark.parametrize("path", ["/", "/lab", "/api/status", "/tree", "/files/index.ipynb"])
async def test_given_no_cookie_when_any_page_is_asked_for_then_it_is_told_how_to_get_in(
    guest: GuestBench, path: str
) -> None:
    await guest.reports("ready", "failed")
    async with guest.browser() as browser:
        status, page = await browser.get(path, Authorization="token guess")

        assert (status, "Slack" in page) == (401, True)


async def test_given_a_private_link_when_a_scanner_looks_at_it_then_it_is_not_used_up(
    guest: GuestBench,
) -> None:
    await guest.reports("ready", "failed")
    ticket = guest.ticket()
    async with guest.browser() as scanner, guest.browser() as person:
        looked = await scanner.get(f"/_binder/enter?ticket={ticket}", Sec_Fetch_Site="cross-site")

        assert (looked[0], ticket in looked[1], (await person.enter(ticket))[0]) == (200, True, 303)


@pytest.mark.parametrize(
    ("headers", "way"),
    [
        pytest.param({"Origin": "https://evil.example"}, "POST", id="a foreign page posts"),
        pytest.param({"Origin": "null"}, "POST", id="a sandboxed page posts"),
        pytest.param({}, "DELETE", id="no origin at all"),
        pytest.param(
            {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}, "GET", id="a foreign page embeds"
        ),
        pytest.param(
            {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "cors"}, "GET", id="another binder's page asks"
        ),
    ],
)
async def test_given_a_cookie_when_another_site_uses_it_then_it_is_refused(
    guest: GuestBench, headers: dict[str, str], way: str
) -> None:
    await guest.reports("ready", "failed")
    async with guest.browser() as browser:
        await browser.enter(guest.ticket())

        assert (await browser.get("/api/kernels", way, b"{}" if way == "POST" else b"", **headers))[0] == 403


async def test_given_a_cookie_when_another_site_opens_a_websocket_then_it_is_refused(
    guest: GuestBench,
) -> None:
    await guest.reports("ready", "failed")
    async with guest.browser() as browser:
        await browser.enter(guest.ticket())
        url = f"{guest.agent_url}/api/events/subscribe"

        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await browser.session.ws_connect(url, headers=browser.headers(Origin="https://evil.example"))
        async with browser.session.ws_connect(
            url, headers=browser.headers(Origin=guest.public_url)
        ) as opened:
            assert not opened.closed


async def test_given_a_link_from_elsewhere_when_followed_by_hand_then_the_page_opens(
    guest: GuestBench,
) -> None:
    await guest.reports("ready", "failed")
    async with guest.browser() as browser:
        await browser.enter(guest.ticket())

        navigation = {
            "Sec_Fetch_Site": "cross-site",
            "Sec_Fetch_Mode": "navigate",
            "Sec_Fetch_Dest": "document",
        }
        assert (await browser.get("/lab", **navigation))[0] == 200


async def test_given_a_program_behind_the_gate_then_it_sees_no_cookie_of_the_gate(guest: GuestBench) -> None:
    await guest.reports("ready", "failed")
    async with guest.browser() as browser, echo_server() as port:
        await browser.enter(guest.ticket())
        browser.cookie += "; theme=dark; binderops-another=x"

        status, seen = await browser.get(f"/proxy/{port}/")

        assert (status, json.loads(seen)["Cookie"]) == (200, "theme=dark")


async def test_given_a_program_that_invites_other_origins_then_the_invitation_is_taken_back(
    guest: GuestBench,
) -> None:
    await guest.reports("ready", "failed")
    async with guest.browser() as browser, echo_server() as port:
        await browser.enter(guest.ticket())
        url = f"{guest.agent_url}/proxy/{port}/"

        async with browser.session.get(url, headers=browser.headers()) as answer:
            assert (answer.headers["X-Echo"], [h for h in answer.headers if h.startswith("Access-")]) == (
                "yes",
                [],
            )


async def test_given_the_pages_of_the_server_then_its_token_is_in_none_of_them(guest: GuestBench) -> None:
    await guest.reports("ready", "failed")
    token = json.loads((guest.state / "server.json").read_text())["token"]
    async with guest.browser() as browser:
        await browser.enter(guest.ticket())

        pages = [await browser.get(path) for path in ("/lab", "/tree", "/terminals/1")]
        seen = await browser.compute("import os; print(sorted(os.environ.values()))")
        assert [status for status, _ in pages] == [200, 200, 200]
        assert token not in "".join(text for _, text in pages) + seen


@pytest.mark.parametrize(
    "path", ["/_binder/status", "/_binder/log", "/_binder", "/_binder/enter/x", "/_binder/../auth"]
)
async def test_given_the_peoples_site_when_another_path_of_the_agent_is_asked_for_then_there_is_none(
    guest: GuestBench, path: str
) -> None:
    await guest.reports("ready", "failed")
    async with guest.browser() as browser:
        await browser.enter(guest.ticket())

        assert (await browser.get(path))[0] == 404


async def test_given_another_host_name_then_nobody_answers_for_it(guest: GuestBench) -> None:
    await guest.reports("ready", "failed")
    async with guest.browser() as browser:
        browser.own = {"Host": "rebound.example"}

        assert (await browser.get("/lab"))[0] == 421


async def test_given_an_unsigned_call_when_it_reaches_the_agent_then_it_is_refused(guest: GuestBench) -> None:
    await guest.reports("ready", "failed")
    async with guest.browser() as browser:
        browser.own = {"Host": "agent.binderops.internal"}

        assert (await browser.get("/_binder/status?after=0&wait=0"))[0] == 401


async def test_given_a_ready_guest_when_the_bot_asks_then_activity_and_log_are_told(
    guest: GuestBench,
) -> None:
    await guest.reports("ready", "failed")
    async with guest.link() as link:
        _, body = await link._call(guest.agent_url, guest.id, "GET", "/_binder/activity", cert_sha256="")
        text = await link.log(guest.agent_url, guest.id)

        assert set(json.loads(body)) == {"last", "connections", "kernels"}
        assert ("Install requirements.txt" in text, "iniconfig" in text) == (True, True)
        assert await link.reaches_people(guest.public_url)


async def test_given_a_newer_epoch_when_the_bot_sends_it_then_older_cookies_and_tickets_open_nothing(
    guest: GuestBench,
) -> None:
    await guest.reports("ready", "failed")
    async with guest.browser() as browser:
        await browser.enter(guest.ticket())
        kept = guest.ticket()

        await guest.shut_out()

        assert (await browser.get("/lab"))[0] == 401
        assert (await browser.enter(kept))[0] == 403
        assert (await browser.enter(guest.ticket()))[0] == 303
        assert (await browser.get("/lab"))[0] == 200


async def test_given_an_open_websocket_when_the_epoch_is_raised_then_it_ends(guest: GuestBench) -> None:
    await guest.reports("ready", "failed")
    async with guest.browser() as browser:
        await browser.enter(guest.ticket())
        events, own = f"{guest.agent_url}/api/events/subscribe", {"Origin": guest.public_url}
        async with browser.session.ws_connect(events, headers=browser.headers(**own), ssl=False) as socket:
            await guest.shut_out()
            async with asyncio.timeout(10):
                said = await socket.receive()

    assert said.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


async def test_given_another_bots_signature_when_it_calls_then_it_is_refused(guest: GuestBench) -> None:
    await guest.reports("ready", "failed")
    stranger = GuestBench.stranger_to(guest)
    async with stranger.link() as link, guest.browser() as browser:
        with pytest.raises(TemporaryError, match="guest-silent"):
            await link.status(guest.agent_url, guest.id, 0, 0)
        assert (await browser.enter(stranger.ticket()))[0] == 403
