"""The launch form: a modal whose fields are read by the same grammar as typed text, with mistakes told at their field."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot import blocks
from bot.grammar import parse
from bot.grammar.options import Offers
from bot.intents import Details
from bot.words import amount
from provisioning.errors import PersonError
from provisioning.model import Flavor

CALLBACK = "binder.launch"
FIELD = "value"  # the action_id within each field's block
_OPTIONS = 100  # Slack's limit for a select
_ERROR_LIMIT = 150
_WHERE = "where"
_FIELDS = ("repository", "ref", "path", "cloud", "flavor", "hours")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the form was asked for; Slack does not say it again when the form comes back."""

    channel: str
    response_url: str = ""
    thread_ts: str = ""  # the thread that tells of it; empty: the channel itself
    links: tuple[str, ...] = ()  # repositories to choose from, or the one to begin with
    on_home: bool = False  # then the channel is the conversation with the bot, and another one may be chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filled:
    """The fields as one text, and which part of it came from which field."""

    text: str
    parts: tuple[tuple[int, int, str], ...]  # start, end, field

    def field_at(self, place: int) -> str:
        return next((field for start, end, field in self.parts if start <= place <= end), "repository")


def form(origin: Origin, flavors: Mapping[str, Sequence[Flavor]], *, default_hours: float) -> dict[str, Any]:
    """The modal. ``flavors``: by cloud, as last seen, with prices; none known: the name is typed."""
    fields = [
        _repository(origin.links),
        _text("ref", "Branch, tag or commit", "the default branch", optional=True),
        _text(
            "path", "Path", "notebooks/intro.ipynb", optional=True,
            hint="A folder with Binder configuration is built; anything else is opened.",
        ),
        *_cloud(tuple(flavors)),
        _flavor(flavors),
        _text("hours", "Lifetime in hours", amount(default_hours), optional=True, hint="Counted from when it is ready."),
        *([_where(origin.channel)] if origin.on_home else []),
    ]  # fmt: skip
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": _plain("Launch an environment"),
        "submit": _plain("Launch"),
        "close": _plain("Close"),
        "private_metadata": json.dumps(asdict(origin)),
        "blocks": fields,
    }


def window(title: str, drawn: Sequence[blocks.Block]) -> dict[str, Any]:
    """A modal that only tells something."""
    return {"type": "modal", "title": _plain(title), "close": _plain("Close"), "blocks": list(drawn)}


def origin_of(view: dict[str, Any]) -> Origin:
    """Where the submitted form was asked for; the channel is the one that was chosen in it, where one can be."""
    kept = json.loads(view.get("private_metadata") or "{}")
    where = view.get("state", {}).get("values", {}).get(_WHERE, {}).get(FIELD) or {}
    return Origin(
        channel=str(where.get("selected_conversation") or kept.get("channel", "")),
        response_url=str(kept.get("response_url", "")),
        thread_ts=str(kept.get("thread_ts", "")),
        links=tuple(map(str, kept.get("links", ()))),
        on_home=kept.get("on_home") is True,
    )


def submitted(
    view: dict[str, Any], *, offers: Offers, allow_exact: Sequence[str]
) -> Details | dict[str, str]:
    """The launch that the form asks for, or what is wrong at which field."""
    filled = _filled(view["state"]["values"], origin_of(view).links)
    try:
        request = parse(filled.text, offers, allow_exact=allow_exact)
    except PersonError as error:
        said = blocks.cut(f"{error.message} {error.hint}", _ERROR_LIMIT * 2)
        return {filled.field_at(error.span[0]): said}
    return Details(request=request, response_url=origin_of(view).response_url, is_typed=True)


def _filled(values: dict[str, Any], links: Sequence[str]) -> _Filled:
    text, parts = "", []
    found = {field: _value(values.get(field, {}).get(FIELD) or {}) for field in _FIELDS}
    if (values.get("repository", {}).get(FIELD) or {}).get("selected_option"):
        found["repository"] = links[int(found["repository"])]
    if (values.get("flavor", {}).get(FIELD) or {}).get("selected_option"):
        # Of several clouds, an option says whose flavor it is.
        home, _, flavor = found["flavor"].rpartition(" ")
        found |= {"flavor": flavor, "cloud": found["cloud"] or home}
    for field, given in found.items():
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


def _repository(links: Sequence[str]) -> dict[str, Any]:
    """A field for it; a choice where a message named several."""
    if len(links) < 2:
        field = _text(
            "repository", "Repository", "org/repo, or a link", hint="Any mybinder.org link works too."
        )
        return {**field, "element": {**field["element"], "initial_value": links[0]}} if links else field
    # A link may be longer than an option's value may be: its place in the list stands for it.
    options = [_option(link.removeprefix("https://"), str(n)) for n, link in enumerate(links)]
    element = {"type": "static_select", "action_id": FIELD, "options": options, "initial_option": options[0]}
    return _input("repository", "Repository", element, optional=False, hint="The links of the message.")


def _cloud(names: Sequence[str]) -> list[dict[str, Any]]:
    """A choice, where there is one."""
    if len(names) < 2:
        return []
    options = [_option(name, name) for name in names[:_OPTIONS]]
    element = {
        "type": "static_select", "action_id": FIELD, "options": options, "placeholder": _plain(names[0]),
    }  # fmt: skip
    return [_input("cloud", "Cloud", element, optional=True)]


def _flavor(flavors: Mapping[str, Sequence[Flavor]]) -> dict[str, Any]:
    """All flavors, in a group for each cloud where there are several."""
    known = {cloud: offered[:_OPTIONS] for cloud, offered in flavors.items() if offered}
    if not known:
        return _text("flavor", "Flavor", "the default", optional=True)
    element: dict[str, Any] = {
        "type": "static_select", "action_id": FIELD, "placeholder": _plain("the default"),
    }  # fmt: skip
    if len(flavors) == 1:
        element["options"] = [_option(_label(f), f.name) for offered in known.values() for f in offered]
    else:
        element["option_groups"] = [
            {
                "label": _plain(blocks.cut(cloud, 75)),
                "options": [_option(_label(f), f"{cloud} {f.name}") for f in offered],
            }
            for cloud, offered in known.items()
        ][:_OPTIONS]
    return _input("flavor", "Flavor", element, optional=True)


def _where(direct: str) -> dict[str, Any]:
    """The channel whose people follow it; the person's own conversation with the bot, unless they choose another."""
    element = {
        "type": "conversations_select", "action_id": FIELD, "initial_conversation": direct,
        "filter": {"include": ["public", "private", "im"]},
    }  # fmt: skip
    return _input(
        _WHERE, "Told in", element, optional=False, hint="A channel that I am in, or our conversation."
    )


def _option(label: str, value: str) -> dict[str, Any]:
    return {"text": _plain(blocks.cut(label, 75)), "value": value}


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
