"""What a person put into an element, as Slack reports it in ``actions`` and in ``view.state``. Pure.

Raises nothing of its own for a press; `state_of` returns the places that Slack's client would not let through.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.playground.shapes import Json

_PLAIN = {
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
    "rich_text_input": "rich_text_value",
}
_ONE_OPTION = ("static_select", "radio_buttons", "external_select", "overflow")
_MANY_OPTIONS = ("checkboxes", "multi_static_select", "multi_external_select")
_INITIAL = {
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_date_time": "initial_date_time",
    "selected_user": "initial_user",
    "selected_conversation": "initial_conversation",
    "selected_channel": "initial_channel",
    "selected_users": "initial_users",
    "selected_conversations": "initial_conversations",
    "selected_channels": "initial_channels",
    "rich_text_value": "initial_value",
}
REQUIRED = "Please complete this required field."


class NotAChoice(Exception):  # noqa: N818  it reads as what it says
    """A value that the element does not offer."""


def options_of(element: Json) -> list[Json]:
    """Every option of a select, grouped or not."""
    groups = element.get("option_groups") or []
    return [*(element.get("options") or []), *(o for group in groups for o in group["options"])]


def _option(element: Json, value: object) -> Json:
    wanted = value.get("value") if isinstance(value, dict) else value
    if element["type"].endswith("external_select"):
        text = value["text"] if isinstance(value, dict) else {"type": "plain_text", "text": str(value)}
        return {"text": text, "value": wanted}
    for option in options_of(element):
        if option["value"] == wanted:
            return option
    raise NotAChoice(str(wanted))


def filled(element: Json, value: object) -> Json:
    """The part of an element's state that a value makes. Raises `NotAChoice`."""
    kind = element["type"]
    if kind in _ONE_OPTION:
        return {"selected_option": None if value in (None, "") else _option(element, value)}
    if kind in _MANY_OPTIONS:
        wanted = value if isinstance(value, list) else [] if value in (None, "") else [value]
        return {"selected_options": [_option(element, one) for one in wanted]}
    if kind in _PLAIN:
        return {_PLAIN[kind]: value}
    text = None if value in (None, "") else str(value)
    return {"value": text}


def _initially(element: Json) -> Json:
    kind = element["type"]
    if kind in _ONE_OPTION:
        return {"selected_option": element.get("initial_option")}
    if kind in _MANY_OPTIONS:
        return {"selected_options": element.get("initial_options") or []}
    if kind in _PLAIN:
        return {_PLAIN[kind]: element.get(_INITIAL[_PLAIN[kind]])}
    return {"value": element.get("initial_value")}


def action_of(element: Json, block_id: str, value: object, action_ts: str) -> Json:
    """One entry of ``actions``. Raises `NotAChoice`."""
    shared = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block_id,
        "action_ts": action_ts,
    }
    if element["type"] in ("button", "workflow_button"):
        kept = ("text", "value", "url", "style")
        return {**shared, **{name: element[name] for name in kept if name in element}}
    return {**shared, **filled(element, value)}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """``view.state.values``, and by block what a person must correct before Slack sends anything."""

    values: Json
    errors: dict[str, str]


def state_of(view: Json, given: Json) -> State:
    """The state of a view that is submitted with these values, ``{block_id: {action_id: value}}``."""
    values: Json = {}
    errors: dict[str, str] = {}
    for block, element in _stateful(view):
        block_id, action_id = block["block_id"], element["action_id"]
        entered = given.get(block_id, {})
        try:
            part = filled(element, entered[action_id]) if action_id in entered else _initially(element)
        except NotAChoice:
            part = _initially(element)
            errors[block_id] = "Choose one of the options."
        values.setdefault(block_id, {})[action_id] = {"type": element["type"], **part}
        if block["type"] == "input" and (wrong := _wrong(block, element, next(iter(part.values())))):
            errors.setdefault(block_id, wrong)
    return State(values=values, errors=errors)


def _stateful(view: Json) -> Iterator[tuple[Json, Json]]:
    for block in view["blocks"]:
        for element in [block.get("element"), block.get("accessory"), *(block.get("elements") or [])]:
            if not isinstance(element, dict) or "action_id" not in element:
                continue
            if element["type"] not in ("button", "workflow_button", "overflow", "image"):
                yield block, element


def _wrong(block: Json, element: Json, value: object) -> str | None:
    if value in (None, "", []):
        return None if block.get("optional") else REQUIRED
    check = _CLIENT_CHECKS.get(element["type"])
    return check(element, str(value)) if check else None


def _text_wrong(element: Json, value: str) -> str | None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if len(value) < least:
        return f"Please enter at least {least} characters."
    return f"Please enter {most} characters or fewer." if len(value) > most else None


def _number_wrong(element: Json, value: str) -> str | None:
    try:
        number = float(value) if element["is_decimal_allowed"] else int(value)
    except ValueError:
        return "Please enter a number."
    low, high = element.get("min_value"), element.get("max_value")
    if low is not None and number < float(low):
        return f"Please enter a number of {low} or more."
    return f"Please enter a number of {high} or less." if high is not None and number > float(high) else None


def _url_wrong(_element: Json, value: str) -> str | None:
    return None if "://" in value else "Please enter a full URL."


def _email_wrong(_element: Json, value: str) -> str | None:
    return None if "@" in value.strip("@") else "Please enter an email address."


_CLIENT_CHECKS: dict[str, Callable[[Json, str], str | None]] = {
    "plain_text_input": _text_wrong,
    "number_input": _number_wrong,
    "url_text_input": _url_wrong,
    "email_text_input": _email_wrong,
}
