"""What Slack sends to an app, as values: commands, presses, submissions, events. Pure.

Source: docs.slack.dev/interactivity, /reference/interaction-payloads and /apis/events-api.
"""

from bot.playground.shapes import Json
from bot.playground.workspace import APP, BOT_USER, DOMAIN, TEAM, Channel, Kind, User

TOKEN = "playground"  # noqa: S105  the deprecated verification token, which nobody checks
_TEAM: Json = {"id": TEAM, "domain": DOMAIN}


def channel_name(channel: Channel) -> str:
    """As payloads name it: the real name only where it is public."""
    return {Kind.DIRECT: "directmessage", Kind.PRIVATE: "privategroup", Kind.PUBLIC: channel.name}[
        channel.kind
    ]


def escaped(text: str) -> str:
    """As typed, with the three characters that Slack escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def command(
    user: User, channel: Channel, name: str, text: str, *, trigger_id: str, response_url: str
) -> Json:
    """A slash command; ``text`` as Slack hands it on."""
    return {
        "token": TOKEN,
        "team_id": TEAM,
        "team_domain": DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def _interaction(kind: str, user: User, trigger_id: str) -> Json:
    who = {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM}
    shared = {
        "token": TOKEN,
        "api_app_id": APP,
        "team": _TEAM,
        "enterprise": None,
        "is_enterprise_install": False,
    }
    return {"type": kind, **shared, "user": who, "trigger_id": trigger_id}


def press_on_message(
    user: User, channel: Channel, message: Json, action: Json, *, trigger_id: str, response_url: str
) -> Json:
    """``block_actions`` from a message, seen by all or by one."""
    is_ephemeral = bool(message.get("is_ephemeral"))
    container = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": is_ephemeral,
    }
    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]
    return {
        **_interaction("block_actions", user, trigger_id),
        "container": container,
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "message": _shown(message),
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [action],
    }


def _shown(message: Json) -> Json:
    hidden = ("to", "is_ephemeral", "channel")
    return {name: value for name, value in message.items() if name not in hidden}


def shortcut(
    user: User, channel: Channel, message: Json, callback_id: str, *, trigger_id: str, response_url: str
) -> Json:
    """``message_action``: a shortcut in the menu of a message."""
    return {
        **_interaction("message_action", user, trigger_id),
        "callback_id": callback_id,
        "action_ts": message["ts"],
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "message_ts": message["ts"],
        "message": _shown(message),
        "response_url": response_url,
    }


def press_on_view(user: User, view: Json, action: Json, *, trigger_id: str) -> Json:
    """``block_actions`` from a modal or the Home tab: no channel, no response_url."""
    return {
        **_interaction("block_actions", user, trigger_id),
        "container": {"type": "view", "view_id": view["id"]},
        "view": view,
        "actions": [action],
    }


def submission(user: User, view: Json, *, trigger_id: str, response_urls: list[Json]) -> Json:
    """``view_submission``."""
    return {**_interaction("view_submission", user, trigger_id), "view": view, "response_urls": response_urls}


def closing(user: User, view: Json, *, is_cleared: bool) -> Json:
    """``view_closed``, which comes without a trigger."""
    payload = _interaction("view_closed", user, "")
    del payload["trigger_id"]
    return {**payload, "view": view, "is_cleared": is_cleared}


def suggestion(user: User, element: Json, block_id: str, value: str, where: Json) -> Json:
    """``block_suggestion``: what an external select asks for."""
    payload = _interaction("block_suggestion", user, "")
    del payload["trigger_id"]
    return {**payload, **where, "action_id": element["action_id"], "block_id": block_id, "value": value}


def event(body: Json, event_id: str, event_time: int) -> Json:
    """An event in its envelope."""
    authorization = {"team_id": TEAM, "user_id": BOT_USER, "is_bot": True, "is_enterprise_install": False}
    return {
        "token": TOKEN,
        "team_id": TEAM,
        "api_app_id": APP,
        "event": body,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": event_time,
        "authorizations": [{**authorization, "enterprise_id": None}],
        "is_ext_shared_channel": False,
    }
