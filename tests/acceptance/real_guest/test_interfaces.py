"""Every kind of interface on a real instance: its button, its place, its page; one that comes up late, and one that ends."""

import json
from urllib.parse import urlencode

import pytest

from tests.acceptance.playing import buttons_of
from tests.acceptance.real_guest.conftest import Team
from tests.acceptance.real_guest.launching import DOCKERFILE, launch
from tests.acceptance.real_guest.seen import Seen

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1500)]

_NAME = "programs"
#: Real programs of the package index; RStudio, VS Code, the desktop, Pluto and nteract have none there, and stand-ins below.
_REAL = "notebook voila streamlit shiny nbgitpuller jupyter-server-proxy"
_STAND_INS = {
    "rstudio": "RStudio",
    "vscode": "VS Code",
    "desktop": "Desktop",
    "pluto": "Pluto.jl",
    "late": "Late",
}
_STAND_IN = '''\
"""A web program: a page at its root, nothing at a doubled slash, relative links. RStudio signs in by a cookie; `late` is away at times."""

import os, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

name, port = sys.argv[1], int(sys.argv[2])


def until_away():
    while os.path.exists("on"):
        time.sleep(0.2)
    os._exit(1)


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.partition("?")[0]
        signed_in = name != "rstudio" or "user-id=" in self.headers.get("Cookie", "")
        if path == "/auth-sign-in":
            return self.answer(302, "", Location="./", **{"Set-Cookie": "user-id=jovyan; path=/rstudio"})
        if not signed_in:
            return self.answer(302, "", Location="./auth-sign-in?appUri=%2F")
        if path != "/":
            return self.answer(404, "nothing at " + path)
        self.answer(200, "this is " + name)

    def answer(self, status, text, **headers):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


if name == "late":
    threading.Thread(target=until_away).start()
ThreadingHTTPServer(("127.0.0.1", port), Page).serve_forever()
'''
_CONFIG = f"""\
import sys
streamlit = ["streamlit", "run", "app_streamlit.py", "--server.port={{port}}", "--server.headless=true", "--browser.gatherUsageStats=false"]
shiny = ["shiny", "run", "--port={{port}}", "app_shiny.py"]
c.ServerProxy.servers = {{
    "streamlit": {{"command": streamlit, "timeout": 60, "launcher_entry": {{"title": "Streamlit"}}}},
    "shiny": {{"command": shiny, "timeout": 60, "launcher_entry": {{"title": "Shiny"}}}},
    **{{
        name: {{"command": [sys.executable, "stand_in.py", name, "{{port}}"], "launcher_entry": {{"title": title}}}}
        for name, title in {_STAND_INS!r}.items()
    }},
}}
"""
_FILES = {
    "Dockerfile": DOCKERFILE.replace("jupyterlab ipykernel", f"jupyterlab ipykernel {_REAL}"),
    "jupyter_server_config.py": _CONFIG,
    "stand_in.py": _STAND_IN,
    "app_streamlit.py": 'import streamlit\nstreamlit.title("Hello")\n',
    "app_shiny.py": 'from shiny.express import ui\nui.h1("Hello")\n',
    "hello.ipynb": json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}),
}
#: In the order of their buttons, with what stands on their pages and on no other page of this server.
_PAGES = {
    "lab": "jupyter-config-data", "rstudio": "this is rstudio", "shiny": "shiny", "notebook": "jupyter-config-data",
    "vscode": "this is vscode", "desktop": "this is desktop", "pluto": "this is pluto", "streamlit": "Streamlit",
    "voila": "Voil", "terminal": "jupyter-config-data",
}  # fmt: skip


@pytest.fixture(scope="package")
def programs(team: Team) -> Seen:
    """A launch of all of them; of the package, since its deletion comes after all other tests."""
    team.launch(_NAME, _FILES)
    return team.ended(_NAME)


def shown(binder: Seen) -> list[str]:
    """The interfaces that have a button, in its place."""
    return [
        a.removeprefix("binder.open.") for a in buttons_of(binder.message) if a.startswith("binder.open.")
    ]


def test_given_every_kind_of_program_when_ready_then_each_has_its_button_in_its_place(programs: Seen) -> None:
    assert shown(programs) == [*_PAGES]


@pytest.mark.parametrize("name", _PAGES)
async def test_given_the_button_of_a_program_when_opened_then_its_own_page_is_there_without_a_doubled_slash(
    programs: Seen, name: str
) -> None:
    async with programs.browser(f"binder.open.{name}") as browser:
        status, paths, page = await browser.opened()

    assert (status, [p for p in paths if "//" in p]) == (200, [])
    assert _PAGES[name] in page


async def test_given_a_program_that_comes_late_and_ends_then_its_button_comes_and_goes(
    programs: Seen,
) -> None:
    async with programs.browser() as browser:
        await browser.enter(browser.ticket)

        await browser.compute("open('on', 'w'); print('it may come up')")
        programs.room.until(lambda: "app-late" in shown(programs), within_s=180)
        await browser.compute("__import__('os').remove('on'); print('it ends')")
        programs.room.until(lambda: "app-late" not in shown(programs), within_s=180)

    assert shown(programs) == [*_PAGES]


async def test_given_a_link_of_nbgitpullers_when_launched_with_it_then_its_page_is_the_first_button(
    team: Team, programs: Seen
) -> None:
    asked = urlencode({"repo": f"{team.git}{_NAME}", "urlpath": f"lab/tree/{_NAME}/hello.ipynb"})
    launch(team.room, f"{team.git}{_NAME} open=/git-pull?{asked}", "pulled")
    pulled = team.ended("pulled")

    assert shown(pulled)[:2] == ["page", "lab"]
    async with pulled.browser("binder.open.page") as browser:
        status, paths, page = await browser.opened()
    assert (status, paths) == (200, [f"/git-pull?{asked}"])
    assert "nbgitpuller" in page
    pulled.press("binder.delete")


@pytest.mark.last
def test_given_the_programs_when_deleted_then_nothing_is_left(programs: Seen) -> None:
    programs.press("binder.delete")

    programs.until_told(lambda m: _NAME in m["text"] and "Its instance is gone" in m["text"])
    assert programs.objects() == []
