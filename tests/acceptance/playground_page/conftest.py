"""Chromium, the real playground, and a tiny app that answers it over Socket Mode."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from bot.playground import InstalledApp, Playground
from bot.playground.site import Shortcut
from tests.acceptance.playground_page.tiny_app import TinyApp
from tests.beds.browser import chromium


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(**chromium())
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="module")
async def playground(tmp_path: Path) -> AsyncIterator[Playground]:
    shortcut = Shortcut(name="Launch it", callback_id="launch_message")
    started = Playground(app=InstalledApp(shortcuts=(shortcut,)), folder=tmp_path)
    await started.start()
    yield started
    await started.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def app(playground: Playground) -> AsyncIterator[TinyApp]:
    tiny = TinyApp(playground)
    await tiny.handler.connect_async()  # type: ignore[no-untyped-call]  # the SDK has no types here
    yield tiny
    await tiny.handler.close_async()  # type: ignore[no-untyped-call]  # as above


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, playground: Playground, app: TinyApp) -> AsyncIterator[Page]:
    """#general as Ada sees it; whatever the page itself complains about fails the test."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    opened = await context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    opened.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    await opened.goto(playground.url)
    await expect(opened.get_by_test_id("status")).to_have_text("App connected")
    await expect(opened.get_by_test_id("composer")).to_be_focused()
    yield opened
    await context.close()
    assert complaints == []
