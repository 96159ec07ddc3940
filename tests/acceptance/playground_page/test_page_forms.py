"""Modals: errors at their fields, submissions, the keyboard alone."""

import pytest
from playwright.async_api import Page, expect

from tests.acceptance.playground_page.tiny_app import (
    action,
    say,
)

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]


async def test_given_an_error_from_the_app_when_a_form_is_sent_then_it_stands_at_the_field(
    page: Page,
) -> None:
    await say(page, "/binder")
    field = page.get_by_label("Repository")
    await field.fill("repo")

    await page.get_by_test_id("modal-submit").click()

    await expect(page.get_by_test_id("field-error")).to_have_text("Error: That is no repository.")
    await expect(field).to_be_focused()
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_have_value("repo")


async def test_given_a_corrected_form_when_it_is_sent_again_then_the_launch_begins(page: Page) -> None:
    await say(page, "/binder")
    await page.get_by_label("Repository").fill("repo")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("field-error")).to_be_visible()

    await page.get_by_label("Repository").fill("org/repo")
    await page.get_by_test_id("modal-submit").click()

    await expect(page.get_by_test_id("modal")).to_have_count(0)
    await expect(page.get_by_test_id("thread")).to_contain_text("Building: org/repo for @Ada")


async def test_given_only_a_keyboard_when_launching_by_the_form_then_every_step_is_reached(
    page: Page,
) -> None:
    await page.keyboard.type("/binder")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Repository")).to_be_focused()
    await page.keyboard.type("org/repo")
    await page.keyboard.press("Enter")
    await expect(action(page.get_by_test_id("thread"), "open")).to_be_visible()

    await page.keyboard.press("F6")
    for _ in range(20):
        if await action(page, "open").evaluate("(node) => node === document.activeElement"):
            break
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")

    await expect(page.get_by_test_id("thread")).to_contain_text("Your private link")


async def test_given_a_form_on_top_of_another_when_it_is_left_then_what_was_typed_below_is_there(
    page: Page,
) -> None:
    await say(page, "/binder")
    await page.get_by_label("Repository").fill("another")
    await page.get_by_label("Note").fill("for Monday")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_role("heading", name="On top")).to_be_visible()
    await expect(page.get_by_label("Note")).to_have_value("")

    await page.keyboard.press("Escape")

    await expect(page.get_by_role("heading", name="Launch")).to_be_visible()
    await expect(page.get_by_label("Note")).to_have_value("for Monday")


async def test_given_a_form_when_it_is_left_by_escape_then_the_focus_is_back_in_the_message_field(
    page: Page,
) -> None:
    await say(page, "/binder")
    await expect(page.get_by_label("Repository")).to_be_focused()

    await page.keyboard.press("Escape")

    await expect(page.get_by_test_id("composer")).to_be_focused()


async def test_given_an_empty_required_field_when_the_form_is_sent_then_the_app_is_not_asked(
    page: Page,
) -> None:
    await say(page, "/binder")

    await page.get_by_test_id("modal-submit").click()

    await expect(page.get_by_test_id("field-error")).to_have_text(
        "Error: Please complete this required field."
    )


async def test_given_a_message_when_its_menu_is_used_by_keyboard_then_the_app_opens_a_form_about_it(
    page: Page,
) -> None:
    await say(page, "look at this")
    menu = page.get_by_test_id("message-menu")

    await menu.focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")

    await expect(page.get_by_test_id("modal")).to_contain_text("look at this")
