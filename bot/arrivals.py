"""Slack's payloads, read once at the door: who, where, what makes a redelivery the same, and where the answer goes. Pure."""

import re
from dataclasses import dataclass, replace
from typing import Any

from bot.grammar.text import without_links
from bot.home import channel_of
from bot.intents import Details
from bot.launch_form import origin_of

_MENTION = r"\s*<@[A-Z0-9]+(?:\|[^>]*)?>\s*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Something a person did. The principal is (team, user) of the payload's user, whoever's workspace it came through."""

    dedupe: str
    team: str
    user: str
    channel: str
    response_url: str = ""
    thread_ts: str = ""  # of the thread it was done in; empty: in the channel itself
    text: str = ""
    on_home: bool = False
    is_blank: bool = False  # the Home was opened and nothing was ever published on it

    def answered_at(self, details: Details) -> Details:
        """The details with where the answer goes."""
        return replace(
            details, response_url=self.response_url, thread_ts=self.thread_ts,
            on_home=self.on_home, is_blank=self.is_blank,
        )  # fmt: skip


def typed_in(body: dict[str, Any]) -> tuple[Arrival, str]:
    """A slash command, and its text. Slack is asked to mark who is mentioned, and then marks links, too."""
    arrival = Arrival(
        dedupe=_trigger(body, body["team_id"]), team=body["team_id"], user=body["user_id"], channel=body["channel_id"],
        response_url=body.get("response_url") or "",
    )  # fmt: skip
    return arrival, without_links(body.get("text") or "")


def pressed_in(body: dict[str, Any]) -> Arrival:
    """A press of a button in a message, or on the person's Home."""
    user, container, view = body["user"], body.get("container") or {}, body.get("view") or {}
    team = user.get("team_id") or body["team"]["id"]
    if view.get("type") == "home":
        return Arrival(
            dedupe=_trigger(body, team), team=team, user=user["id"], channel=channel_of(view), on_home=True
        )
    channel = (body.get("channel") or {}).get("id") or container.get("channel_id") or ""
    return Arrival(
        dedupe=_trigger(body, team), team=team, user=user["id"], channel=channel,
        response_url=body.get("response_url") or "", thread_ts=thread_of(body),
    )  # fmt: skip


def thread_of(body: dict[str, Any]) -> str:
    """The thread that the pressed message is a reply in; empty for any other payload.

    A root that has replies carries its own ts as ``thread_ts``, but people see it in the channel: an answer that only
    one person sees would wait in a thread that may not be open.
    """
    container, message = body.get("container") or {}, body.get("message") or {}
    thread = container.get("thread_ts") or message.get("thread_ts") or ""
    return str(thread) if thread != (container.get("message_ts") or message.get("ts")) else ""


def submitted_in(body: dict[str, Any]) -> Arrival:
    """A submitted form; it knows where it was asked for."""
    user, view = body["user"], body["view"]
    origin = origin_of(view)
    return Arrival(
        dedupe=f"view:{view['id']}:{view['hash']}", team=user.get("team_id") or body["team"]["id"], user=user["id"],
        channel=origin.channel, response_url=origin.response_url, thread_ts=origin.thread_ts,
        on_home=origin.on_home,
    )  # fmt: skip


def mentioned(body: dict[str, Any]) -> Arrival | None:
    """A mention by a person; None for any other payload."""
    event = _event(body, "app_mention")
    return None if event is None or event.get("bot_id") else _said(body, event)


def told_directly(body: dict[str, Any]) -> Arrival | None:
    """A message of a person to the bot alone; None for any other payload.

    What the bot says there comes too (``bot_id``), and what is edited, deleted, joined or shared (``subtype``).
    """
    event = _event(body, "message")
    if event is None or event.get("channel_type") != "im" or event.get("subtype") or event.get("bot_id"):
        return None
    return _said(body, event) if event.get("user") else None


def _event(body: dict[str, Any], kind: str) -> dict[str, Any] | None:
    event: dict[str, Any] = body.get("event") or {}
    return event if body.get("type") == "event_callback" and event.get("type") == kind else None


def _said(body: dict[str, Any], event: dict[str, Any]) -> Arrival:
    return Arrival(
        dedupe=f"event:{body['event_id']}", team=event.get("user_team") or event.get("team") or body["team_id"],
        user=event["user"], channel=event["channel"], text=_without_us(body, event.get("text") or ""),
        thread_ts=event.get("thread_ts") or "",
    )  # fmt: skip


def _without_us(body: dict[str, Any], text: str) -> str:
    """The text without the bot's own mention, wherever it stands; the first mention where Slack does not say who we are."""
    ours = next((a["user_id"] for a in body.get("authorizations") or [] if a.get("is_bot")), None)
    pattern = rf"\s*<@{re.escape(ours)}(?:\|[^>]*)?>\s*" if ours else _MENTION
    return re.sub(pattern, " ", text, count=1)


def opened_home(body: dict[str, Any]) -> Arrival | None:
    """A person who opened their Home tab; None for any other payload, the messages tab among them."""
    event = body.get("event") or {}
    if (
        body.get("type") != "event_callback"
        or event.get("type") != "app_home_opened"
        or event.get("tab") != "home"
    ):
        return None
    return Arrival(
        dedupe=f"event:{body['event_id']}", team=body["team_id"], user=event["user"], channel=event["channel"],
        on_home=True, is_blank=not event.get("view"),
    )  # fmt: skip


def _trigger(body: dict[str, Any], team: str) -> str:
    return f"trigger:{team}:{body['trigger_id']}"
