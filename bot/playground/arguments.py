"""Arguments of a Web API call, whichever way they came: form, JSON, multipart or query."""

import json

from aiohttp import web

from bot.playground.refusals import SlackError
from bot.playground.shapes import Json

FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
TYPES = (*FORM_TYPES, "application/json")


async def arguments_of(request: web.Request) -> Json:
    """The call's arguments. Raises ``invalid_json``, ``json_not_object``."""
    found: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except json.JSONDecodeError as error:
            raise SlackError("invalid_json") from error
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        return found | {name: value for name, value in body.items() if value is not None}
    if request.content_type in FORM_TYPES:
        found |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return found


def token_of(request: web.Request, call: Json) -> str:
    """The token in the header or among the arguments, empty where there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme == "Bearer" else str(call.get("token", ""))


def decoded(value: object, error: str) -> object:
    """A structure that a form carries as JSON text. Raises ``error`` where it is none."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as cause:
        raise SlackError(error) from cause


def flag_of(call: Json, name: str) -> bool:
    """A switch as Slack reads it."""
    return str(call.get(name, "")).lower() in ("1", "true")


def number_of(call: Json, name: str, default: int) -> int:
    """A whole number. Raises ``invalid_arguments``."""
    value = str(call.get(name, default))
    if not value.isdecimal():
        raise SlackError("invalid_arguments", response_metadata={"messages": [f"[ERROR] invalid {name}"]})
    return int(value)


def needed(call: Json, name: str) -> str:
    """An argument that must be there. Raises ``invalid_arguments``."""
    if call.get(name) in (None, ""):
        message = f"[ERROR] missing required field: {name}"
        raise SlackError("invalid_arguments", response_metadata={"messages": [message]})
    return str(call[name])
