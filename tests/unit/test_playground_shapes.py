"""Which blocks and views the playground refuses, and in which words."""

from typing import Any

import pytest

from bot.playground.block_shapes import check_blocks
from bot.playground.refusals import check_view, named
from tests.fakes.playground import actions, button, field, modal, section

Json = dict[str, Any]


def task(**more: object) -> Json:
    return {"task_id": "t1", "title": "Build", "status": "in_progress", **more}


def plan(*tasks: Json) -> Json:
    return {"type": "plan", "title": "Launch", "tasks": list(tasks)}


def rich(text: str) -> Json:
    words = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [words]}


def option(value: str) -> Json:
    return {"text": {"type": "plain_text", "text": value}, "value": value}


def select(*values: str) -> Json:
    return {"type": "static_select", "action_id": "s", "options": [option(value) for value in values]}


ALERT = {"type": "alert", "text": {"type": "mrkdwn", "text": "Careful"}, "level": "warning"}
NUMBER = {"type": "number_input", "action_id": "n", "is_decimal_allowed": False}
HEADER = {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}

REFUSED = [
    pytest.param([section("x" * 3001)], "message", "/blocks/0/text/text", "must be less than 3001 characters", id="section-too-long"),
    pytest.param([section("")], "message", "/blocks/0/text/text", "must be more than 0 characters", id="section-empty"),
    pytest.param([{"type": "section"}], "message", "/blocks/0", "text or fields must be given", id="section-without-text"),
    pytest.param([HEADER], "message", "/blocks/0/text/text", "must be less than 151 characters", id="header-too-long"),
    pytest.param([{"type": "divider"}] * 51, "message", "/blocks", "no more than 50 items allowed", id="too-many-blocks"),
    pytest.param([{"type": "divider"}] * 101, "modal", "/blocks", "no more than 100 items allowed", id="too-many-in-modal"),
    pytest.param([{"type": "markdown", "text": "x" * 12_001}], "message", "/blocks/0/text", "must be less than 12001 characters", id="markdown-too-long"),
    pytest.param([{"type": "markdown", "text": "x"}], "modal", "/blocks/0/type", "unsupported type: modal block 'markdown'", id="markdown-in-modal"),
    pytest.param([ALERT], "message", "/blocks/0/type", "unsupported type: message block 'alert'", id="alert-in-message"),
    pytest.param([plan(task())], "home", "/blocks/0/type", "unsupported type: home block 'plan'", id="plan-in-home"),
    pytest.param([plan(task(status="completed"))], "message", "/blocks/0/tasks/0/status", "must be a valid enum value (pending, in_progress, complete, error)", id="status-completed"),
    pytest.param([plan(task(details="text"))], "message", "/blocks/0/tasks/0/details", "must be an object", id="details-as-text"),
    pytest.param([{**plan(task()), "title": {"type": "plain_text", "text": "x"}}], "message", "/blocks/0/title", "must be a string", id="plan-title-as-object"),
    pytest.param([plan(task()), plan(task())], "message", "/blocks", "only one plan block allowed", id="two-plans"),
    pytest.param([plan(task()), {"type": "task_card", **task()}], "message", "/blocks", "plan and task_card blocks exclude each other", id="plan-and-task-card"),
    pytest.param([actions(*(button(str(n)) for n in range(26)))], "message", "/blocks/0/elements", "no more than 25 items allowed", id="too-many-buttons"),
    pytest.param([actions(button("a"), button("a"))], "message", "/blocks/0/elements", "action_id 'a' must be unique", id="same-action-id"),
    pytest.param([actions(button("a"), block_id="x"), actions(button("a"), block_id="x")], "message", "/blocks/0/block_id", "block_id must be unique", id="same-block-id"),
    pytest.param([actions(button(value="x" * 2001))], "message", "/blocks/0/elements/0/value", "must be less than 2001 characters", id="button-value-too-long"),
    pytest.param([actions(button(url="https://x/" + "y" * 3000))], "message", "/blocks/0/elements/0/url", "must be less than 3001 characters", id="button-url-too-long"),
    pytest.param([actions(button(url="no address"))], "message", "/blocks/0/elements/0/url", "Invalid URL", id="button-url-wrong"),
    pytest.param([actions(button(style="green"))], "message", "/blocks/0/elements/0/style", "must be a valid enum value (primary, danger)", id="button-style"),
    pytest.param([actions(button(colour="red"))], "message", "/blocks/0/elements/0", "invalid additional property: colour", id="unknown-field"),
    pytest.param([actions(select(*map(str, range(101))))], "message", "/blocks/0/elements/0/options", "no more than 100 items allowed", id="too-many-options"),
    pytest.param([actions(select("x" * 151))], "message", "/blocks/0/elements/0/options/0/value", "must be less than 151 characters", id="option-value-too-long"),
    pytest.param([section("x", accessory=NUMBER)], "message", "/blocks/0/accessory/type", "unsupported type: accessory 'number_input'", id="input-as-accessory"),
    pytest.param([{**field("f"), "element": NUMBER}], "message", "/blocks/0/element/type", "unsupported type: input element 'number_input'", id="number-input-in-message"),
    pytest.param([{**field("f"), "element": button()}], "modal", "/blocks/0/element/type", "unsupported type: input element 'button'", id="button-in-input"),
    pytest.param([{"type": "image", "alt_text": "a"}], "message", "/blocks/0", "image_url or slack_file must be given", id="image-without-address"),
    pytest.param([{"type": "marquee"}], "message", "/blocks/0/type", "unsupported type: message block 'marquee'", id="no-such-block"),
    pytest.param(["text"], "message", "/blocks/0", "must be an object", id="block-as-text"),
]  # fmt: skip


@pytest.mark.parametrize(("blocks", "surface", "pointer", "message"), REFUSED)
def test_given_blocks_that_slack_refuses_when_they_are_checked_then_the_place_is_named(
    blocks: list[Any], surface: str, pointer: str, message: str
) -> None:
    found = {(problem.pointer, problem.message) for problem in check_blocks(blocks, surface)}

    assert (pointer, message) in found


TAKEN = [
    pytest.param([plan(task(output=rich("done"), sources=[{"type": "url", "url": "https://x.org", "text": "x"}]))], "message", id="plan"),
    pytest.param([{"type": "task_card", **task(status="complete")}], "message", id="task-card-alone"),
    pytest.param([section("x", accessory=select("a", "b")), {"type": "divider"}, HEADER | {"text": {"type": "plain_text", "text": "h"}}], "message", id="plain-message"),
    pytest.param([actions(*(button(str(n), value="v") for n in range(25)))], "home", id="as-many-buttons-as-allowed"),
    pytest.param([{**field("f"), "element": NUMBER}, ALERT], "modal", id="modal-only-things"),
    pytest.param([{"type": "context", "elements": [{"type": "mrkdwn", "text": "c"}, {"type": "image", "image_url": "https://x.org/a.png", "alt_text": "a"}]}], "message", id="context"),
    pytest.param([], "message", id="nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("blocks", "surface"), TAKEN)
def test_given_blocks_that_slack_takes_when_they_are_checked_then_nothing_is_wrong(
    blocks: list[Json], surface: str
) -> None:
    assert check_blocks(blocks, surface) == []


VIEWS = [
    pytest.param(modal(field("f"), title="x" * 25), "/view/title/text", id="title-too-long"),
    pytest.param(modal(field("f"), private_metadata="x" * 3001), "/view/private_metadata", id="metadata-too-long"),
    pytest.param(modal(field("f")) | {"submit": None}, "/view", id="input-without-submit"),
    pytest.param(modal(field("f")) | {"type": "home"}, "/view/type", id="home-opened-as-modal"),
    pytest.param(modal({"type": "plan", "title": "p"}), "/view/blocks/0/type", id="plan-in-modal"),
    pytest.param("text", "/view", id="no-object"),
]  # fmt: skip


@pytest.mark.parametrize(("view", "pointer"), VIEWS)
def test_given_a_view_that_slack_refuses_when_it_is_checked_then_the_place_is_named(
    view: object, pointer: str
) -> None:
    assert pointer in {problem.pointer for problem in check_view(view, "modal")}


def test_given_blocks_without_ids_when_they_are_stored_then_blocks_and_buttons_have_ids_of_their_own() -> (
    None
):
    anonymous = {"type": "actions", "elements": [{k: v for k, v in button().items() if k != "action_id"}]}

    first, second = named([anonymous, anonymous])

    ids = {block["block_id"] for block in (first, second)} | {
        b["elements"][0]["action_id"] for b in (first, second)
    }
    assert len(ids) == 4
