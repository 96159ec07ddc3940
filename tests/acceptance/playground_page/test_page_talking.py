"""Commands, replies, presses and switches, as a person uses them on the page."""

import pytest
from playwright.async_api import Page, expect

from bot.playground import Playground
from tests.acceptance.playground_page.tiny_app import (
    BEN,
    SURE,
    TEACHING,
    TinyApp,
    action,
    actions,
    button,
    plain,
    say,
)

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]


async def test_given_a_channel_when_a_command_is_typed_then_its_thread_opens_by_itself(page: Page) -> None:
    await say(page, "/binder org/repo")

    await expect(page.get_by_test_id("thread")).to_contain_text("Ready")


async def test_given_a_command_when_it_is_acked_with_a_text_then_only_its_author_sees_that(
    page: Page,
) -> None:
    await say(page, "/binder org/repo")
    await expect(page.locator("[data-ephemeral]")).to_contain_text("Looking at org/repo")

    await page.get_by_test_id("acting-as").select_option(BEN)

    await expect(page.get_by_test_id("message").filter(has_text="Building")).to_be_visible()
    await expect(page.locator("[data-ephemeral]")).to_have_count(0)


async def test_given_a_button_in_a_thread_when_it_is_pressed_then_the_answer_is_private(page: Page) -> None:
    await say(page, "/binder org/repo")

    await action(page.get_by_test_id("thread"), "open").click()

    answer = page.get_by_test_id("thread").locator("[data-ephemeral]")
    await expect(answer).to_contain_text("Only visible to you")
    await expect(answer).to_contain_text("Your private link")


async def test_given_a_question_before_a_button_when_it_is_denied_then_nothing_is_pressed(
    page: Page, app: TinyApp
) -> None:
    await app.post(
        actions(button("Delete", "delete", style="danger", confirm=SURE), button("Other", "other"))
    )

    await action(page, "delete").click()
    await page.get_by_test_id("confirm-deny").click()
    await action(page, "other").click()
    await expect(page.locator("[data-ephemeral]")).to_be_visible()

    assert [press["action_id"] for press in app.presses] == ["other"]


async def test_given_a_select_in_a_message_when_an_option_is_chosen_then_the_app_gets_it(
    page: Page, app: TinyApp
) -> None:
    options = [{"text": plain(name), "value": name.lower()} for name in ("Small", "Big")]
    await app.post(actions({"type": "static_select", "action_id": "size", "options": options}))

    await action(page, "size").select_option(label="Big")
    await expect(page.locator("[data-ephemeral]")).to_be_visible()

    assert [press["selected_option"]["value"] for press in app.presses] == ["big"]


async def test_given_a_slash_command_in_a_thread_when_it_is_sent_then_it_is_refused_as_in_slack(
    page: Page, app: TinyApp
) -> None:
    await say(page, "/binder org/repo")
    await page.get_by_test_id("thread-composer").fill("/binder other/repo")

    await page.keyboard.press("Enter")

    hint = page.get_by_test_id("thread-composer-hint")
    await expect(hint).to_contain_text("/binder is not supported in threads. Sorry!")
    assert app.commands == ["org/repo"]


async def test_given_a_plain_reply_when_it_is_sent_in_a_thread_then_it_stands_there(page: Page) -> None:
    await say(page, "/binder org/repo")
    await page.get_by_test_id("thread-composer").fill("thanks & <goodbye>")

    await page.keyboard.press("Enter")

    await expect(page.get_by_test_id("thread").get_by_role("log")).to_contain_text("thanks & <goodbye>")


async def test_given_an_empty_channel_when_the_sample_is_run_then_its_command_reaches_the_app(
    page: Page, app: TinyApp, playground: Playground
) -> None:
    await page.get_by_test_id("try-sample").click()

    await expect(page.get_by_test_id("thread")).to_be_visible()
    assert app.commands == [
        f"<{playground.url}/sample.git>"
    ]  # as Slack marks a link for whoever asks for mentions


async def test_given_a_fault_when_it_is_set_on_the_page_then_the_next_call_meets_it(
    page: Page, playground: Playground
) -> None:
    await page.get_by_test_id("break-slack").click()
    await page.get_by_test_id("fault-cut").check()
    await page.get_by_test_id("fault-set").click()

    await expect(page.get_by_test_id("faults")).to_contain_text("Cut answer: next call")
    assert [(fault.kind, fault.count) for fault in playground.faults.waiting] == [("cut", 1)]


async def test_given_another_channel_when_something_is_said_there_then_it_is_marked_new(
    page: Page, app: TinyApp
) -> None:
    await app.client.chat_postMessage(channel=TEACHING, text="hello")

    await expect(page.get_by_test_id("channel-teaching")).to_contain_text("new")
    await page.get_by_test_id("channel-teaching").click()
    await expect(page.get_by_test_id("message")).to_contain_text("hello")
    await expect(page.get_by_test_id("channel-teaching")).not_to_contain_text("new")
