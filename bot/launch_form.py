"""The launch form: a modal whose fields are read by the same grammar as typed text, with mistakes told at their field."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot import blocks
from bot.grammar import parse
from bot.intents import Details
from bot.words import amount
from provisioning.errors import PersonError
from provisioning.model import Flavor

CALLBACK = "binder.launch"
FIELD = "value"  # the action_id within each field's block
_OPTIONS = 100  # Slack's limit for a select
_ERROR_LIMIT = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the form was asked for; Slack does not say it again when the form comes back."""

    channel: str
    response_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filled:
    """The fields as one text, and which part of it came from which field."""

    text: str
    parts: tuple[tuple[int, int, str], ...]  # start, end, field

    def field_at(self, place: int) -> str:
        return next((field for start, end, field in self.parts if start <= place <= end), "repository")


def form(origin: Origin, flavors: Sequence[Flavor], *, default_hours: float) -> dict[str, Any]:
    """The modal. ``flavors``: as last seen, with prices; none known: the name is typed."""
    fields = [
        _text("repository", "Repository", "org/repo, or a link", hint="Any mybinder.org link works too."),
        _text("ref", "Branch, tag or commit", "the default branch", optional=True),
        _text(
            "path", "Path", "notebooks/intro.ipynb", optional=True,
            hint="A folder with Binder configuration is built; anything else is opened.",
        ),
        _flavor(flavors),
        _text("hours", "Lifetime in hours", amount(default_hours), optional=True, hint="Counted from when it is ready."),
    ]  # fmt: skip
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": _plain("Launch an environment"),
        "submit": _plain("Launch"),
        "close": _plain("Close"),
        "private_metadata": json.dumps({"channel": origin.channel, "response_url": origin.response_url}),
        "blocks": fields,
    }


def origin_of(view: dict[str, Any]) -> Origin:
    """Where the submitted form was asked for."""
    kept = json.loads(view.get("private_metadata") or "{}")
    return Origin(channel=str(kept.get("channel", "")), response_url=str(kept.get("response_url", "")))


def submitted(
    view: dict[str, Any], *, flavors: Sequence[str], allow_exact: Sequence[str]
) -> Details | dict[str, str]:
    """The launch that the form asks for, or what is wrong at which field."""
    filled = _filled(view["state"]["values"])
    try:
        request = parse(filled.text, flavors, allow_exact=allow_exact)
    except PersonError as error:
        said = blocks.cut(f"{error.message} {error.hint}", _ERROR_LIMIT * 2)
        return {filled.field_at(error.span[0]): said}
    return Details(request=request, response_url=origin_of(view).response_url, is_typed=True)


def _filled(values: dict[str, Any]) -> _Filled:
    text, parts = "", []
    for field in ("repository", "ref", "path", "flavor", "hours"):
        given = _value(values.get(field, {}).get(FIELD) or {})
        if not given and field != "repository":
            continue
        start = len(text)
        text += given if field == "repository" else f"{field}={_quoted(given)}"
        parts.append((start, len(text), field))
        text += " "
    return _Filled(text=text, parts=tuple(parts))


def _value(element: dict[str, Any]) -> str:
    if element.get("selected_option"):
        return str(element["selected_option"]["value"])
    return str(element.get("value") or "").strip()


def _quoted(value: str) -> str:
    """A field is one value, whatever spaces it has."""
    return f'"{value}"' if " " in value and '"' not in value else value


def _flavor(flavors: Sequence[Flavor]) -> dict[str, Any]:
    if not flavors:
        return _text("flavor", "Flavor", "the default", optional=True)
    options = [{"text": _plain(blocks.cut(_label(f), 75)), "value": f.name} for f in flavors[:_OPTIONS]]
    element = {
        "type": "static_select",
        "action_id": FIELD,
        "options": options,
        "placeholder": _plain("the default"),
    }
    return _input("flavor", "Flavor", element, optional=True)


def _label(flavor: Flavor) -> str:
    price = "price not known" if flavor.su_per_hour is None else f"{amount(flavor.su_per_hour)} SU an hour"
    return f"{flavor.name}: {flavor.vcpus} CPUs, {amount(flavor.ram_mib / 1024)} GB, {price}"


def _text(
    field: str, label: str, placeholder: str, *, optional: bool = False, hint: str = ""
) -> dict[str, Any]:
    element = {
        "type": "plain_text_input",
        "action_id": FIELD,
        "placeholder": _plain(placeholder),
        "max_length": 1000,
    }
    return _input(field, label, element, optional=optional, hint=hint)


def _input(
    field: str, label: str, element: dict[str, Any], *, optional: bool, hint: str = ""
) -> dict[str, Any]:
    made = {
        "type": "input",
        "block_id": field,
        "label": _plain(label),
        "element": element,
        "optional": optional,
    }
    return {**made, "hint": _plain(hint)} if hint else made


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}
