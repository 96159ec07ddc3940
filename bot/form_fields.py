"""The fields of our forms: what each looks like to Slack, and what was put into it. Pure."""

from typing import Any

FIELD = "value"  # the action_id within each field's block


def text(
    field: str,
    label: str,
    placeholder: str,
    *,
    optional: bool = False,
    hint: str = "",
    initial: str = "",
) -> dict[str, Any]:
    """One line of text. ``field`` is its block's id."""
    element = {
        "type": "plain_text_input",
        "action_id": FIELD,
        "placeholder": plain(placeholder),
        "max_length": 1000,
        **({"initial_value": initial} if initial else {}),
    }
    return labelled(field, label, element, optional=optional, hint=hint)


def labelled(
    field: str, label: str, element: dict[str, Any], *, optional: bool, hint: str = ""
) -> dict[str, Any]:
    """An element with its label, and perhaps a hint below."""
    made = {
        "type": "input",
        "block_id": field,
        "label": plain(label),
        "element": element,
        "optional": optional,
    }
    return {**made, "hint": plain(hint)} if hint else made


def plain(text: str) -> dict[str, str]:
    """A text object without markup."""
    return {"type": "plain_text", "text": text}


def entered(element: dict[str, Any]) -> str:
    """What a submitted element holds: the chosen option's value, or the text without the spaces around it."""
    if element.get("selected_option"):
        return str(element["selected_option"]["value"])
    return str(element.get("value") or "").strip()
