"""The form that asks for a token of private repositories. What is typed there leaves this module sealed."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from bot import blocks
from bot.form_fields import FIELD, entered, labelled, plain, text
from bot.intents import Details, TokenWish
from bot.launch_form import Origin, origin_of
from provisioning.source_tokens import Login, Scope, login_in, place_in

CALLBACK = "binder.token"
SECRET = "secret"  # noqa: S105  the field's name
_WHERE, _USERNAME, _WHOSE = "host", "username", "whose"
_EVERYONE = "everyone"


def form(origin: Origin) -> dict[str, Any]:
    """The modal."""
    options = [
        {"text": plain("Only mine"), "value": "mine"},
        {"text": plain("For everyone here (operators only)"), "value": _EVERYONE},
    ]
    whose = {"type": "radio_buttons", "action_id": FIELD, "options": options, "initial_option": options[0]}
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": plain("Private repositories"),
        "submit": plain("Keep it"),
        "close": plain("Close"),
        "private_metadata": json.dumps(asdict(origin)),
        "blocks": [
            blocks.section(
                "Make a token that may *only read*, and only what you want to launch. I keep it encrypted and never show it. "
                "Slack has no field for passwords: what you type here can be seen on your screen."
            ),
            text(
                _WHERE, "Host", "github.com", initial="github.com",
                hint="Or a part of it: github.com/org, gitlab.com/group. It is sent to this host alone.",
            ),
            text(SECRET, "Token", "github_pat_..., glpat-..., gldt-..."),
            text(
                _USERNAME, "User name", "gitlab+deploy-token-1", optional=True,
                hint="Only where the token has one, as GitLab's deploy tokens do.",
            ),
            labelled(_WHOSE, "Whose launches use it", whose, optional=False),
        ],
    }  # fmt: skip


def submitted(
    view: dict[str, Any], team: str, person: str, seal: Callable[[Scope, Login], str]
) -> Details | dict[str, str]:
    """What to keep, sealed; or what is wrong at which field, in words that repeat nothing."""
    values = view["state"]["values"]
    given = {
        name: entered(values.get(name, {}).get(FIELD) or {}) for name in (_WHERE, SECRET, _USERNAME, _WHOSE)
    }
    place, login = place_in(given[_WHERE]), login_in(given[SECRET], given[_USERNAME])
    if place is None:
        return {_WHERE: "That is no host, such as github.com, or github.com/org."}
    if login is None:
        return {
            SECRET: "That is no token: one word of plain letters, digits and signs. A user name has no colon."
        }
    host, prefix = place
    for_all = given[_WHOSE] == _EVERYONE
    scope = Scope(team=team, person="" if for_all else person, host=host, prefix=prefix)
    wish = TokenWish(what="keep", host=host, prefix=prefix, for_all=for_all, sealed=seal(scope, login))
    return Details(token=wish, response_url=origin_of(view).response_url, is_typed=True)
