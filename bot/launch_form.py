"""The launch form: a modal whose fields are read by the same grammar as typed text, with mistakes told at their field."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot import blocks, open_secrets
from bot.form_fields import FIELD, entered, labelled, plain, text
from bot.grammar import parse
from bot.grammar.options import Offers
from bot.intents import Details
from bot.words import amount
from provisioning.errors import PersonError
from provisioning.model import Flavor

CALLBACK = "binder.launch"
_OPTIONS = 100  # Slack's limit for a select
_ERROR_LIMIT = 150
_WHERE = "where"
_FIELDS = ("repository", "ref", "path", "cloud", "flavor", "hours", "volume")


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
        text("ref", "Branch, tag or commit", "the default branch", optional=True),
        text(
            "path", "Path", "notebooks/intro.ipynb", optional=True,
            hint="A folder with Binder configuration is built; anything else is opened.",
        ),
        *_cloud(tuple(flavors)),
        _flavor(flavors),
        text("hours", "Lifetime in hours", amount(default_hours), optional=True, hint="Counted from when it is ready."),
        text(
            "volume", "Volume", "data", optional=True,
            hint="A name: what is in the folder work then stays for your next launches with it. A size in GiB may follow: data:20.",
        ),
        *([_where(origin.channel)] if origin.on_home else []),
    ]  # fmt: skip
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": plain("Launch an environment"),
        "submit": plain("Launch"),
        "close": plain("Close"),
        "private_metadata": json.dumps(asdict(origin)),
        "blocks": fields,
    }


def window(title: str, drawn: Sequence[blocks.Block]) -> dict[str, Any]:
    """A modal that only tells something."""
    return {"type": "modal", "title": plain(title), "close": plain("Close"), "blocks": list(drawn)}


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
    if open_secrets.is_in(filled.text):
        return {"repository": blocks.cut(open_secrets.WORDS, _ERROR_LIMIT * 2)}
    try:
        request = parse(filled.text, offers, allow_exact=allow_exact)
    except PersonError as error:
        said = blocks.cut(f"{error.message} {error.hint}", _ERROR_LIMIT * 2)
        return {filled.field_at(error.span[0]): said}
    return Details(request=request, response_url=origin_of(view).response_url, is_typed=True)


def _filled(values: dict[str, Any], links: Sequence[str]) -> _Filled:
    whole, parts = "", []
    found = {field: entered(values.get(field, {}).get(FIELD) or {}) for field in _FIELDS}
    if (values.get("repository", {}).get(FIELD) or {}).get("selected_option"):
        found["repository"] = links[int(found["repository"])]
    if (values.get("flavor", {}).get(FIELD) or {}).get("selected_option"):
        # Of several clouds, an option says whose flavor it is.
        home, _, flavor = found["flavor"].rpartition(" ")
        found |= {"flavor": flavor, "cloud": found["cloud"] or home}
    for field, given in found.items():
        if not given and field != "repository":
            continue
        start = len(whole)
        whole += given if field == "repository" else f"{field}={_quoted(given)}"
        parts.append((start, len(whole), field))
        whole += " "
    return _Filled(text=whole, parts=tuple(parts))


def _quoted(value: str) -> str:
    """A field is one value, whatever spaces it has."""
    return f'"{value}"' if " " in value and '"' not in value else value


def _repository(links: Sequence[str]) -> dict[str, Any]:
    """A field for it; a choice where a message named several."""
    if len(links) < 2:
        field = text(
            "repository", "Repository", "org/repo, or a link", hint="Any mybinder.org link works too."
        )
        return {**field, "element": {**field["element"], "initial_value": links[0]}} if links else field
    # A link may be longer than an option's value may be: its place in the list stands for it.
    options = [_option(link.removeprefix("https://"), str(n)) for n, link in enumerate(links)]
    element = {"type": "static_select", "action_id": FIELD, "options": options, "initial_option": options[0]}
    return labelled("repository", "Repository", element, optional=False, hint="The links of the message.")


def _cloud(names: Sequence[str]) -> list[dict[str, Any]]:
    """A choice, where there is one."""
    if len(names) < 2:
        return []
    options = [_option(name, name) for name in names[:_OPTIONS]]
    element = {
        "type": "static_select", "action_id": FIELD, "options": options, "placeholder": plain(names[0]),
    }  # fmt: skip
    return [labelled("cloud", "Cloud", element, optional=True)]


def _flavor(flavors: Mapping[str, Sequence[Flavor]]) -> dict[str, Any]:
    """All flavors, in a group for each cloud where there are several."""
    known = {cloud: offered[:_OPTIONS] for cloud, offered in flavors.items() if offered}
    if not known:
        return text("flavor", "Flavor", "the default", optional=True)
    element: dict[str, Any] = {
        "type": "static_select", "action_id": FIELD, "placeholder": plain("the default"),
    }  # fmt: skip
    if len(flavors) == 1:
        element["options"] = [_option(_label(f), f.name) for offered in known.values() for f in offered]
    else:
        element["option_groups"] = [
            {
                "label": plain(blocks.cut(cloud, 75)),
                "options": [_option(_label(f), f"{cloud} {f.name}") for f in offered],
            }
            for cloud, offered in known.items()
        ][:_OPTIONS]
    return labelled("flavor", "Flavor", element, optional=True)


def _where(direct: str) -> dict[str, Any]:
    """The channel whose people follow it; the person's own conversation with the bot, unless they choose another."""
    element = {
        "type": "conversations_select", "action_id": FIELD, "initial_conversation": direct,
        "filter": {"include": ["public", "private", "im"]},
    }  # fmt: skip
    return labelled(
        _WHERE, "Told in", element, optional=False, hint="A channel that I am in, or our conversation."
    )


def _option(label: str, value: str) -> dict[str, Any]:
    return {"text": plain(blocks.cut(label, 75)), "value": value}


def _label(flavor: Flavor) -> str:
    price = "price not known" if flavor.su_per_hour is None else f"{amount(flavor.su_per_hour)} SU an hour"
    return f"{flavor.name}: {flavor.vcpus} CPUs, {amount(flavor.ram_mib / 1024)} GB, {price}"
