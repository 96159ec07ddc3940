"""The promise as a user sees it: from ``/binder`` in the playground to a cell that computes, in a real browser.

One ``binderops try`` with two Binders serves all tests of this module. With ``BINDEROPS_FIRST_LIGHT=all`` ``binderops serve``
does so too, in Socket Mode and over HTTP, as one process and as three on one database.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.acceptance.playing import Playing, buttons_of, playing
from tests.acceptance.serving import serving
from tests.beds.browser import chromium

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

_SERVED = ["socket-1", "http-1", "socket-3", "http-3"]
_HOUSES = ["try", *(_SERVED if os.environ.get("BINDEROPS_FIRST_LIGHT") == "all" else [])]

GENERAL = "C0GENERAL1"
ADA, BEN = "U0ADA00001", "U0BEN00001"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(**chromium())
        yield started
        started.close()


@pytest.fixture(scope="module", params=_HOUSES)
def room(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playing]:
    folder, house = tmp_path_factory.mktemp("first-light"), str(request.param)
    with ExitStack() as stack:
        if house == "try":
            yield stack.enter_context(playing(folder / "home", folder / "log"))
        else:
            slack, processes = house.split("-")
            settings = {"preset": "local", "deployment": "first-light"}
            yield stack.enter_context(
                serving(folder, settings, cloud="local", slack=slack, processes=int(processes))
            )
            switched_off(folder / "home" / "cloud")


@dataclass(frozen=True, slots=True)
class Ready:
    """A ready Binder: its id, and the ts of its ready message."""

    id: str
    ts: str

    def press(self, room: Playing, user: str, action: str) -> None:
        now = room.message(GENERAL, lambda m: m["ts"] == self.ts)()  # an edit gives its blocks new ids
        assert now is not None
        button = buttons_of(now)[action]
        body = {
            "user": user,
            "channel": GENERAL,
            "ts": self.ts,
            "action_id": action,
            "block_id": button["block_id"],
        }
        assert room.post("/person/press", body)["ok"]

    def private_link(self, room: Playing, user: str = ADA) -> str:
        """A fresh private link, as that person is shown it."""
        known = set(links(room, user))
        self.press(room, user, "binder.open.lab")
        return room.until(
            lambda: next((link for link in links(room, user) if link not in known), None), within_s=30
        )


def links(room: Playing, user: str) -> list[str]:
    found = []
    for ephemeral in room.get(f"/person/inbox/{user}")["ephemerals"]:
        enter = buttons_of(ephemeral).get("binder.enter")
        if enter:
            found.append(enter["url"])
    return found


def launch(room: Playing, user: str, name: str) -> Ready:
    sample = room.get("/person/state")["sample_url"]
    assert room.post(
        "/person/command", {"user": user, "channel": GENERAL, "text": f"/binder {sample} name={name}"}
    )["ok"]
    found = room.until(
        room.message(
            GENERAL,
            lambda m: (
                name in m["text"] and m["text"].startswith("Ready") and "binder.open.lab" in buttons_of(m)
            ),
        )
    )
    return Ready(buttons_of(found)["binder.open.lab"]["value"], found["ts"])


@pytest.fixture(scope="module")
def first(room: Playing) -> Ready:
    return launch(room, ADA, "first")


@pytest.fixture(scope="module")
def second(room: Playing) -> Ready:
    return launch(room, BEN, "second")


@pytest.fixture
def profile(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context
    context.close()


def enter(page: Page, link: str) -> None:
    page.goto(link)
    page.wait_for_url(lambda url: "/_binder/" not in url, timeout=30_000)


def test_given_the_shown_sample_when_launched_and_opened_in_a_browser_then_a_cell_computes(
    room: Playing, profile: BrowserContext
) -> None:
    page = profile.new_page()
    page.goto(room.url)
    page.get_by_test_id("channel-teaching").click()  # #general belongs to the other tests
    page.get_by_test_id("composer").fill(f"/binder {room.get('/person/state')['sample_url']}")
    page.keyboard.press("Enter")
    press = page.get_by_test_id("thread").locator('[data-action-id="binder.open.lab"]')
    press.wait_for(timeout=240_000)

    press.click()
    with profile.expect_page() as opened:
        page.get_by_test_id("thread").locator('[data-action-id="binder.enter"]').click()
    lab = opened.value
    lab.wait_for_url(lambda url: "/lab" in url, timeout=30_000)
    lab.locator('.jp-LauncherCard[data-category="Notebook"]').first.click(timeout=60_000)
    lab.get_by_role("button", name="Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
    cell = lab.locator(".jp-Notebook .cm-content").first
    cell.click()
    expect(cell).to_be_focused()
    lab.keyboard.type("print(6*7)")
    expect(cell).to_have_text("print(6*7)")
    lab.keyboard.press("Shift+Enter")

    assert "token" not in lab.url
    expect(lab.locator(".jp-OutputArea-output").first).to_contain_text("42", timeout=60_000)


def test_given_a_used_link_when_opened_in_another_profile_then_it_lets_nobody_in(
    room: Playing, first: Ready, browser: Browser, profile: BrowserContext
) -> None:
    link = first.private_link(room)
    enter(profile.new_page(), link)

    other = browser.new_context()
    page = other.new_page()
    page.goto(link)
    page.wait_for_load_state("networkidle")
    then = page.goto(f"{origin(link)}/lab")

    assert then is not None
    assert then.status == 401
    other.close()


def test_given_a_used_link_when_its_own_person_opens_it_again_then_it_is_refused(
    room: Playing, first: Ready, browser: Browser
) -> None:
    link = first.private_link(room)
    entered = browser.new_context()
    enter(entered.new_page(), link)
    entered.close()
    ticket = link.partition("ticket=")[2]

    again = asked(link, "/_binder/enter", body=f"ticket={ticket}", Origin=origin(link))

    assert again >= 400


def test_given_a_link_scanner_when_it_gets_the_link_then_the_person_can_still_use_it(
    room: Playing, first: Ready, profile: BrowserContext
) -> None:
    link = first.private_link(room)
    assert asked(link, link.removeprefix(origin(link))) == 200

    page = profile.new_page()
    enter(page, link)

    assert urlsplit(page.url).path.startswith("/lab")


def test_given_two_binders_when_one_was_entered_then_the_other_stays_closed(
    room: Playing, first: Ready, second: Ready, profile: BrowserContext
) -> None:
    page = profile.new_page()
    enter(page, first.private_link(room))
    other = origin(second.private_link(room, BEN))

    answer = page.goto(f"{other}/lab")

    assert answer is not None
    assert answer.status == 401


def test_given_a_colleague_when_pressing_open_on_another_ones_binder_then_no_link_is_given(
    room: Playing, second: Ready
) -> None:
    gil = "U0GIL00001"

    second.press(room, gil, "binder.open.lab")
    told = room.until(lambda: room.get(f"/person/inbox/{gil}")["ephemerals"], within_s=30)

    assert links(room, gil) == []
    assert "Not" in told[-1]["text"]


def test_given_a_page_of_another_origin_when_it_uses_an_open_session_then_it_reaches_nothing(
    room: Playing, first: Ready, profile: BrowserContext
) -> None:
    page = profile.new_page()
    enter(page, first.private_link(room))
    target = origin(page.url)
    page.goto("about:blank")
    page.goto(f"{room.url.replace('127.0.0.1', 'localhost')}/")  # another origin, on the same machine

    outcome = page.evaluate(
        """async (target) => {
            const tried = {};
            const post = (path, body) => fetch(target + path, {method: "POST", credentials: "include", body});
            tried.kernel = await post("/api/kernels", "{}").then(a => a.status, () => "blocked");
            tried.read = await fetch(target + "/api/contents", {credentials: "include"}).then(a => a.status, () => "blocked");
            tried.socket = await new Promise(done => {
                const socket = new WebSocket(target.replace("http", "ws") + "/terminals/websocket/1");
                socket.onopen = () => done("open"); socket.onerror = () => done("blocked");
            });
            return tried;
        }""",
        target,
    )
    kernels = page.goto(f"{target}/api/kernels")

    assert outcome == {"kernel": "blocked", "read": "blocked", "socket": "blocked"}
    assert kernels is not None
    assert kernels.json() == []


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(
            {"Content-Type": "application/json", "Origin": "http://elsewhere.example"}, id="a foreign origin"
        ),
        pytest.param({"Content-Type": "text/plain"}, id="a form's content type"),
        pytest.param({"Content-Type": "application/json", "Host": "elsewhere.example"}, id="a rebound host"),
    ],
)
def test_given_a_page_of_another_origin_when_it_posts_a_command_then_nothing_is_launched(
    room: Playing, headers: dict[str, str]
) -> None:
    body = b'{"user": "U0ADA00001", "channel": "C0GENERAL1", "text": "/binder org/repo"}'

    assert room.status_of("/person/command", body, **headers) in (403, 415)


def test_given_a_ready_binder_when_deleted_then_no_process_and_no_folder_is_left(room: Playing) -> None:
    last = launch(room, ADA, "last")
    servers = room.home / "cloud" / "servers"
    before = set(servers.iterdir())

    last.press(room, ADA, "binder.delete")
    room.until(lambda: len(list(servers.iterdir())) < len(before), within_s=60)
    room.until(
        room.message(GENERAL, lambda m: "last" in m["text"] and m["text"].startswith(("Deleted", "Ended"))),
        within_s=30,
    )

    gone = [folder for folder in before if not folder.exists()]
    assert [
        p.pid for p in psutil.process_iter() if any(str(folder) in " ".join(cmdline(p)) for folder in gone)
    ] == []


def switched_off(cloud: Path) -> None:
    """Instances of ``serve`` outlive it; those of this module do not."""
    for process in psutil.process_iter():
        if str(cloud) in " ".join(cmdline(process)):
            process.kill()


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def asked(url: str, path: str, *, body: str | None = None, **headers: str) -> int:
    """The status that the Binder at ``url`` answers without a browser; its name below localhost is this machine."""
    parts = urlsplit(url)
    connection = HTTPConnection("127.0.0.1", parts.port or 80, timeout=30)
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    connection.request("POST" if body else "GET", path, body, {"Host": parts.netloc, **kind, **headers})
    status = connection.getresponse().status
    connection.close()
    return status


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def test_given_ctrl_c_when_pressed_then_every_process_of_ours_ends(tmp_path: Path) -> None:
    with playing(tmp_path / "home", tmp_path / "log") as found:
        launch(found, ADA, "brief")

    left = [p.pid for p in psutil.process_iter() if str(tmp_path) in " ".join(cmdline(p))]
    assert left == []


def test_given_a_playground_on_this_home_when_a_second_one_starts_then_it_is_refused_and_says_what_to_do(
    tmp_path: Path,
) -> None:
    with playing(tmp_path / "home", tmp_path / "log") as found:
        second = subprocess.run(
            [sys.executable, "-m", "bot", "try", "--port", "0"],
            env={**os.environ, "BINDEROPS_HOME": str(found.home)}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    assert second.returncode == 1
    assert "BINDEROPS_HOME=" in second.stderr
