"""The shapes of Block Kit's blocks, and what holds between the blocks of one message or view.

Source: docs.slack.dev/reference/block-kit/blocks, npm @slack/types 3.2.0. Blocks that a bot of ours is not going to
send (card, carousel, container, table cells, video, call) are held to their surface only; their insides are not examined.
"""

from collections import Counter
from collections.abc import Iterator
from functools import cache

from bot.playground.element_shapes import (
    BLOCK_ID,
    IMAGE,
    NOT_AN_ACCESSORY,
    NOT_IN_ACTIONS,
    NOT_IN_INPUT,
    any_text,
    elements,
    plain_text,
    without,
)
from bot.playground.rich_text_shapes import RICH_TEXT_ELEMENTS
from bot.playground.shapes import (
    Check,
    Json,
    Problem,
    Shape,
    anything,
    by_type,
    each,
    fields,
    flag,
    items,
    one_of,
    problem,
    string,
    typed,
    url,
)

MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
SURFACES = tuple(MOST_BLOCKS)
STATUSES = ("pending", "in_progress", "complete", "error")

_NAMED: Shape = {"block_id": BLOCK_ID}
_SOURCE = typed("url", {"url": url(), "text": string(least=1)}, {})
_RICH_TEXT = typed("rich_text", {"elements": items(RICH_TEXT_ELEMENTS)}, _NAMED)


def _text_or_fields(value: object, pointer: str) -> Iterator[Problem]:
    if isinstance(value, dict) and value.get("text") is None and value.get("fields") is None:
        yield problem(pointer, "text or fields must be given", "missing_field")


def _image_address(value: object, pointer: str) -> Iterator[Problem]:
    if isinstance(value, dict) and value.get("image_url") is None and value.get("slack_file") is None:
        yield problem(pointer, "image_url or slack_file must be given", "missing_field")


def _task_fields(*, in_plan: bool) -> Check:
    required: Shape = {"task_id": string(255, least=1), "title": string(least=1), "status": one_of(*STATUSES)}
    optional: Shape = {
        **_NAMED,
        "details": _RICH_TEXT,
        "output": _RICH_TEXT,
        "sources": items(_SOURCE, least=0),
    }
    if in_plan:  # a task inside a plan needs no type (slack_sdk's own tests leave it out)
        return fields(required, {**optional, "type": one_of("task_card")})
    return typed("task_card", required, optional)


def _open(name: str, *required: str) -> Check:
    """A block that is known but not examined inside."""

    def check(value: object, pointer: str) -> Iterator[Problem]:
        if isinstance(value, dict):
            for field in required:
                if value.get(field) is None:
                    yield problem(pointer, f"missing required field: {field}", "missing_field")
            if value.get("block_id") is not None:
                yield from BLOCK_ID(value["block_id"], f"{pointer}/block_id")

    return each(check, _is(name))


def _is(name: str) -> Check:
    def check(value: object, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, dict) or value.get("type") != name:
            yield problem(f"{pointer}/type", f"must be {name}", "invalid_type")

    return check


def _everywhere(surface: str) -> Shape:
    accessory = {**without(elements(surface), NOT_AN_ACCESSORY), "image": IMAGE}
    acting = without(elements(surface), NOT_IN_ACTIONS)
    filled = without(elements(surface), NOT_IN_INPUT)
    context = {"image": IMAGE, "plain_text": plain_text(3000), "mrkdwn": any_text(3000)}
    return {
        "section": each(
            typed(
                "section",
                {},
                {
                    **_NAMED,
                    "text": any_text(3000),
                    "fields": items(any_text(2000), most=10),
                    "accessory": by_type(lambda: accessory, "accessory"),
                    "expand": flag,
                },
            ),
            _text_or_fields,
        ),
        "header": typed("header", {"text": plain_text(150)}, _NAMED),
        "divider": typed("divider", {}, _NAMED),
        "image": each(
            typed(
                "image",
                {"alt_text": string(2000, least=1)},
                {**_NAMED, "image_url": url(), "slack_file": anything, "title": plain_text(2000)},
            ),
            _image_address,
        ),
        "context": typed(
            "context", {"elements": items(by_type(lambda: context, "context element"), most=10)}, _NAMED
        ),
        "actions": typed(
            "actions", {"elements": items(by_type(lambda: acting, "element"), most=25)}, _NAMED
        ),
        "input": typed(
            "input",
            {"label": plain_text(2000), "element": by_type(lambda: filled, "input element")},
            {**_NAMED, "hint": plain_text(2000), "optional": flag, "dispatch_action": flag},
        ),
        "rich_text": _RICH_TEXT,
        "video": _open("video", "alt_text", "title", "thumbnail_url", "video_url"),
        "call": _open("call", "call_id"),
    }  # fmt: skip


@cache
def blocks_of(surface: str) -> Shape:
    """The blocks that a surface takes (docs.slack.dev/docs/blocks.json)."""
    table = dict(_everywhere(surface))
    if surface == "message":
        table |= {
            "plan": typed(
                "plan",
                {"title": string(least=1)},
                {**_NAMED, "tasks": items(_task_fields(in_plan=True), least=0)},
            ),
            "task_card": _task_fields(in_plan=False),
            "markdown": typed("markdown", {"text": string(12_000, least=1)}, _NAMED),
            "table": _open("table", "rows"),
            "data_table": _open("data_table"),
            "context_actions": _open("context_actions", "elements"),
        }
    if surface in ("message", "home"):
        table |= {
            "card": _open("card"),
            "carousel": _open("carousel", "elements"),
            "container": _open("container", "child_blocks"),
        }
    if surface == "modal":
        table["alert"] = typed(
            "alert",
            {"text": any_text(3000)},
            {**_NAMED, "level": one_of("default", "info", "warning", "error", "success")},
        )
    return table


def check_blocks(blocks: object, surface: str) -> list[Problem]:
    """Everything that Slack would refuse in these blocks on this surface."""
    table = blocks_of(surface)
    everything = items(by_type(lambda: table, f"{surface} block"), most=MOST_BLOCKS[surface], least=0)
    found = list(everything(blocks, "/blocks"))
    if isinstance(blocks, list) and all(isinstance(block, dict) for block in blocks):
        found += _between(blocks)
    return found


def _between(blocks: list[Json]) -> Iterator[Problem]:
    kinds = Counter(str(block.get("type")) for block in blocks)
    if kinds["plan"] > 1:
        yield problem("/blocks", "only one plan block allowed", "too_many")
    if kinds["plan"] and kinds["task_card"]:
        yield problem("/blocks", "plan and task_card blocks exclude each other", "invalid_combination")
    if kinds["table"] + kinds["data_table"] > 1:
        yield problem("/blocks", "only_one_table_allowed", "too_many")
    names = Counter(str(block["block_id"]) for block in blocks if block.get("block_id"))
    for index, block in enumerate(blocks):
        if names[str(block.get("block_id"))] > 1:
            yield problem(f"/blocks/{index}/block_id", "block_id must be unique", "duplicate_id")
        yield from _unique_actions(block, f"/blocks/{index}")


def _unique_actions(block: Json, pointer: str) -> Iterator[Problem]:
    if block.get("type") not in ("actions", "context_actions") or not isinstance(block.get("elements"), list):
        return
    names = [e["action_id"] for e in block["elements"] if isinstance(e, dict) and e.get("action_id")]
    for name, times in Counter(map(str, names)).items():
        if times > 1:
            yield problem(f"{pointer}/elements", f"action_id {name!r} must be unique", "duplicate_id")
