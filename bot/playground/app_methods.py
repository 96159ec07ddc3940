"""Methods about the app itself: ``api.test``, ``auth.test``, ``apps.connections.open``, ``blocks.validate``."""

import json
import secrets

from bot.playground.arguments import decoded
from bot.playground.block_shapes import SURFACES, check_blocks
from bot.playground.refusals import SlackError, check_view
from bot.playground.shapes import Json, Problem
from bot.playground.site import Site
from bot.playground.workspace import APP, BOT, BOT_USER, TEAM, TEAM_NAME

LONGEST_VALIDATED = 100_000  # characters


def api_test(_site: Site, call: Json) -> Json:
    """Say back what was said."""
    if call.get("error"):
        raise SlackError(str(call["error"]), args=call)
    return {"args": call}


def auth_test(site: Site, _call: Json) -> Json:
    """Whose token this is."""
    return {
        "url": site.base_url,
        "team": TEAM_NAME,
        "user": site.workspace.users[BOT_USER].name,
        "team_id": TEAM,
        "user_id": BOT_USER,
        "bot_id": BOT,
        "is_enterprise_install": False,
    }


def connections_open(site: Site, _call: Json) -> Json:
    """A one-time address for Socket Mode."""
    ticket = secrets.token_urlsafe(24)
    site.tickets.add(ticket)
    return {"url": f"{site.base_url.replace('http://', 'ws://')}socket/{ticket}?app_id={APP}"}


def blocks_validate(_site: Site, call: Json) -> Json:
    """Check blocks, a message or a view without showing them."""
    given = [name for name in ("blocks", "message", "view") if call.get(name) is not None]
    if len(given) != 1:
        raise SlackError(
            "invalid_arguments", response_metadata={"messages": ["[ERROR] exactly one argument"]}
        )
    name = given[0]
    value = decoded(call[name], f"invalid_{name}")
    if len(json.dumps(value)) > LONGEST_VALIDATED:
        raise SlackError("invalid_arguments", response_metadata={"messages": ["[ERROR] too long"]})
    problems = _problems(name, value)
    if problems:
        errors = [
            {"code": p.code, "pointer": p.pointer, "message": p.message, "constraint": {}} for p in problems
        ]
        raise SlackError(f"invalid_{name}", errors=errors)
    return {}


def _problems(name: str, value: object) -> list[Problem]:
    if name == "view":
        kind = value.get("type") if isinstance(value, dict) else None
        return check_view(value, kind if kind in SURFACES[1:] else "modal")
    blocks = value.get("blocks", []) if name == "message" and isinstance(value, dict) else value
    return check_blocks(blocks, "message")
