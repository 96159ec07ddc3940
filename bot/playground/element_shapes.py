"""The shapes of Block Kit's elements and composition objects, with Slack's limits.

Source: docs.slack.dev/reference/block-kit/block-elements and /composition-objects, npm @slack/types 3.2.0, and
slack_sdk's models. An option's value may have 150 characters (documentation and sdk; the types say 75).
"""

from collections.abc import Iterator
from functools import cache

from bot.playground.shapes import (
    Check,
    Problem,
    Shape,
    anything,
    by_type,
    each,
    fields,
    flag,
    items,
    number,
    one_of,
    problem,
    string,
    typed,
    url,
)

ACTION_ID = string(255, least=1)
BLOCK_ID = string(255, least=1)


def plain_text(most: int, *, least: int = 1) -> Check:
    """A text object without markup."""
    return typed("plain_text", {"text": string(most, least=least)}, {"emoji": flag})


def any_text(most: int) -> Check:
    """A text object, with markup or without."""
    return by_type(
        lambda: {
            "plain_text": plain_text(most),
            "mrkdwn": typed("mrkdwn", {"text": string(most, least=1)}, {"verbatim": flag}),
        },
        "text object",
    )


CONFIRM = fields(
    {"title": plain_text(100), "text": any_text(300), "confirm": plain_text(30), "deny": plain_text(30)},
    {"style": one_of("primary", "danger")},
)
CONFIRM_OPTIONAL: Shape = {"confirm": CONFIRM}

OPTION = fields(
    {"text": any_text(75), "value": string(150, least=1)}, {"description": any_text(75), "url": url()}
)
OPTION_GROUP = fields({"label": plain_text(75), "options": items(OPTION, most=100)}, {})


def _either_options(value: object, pointer: str) -> Iterator[Problem]:
    if isinstance(value, dict) and ("options" in value) == ("option_groups" in value):
        yield problem(pointer, "exactly one of options and option_groups is required", "missing_field")


def _unique_values(value: object, pointer: str) -> Iterator[Problem]:
    options = value.get("options") if isinstance(value, dict) else None
    if isinstance(options, list):
        values = [o.get("value") for o in options if isinstance(o, dict)]
        if len(set(map(str, values))) < len(values):
            yield problem(f"{pointer}/options", "option values must be unique", "duplicate_value")


_INTERACTIVE: Shape = {"action_id": ACTION_ID}
_MENU: Shape = {
    **_INTERACTIVE,
    "placeholder": plain_text(150),
    "focus_on_load": flag,
    "confirm": CONFIRM,
}
_TYPED_IN: Shape = {
    **_INTERACTIVE,
    "placeholder": plain_text(150),
    "focus_on_load": flag,
    "dispatch_action_config": fields(
        {}, {"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), most=2)}
    ),
}
_IMAGE_URL: Shape = {"image_url": url(), "slack_file": anything}
_CHOICES = items(OPTION, most=100)
_GROUPS = items(OPTION_GROUP, most=100)
_MANY: Shape = {**_MENU, "max_selected_items": number(1, 1000)}
_FEW_CHOICES = items(OPTION, most=10)

BUTTON = typed(
    "button",
    {"text": plain_text(75)},
    {
        **_INTERACTIVE,
        **CONFIRM_OPTIONAL,
        "url": url(),
        "value": string(2000),
        "style": one_of("primary", "danger"),
        "accessibility_label": string(75),
    },
)
IMAGE = typed("image", {"alt_text": string(2000, least=1)}, _IMAGE_URL)


def _select(name: str, *, required: Shape | None = None, optional: Shape) -> tuple[str, Check]:
    return name, typed(name, required or {}, {**_MENU, **optional})


def _multi(name: str, *, required: Shape | None = None, optional: Shape) -> tuple[str, Check]:
    return name, typed(name, required or {}, {**_MANY, **optional})


_STATIC: Shape = {"options": _CHOICES, "option_groups": _GROUPS}
_CONVERSATION: Shape = {"default_to_current_conversation": flag, "filter": anything}

EVERYWHERE: Shape = {
    "button": BUTTON,
    "overflow": each(
        typed("overflow", {"options": items(OPTION, most=5)}, {**_INTERACTIVE, **CONFIRM_OPTIONAL}),
        _unique_values,
    ),
    "checkboxes": typed(
        "checkboxes", {"options": _FEW_CHOICES}, {**_MENU, "initial_options": items(OPTION, most=10)}
    ),
    "radio_buttons": typed("radio_buttons", {"options": _FEW_CHOICES}, {**_MENU, "initial_option": OPTION}),
    "datepicker": typed("datepicker", {}, {**_MENU, "initial_date": string(10)}),
    "timepicker": typed("timepicker", {}, {**_MENU, "initial_time": string(5), "timezone": string(100)}),
    "plain_text_input": typed(
        "plain_text_input",
        {},
        {
            **_TYPED_IN,
            "initial_value": string(3000),
            "multiline": flag,
            "min_length": number(0, 3000),
            "max_length": number(1, 3000),
        },
    ),
    "workflow_button": typed(
        "workflow_button",
        {"text": plain_text(75), "workflow": anything},
        {**_INTERACTIVE, "style": one_of("primary", "danger"), "accessibility_label": string(75)},
    ),
    **dict(
        [
            ("static_select", each(typed("static_select", {}, {**_MENU, **_STATIC, "initial_option": OPTION}), _either_options, _unique_values)),
            ("multi_static_select", each(typed("multi_static_select", {}, {**_MANY, **_STATIC, "initial_options": _CHOICES}), _either_options, _unique_values)),
            _select("external_select", optional={"initial_option": OPTION, "min_query_length": number(0, 100)}),
            _multi("multi_external_select", optional={"initial_options": _CHOICES, "min_query_length": number(0, 100)}),
            _select("users_select", optional={"initial_user": string()}),
            _multi("multi_users_select", optional={"initial_users": items(string(), least=0)}),
            _select("conversations_select", optional={**_CONVERSATION, "initial_conversation": string(), "response_url_enabled": flag}),
            _multi("multi_conversations_select", optional={**_CONVERSATION, "initial_conversations": items(string(), least=0)}),
            _select("channels_select", optional={"initial_channel": string(), "response_url_enabled": flag}),
            _multi("multi_channels_select", optional={"initial_channels": items(string(), least=0)}),
        ]
    ),
}  # fmt: skip

_DATETIME: Shape = {
    "datetimepicker": typed(
        "datetimepicker",
        {},
        {
            **_INTERACTIVE,
            **CONFIRM_OPTIONAL,
            "focus_on_load": flag,
            "initial_date_time": number(0, 9999999999),
        },
    )
}
_RICH_INPUT: Shape = {
    "rich_text_input": typed("rich_text_input", {}, {**_TYPED_IN, "initial_value": anything})
}
_MODAL_ONLY: Shape = {
    "url_text_input": typed("url_text_input", {}, {**_TYPED_IN, "initial_value": string()}),
    "email_text_input": typed("email_text_input", {}, {**_TYPED_IN, "initial_value": string()}),
    "number_input": typed(
        "number_input",
        {"is_decimal_allowed": flag},
        {**_TYPED_IN, "initial_value": string(), "min_value": string(), "max_value": string()},
    ),
    "file_input": typed(
        "file_input",
        {},
        {**_INTERACTIVE, "filetypes": items(string()), "max_files": number(1, 10)},
    ),
}

NOT_IN_ACTIONS = {"plain_text_input", "rich_text_input", *_MODAL_ONLY}
NOT_IN_INPUT = {"button", "overflow", "workflow_button"}
NOT_AN_ACCESSORY = NOT_IN_ACTIONS


@cache
def elements(surface: str) -> Shape:
    """The elements that a surface (``message``, ``modal``, ``home``) takes."""
    table = dict(EVERYWHERE)
    if surface in ("message", "modal"):
        table |= _DATETIME
    if surface in ("modal", "home"):
        table |= _RICH_INPUT
    if surface == "modal":
        table |= _MODAL_ONLY
    return table


def without(table: Shape, names: set[str]) -> Shape:
    """A table with some of its entries taken out."""
    return {name: check for name, check in table.items() if name not in names}
