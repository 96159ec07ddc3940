"""What the page draws: blocks as text and never as markup, edits, files, links; and that it needs no other host."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from bot.playground import Playground
from tests.acceptance.playground_page.tiny_app import (
    GENERAL,
    TinyApp,
    action,
    actions,
    button,
    plain,
    say,
    section,
)

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

EVIL = '<img src=x onerror=alert(1)><script>alert(2)</script>"><svg onload=alert(3)>'
ESCAPED = EVIL.replace("<", "&lt;").replace(">", "&gt;")
RICH = {"type": "rich_text_section", "elements": [{"type": "text", "text": EVIL}]}
HOSTILE = [
    pytest.param([section(ESCAPED)], EVIL, id="markup"),
    pytest.param([section(f"```{ESCAPED}```")], EVIL, id="code"),
    pytest.param([section(f"&gt; *{ESCAPED}*")], EVIL, id="quote"),
    pytest.param([section("<javascript:alert(1)|press>")], "<javascript:alert(1)|press>", id="script link"),
    pytest.param([section(f"<https://x.test/|{ESCAPED}>")], EVIL, id="link label"),
    pytest.param([{"type": "header", "text": plain(EVIL)}], EVIL, id="header"),
    pytest.param([{"type": "markdown", "text": EVIL}], EVIL, id="markdown"),
    pytest.param([{"type": "markdown", "text": "[a](javascript:alert)"}], "[a](", id="markdown link"),
    pytest.param([{"type": "rich_text", "elements": [RICH]}], EVIL, id="rich text"),
    pytest.param([actions(button(EVIL[:70], "a"))], EVIL[:70], id="button"),
    pytest.param(
        [{"type": "plan", "title": EVIL, "tasks": [{"task_id": "t", "title": EVIL, "status": "error"}]}],
        EVIL,
        id="plan",
    ),
]


@pytest.mark.parametrize(("blocks", "shown"), HOSTILE)
async def test_given_a_hostile_text_when_it_is_shown_then_it_stays_text(
    page: Page, app: TinyApp, blocks: list[dict[str, Any]], shown: str
) -> None:
    await app.post(*blocks)

    message = page.get_by_test_id("message")
    await expect(message).to_contain_text(shown)
    await expect(message.locator("img, script, svg[onload], [onerror], a[href^=javascript]")).to_have_count(0)


async def test_given_a_message_on_the_screen_when_the_app_edits_it_then_the_page_follows(
    page: Page, app: TinyApp
) -> None:
    ts = await app.post(section("step 1 of 7"))
    await expect(page.get_by_test_id("message")).to_contain_text("step 1 of 7")

    await app.client.chat_update(channel=GENERAL, ts=ts, text="news", blocks=[section("step 2 of 7")])

    await expect(page.get_by_test_id("message")).to_contain_text("step 2 of 7")


async def test_given_the_focus_on_a_button_when_its_message_is_edited_then_the_focus_stays(
    page: Page, app: TinyApp
) -> None:
    ts = await app.post(section("step 1 of 7"), actions(button("Cancel", "cancel")))
    await action(page, "cancel").focus()

    blocks = [section("step 2 of 7"), actions(button("Cancel", "cancel"))]
    await app.client.chat_update(channel=GENERAL, ts=ts, text="news", blocks=blocks)

    await expect(page.get_by_test_id("message")).to_contain_text("step 2 of 7")
    await expect(action(page, "cancel")).to_be_focused()


async def test_given_a_link_button_when_it_is_shown_then_it_opens_a_tab_that_knows_nothing_of_us(
    page: Page, app: TinyApp
) -> None:
    await app.post(actions(button("Enter", "enter", url="https://b-1.test/enter?ticket=t")))

    await expect(action(page, "enter")).to_have_attribute("href", "https://b-1.test/enter?ticket=t")
    await expect(action(page, "enter")).to_have_attribute("rel", "noopener noreferrer")
    await expect(action(page, "enter")).to_have_attribute("target", "_blank")


async def test_given_the_home_tab_when_it_is_opened_then_the_app_fills_it(page: Page) -> None:
    await page.get_by_test_id("app-home").click()

    await expect(page.get_by_test_id("home")).to_contain_text("Nothing runs")


async def test_given_an_uploaded_log_when_it_is_opened_then_its_lines_are_read_in_place(
    page: Page, app: TinyApp
) -> None:
    await app.client.files_upload_v2(channel=GENERAL, content="line 1\n<line 2>", filename="build.log")

    await page.get_by_test_id("file").locator("summary").click()

    await expect(page.get_by_test_id("file")).to_contain_text("<line 2>")


async def test_given_a_plan_when_it_is_shown_then_each_step_says_its_state_in_words(
    page: Page, app: TinyApp
) -> None:
    states = ("complete", "in_progress", "error", "pending")
    tasks = [{"task_id": state, "title": "Step", "status": state} for state in states]
    await app.post({"type": "plan", "title": "Building", "tasks": tasks})

    steps = page.get_by_test_id("message").locator("ol li")
    await expect(steps).to_have_text(["Stepdone", "Stepin progress", "Steperror", "Stepwaiting"])


async def test_given_nine_hundred_pixels_when_a_thread_is_open_then_nothing_is_cut_off(page: Page) -> None:
    await page.set_viewport_size({"width": 900, "height": 800})

    await say(page, "/binder org/repo")
    await expect(page.get_by_test_id("thread")).to_be_visible()

    assert await page.evaluate("document.documentElement.scrollWidth") == 900


async def test_given_a_whole_launch_when_the_page_is_used_then_it_asks_no_other_host(
    browser: Browser, playground: Playground, app: TinyApp
) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(playground.url)
    await app.post({"type": "image", "image_url": "https://elsewhere.test/a.png", "alt_text": "a plot"})

    await expect(page.get_by_test_id("message")).to_contain_text("Image: a plot")

    assert [url for url in asked if not url.startswith(f"{playground.url}/")] == []
    await context.close()


async def test_given_a_bare_address_in_a_text_when_it_is_shown_then_it_is_a_link_without_the_full_stop(
    page: Page, app: TinyApp
) -> None:
    await app.post(section("See https://x.test/a?b=1&amp;c=2."))

    await expect(page.get_by_test_id("message").locator("a")).to_have_attribute(
        "href", "https://x.test/a?b=1&c=2"
    )
