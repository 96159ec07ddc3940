"""``conversations.*`` and ``users.*``: who is where, and what was said."""

from collections.abc import Sequence
from typing import TypeVar

from bot.playground.arguments import flag_of, needed, number_of
from bot.playground.refusals import SlackError
from bot.playground.shapes import Json
from bot.playground.site import Site
from bot.playground.workspace import BOT_USER, Channel, Kind

T = TypeVar("T")

_TYPES = {"public_channel": Kind.PUBLIC, "private_channel": Kind.PRIVATE, "im": Kind.DIRECT}


def _visible(site: Site, call: Json) -> Channel:
    channel = site.workspace.channel(needed(call, "channel"))
    if channel.kind is not Kind.PUBLIC and not channel.has_bot:
        raise SlackError("channel_not_found")
    return channel


def info(site: Site, call: Json) -> Json:
    """A conversation, with ``is_member`` of the bot."""
    channel = _visible(site, call)
    site.app.needs_for(channel, "read")
    return {"channel": channel.shown()}


def members(site: Site, call: Json) -> Json:
    """The ids of a conversation's members."""
    channel = _visible(site, call)
    site.app.needs_for(channel, "read")
    page, rest = _page(call, channel.members, default=100)
    return {"members": page, **rest}


def open_direct(site: Site, call: Json) -> Json:
    """The DM with one person."""
    if call.get("channel"):
        return {"channel": {"id": _visible(site, call).id}}
    if not call.get("users"):
        raise SlackError("users_list_not_supplied")
    users = call["users"] if isinstance(call["users"], list) else str(call["users"]).split(",")
    if len(users) != 1:
        raise SlackError("method_not_supported_for_channel_type")  # group DMs are not imitated
    if site.workspace.user(users[0]).is_deactivated:
        raise SlackError("user_disabled")
    channel = site.workspace.direct(users[0])
    shown = channel.shown() if flag_of(call, "return_im") else {"id": channel.id}
    return {"channel": shown, "already_open": True, "no_op": True}


def listing(site: Site, call: Json) -> Json:
    """The conversations that the bot can see."""
    seen = [c for c in site.workspace.channels.values() if c.kind is Kind.PUBLIC or c.has_bot]
    return _chosen(call, seen)


def of_user(site: Site, call: Json) -> Json:
    """The conversations of a member, by default the bot, that the bot can see."""
    user = str(call.get("user") or BOT_USER)
    site.workspace.user(user)
    seen = [c for c in site.workspace.channels.values() if c.kind is Kind.PUBLIC or c.has_bot]
    return _chosen(call, [c for c in seen if user in c.members])


def _chosen(call: Json, channels: Sequence[Channel]) -> Json:
    names = str(call.get("types") or "public_channel").split(",")
    if not set(names) <= {*_TYPES, "mpim"}:
        raise SlackError("invalid_types")
    kinds = {_TYPES[name] for name in names if name in _TYPES}
    hide_archived = flag_of(call, "exclude_archived")
    found = [c.shown() for c in channels if c.kind in kinds and not (hide_archived and c.is_archived)]
    page, rest = _page(call, found, default=100)
    return {"channels": page, **rest}


def user_info(site: Site, call: Json) -> Json:
    """A user."""
    return {"user": site.workspace.user(needed(call, "user")).shown()}


def user_list(site: Site, call: Json) -> Json:
    """All users."""
    page, rest = _page(call, [u.shown() for u in site.workspace.users.values()], default=200)
    return {"members": page, "cache_ts": int(site.workspace.now().timestamp()), **rest}


def history(site: Site, call: Json) -> Json:
    """What was said in a conversation, newest first, without the replies in threads."""
    channel = _readable(site, call)
    said = [
        m
        for m in channel.messages.values()
        if m.get("thread_ts", m["ts"]) == m["ts"] or m.get("subtype") == "thread_broadcast"
    ]
    return _messages(call, list(reversed(said)))


def replies(site: Site, call: Json) -> Json:
    """A thread: its parent, then the replies, oldest first."""
    channel = _readable(site, call)
    ts = needed(call, "ts")
    if ts not in channel.messages:
        raise SlackError("thread_not_found")
    parent = channel.messages[ts].get("thread_ts", ts)
    thread = [m for m in channel.messages.values() if parent in (m["ts"], m.get("thread_ts"))]
    return _messages(call, thread, always=parent)


def _readable(site: Site, call: Json) -> Channel:
    channel = _visible(site, call)
    site.app.needs_for(channel, "history")
    if not channel.has_bot:
        raise SlackError("not_in_channel")
    return channel


def _messages(call: Json, messages: Sequence[Json], *, always: str = "") -> Json:
    oldest, latest = _micros(call, "oldest"), _micros(call, "latest")
    inclusive = flag_of(call, "inclusive")

    def is_wanted(message: Json) -> bool:
        at = _as_micros(message["ts"])
        if message["ts"] == always or (inclusive and at in (oldest, latest)):
            return True
        return (oldest is None or at > oldest) and (latest is None or at < latest)

    hidden = () if flag_of(call, "include_all_metadata") else ("metadata",)
    shown = [{k: v for k, v in m.items() if k not in hidden} for m in messages if is_wanted(m)]
    page, rest = _page(call, shown, default=100)
    return {
        "messages": page,
        "has_more": bool(rest["response_metadata"]["next_cursor"]),
        "pin_count": 0,
        **rest,
    }


def _as_micros(ts: str) -> int:
    seconds, _, micros = ts.partition(".")
    return int(seconds) * 1_000_000 + int((micros + "000000")[:6])


def _micros(call: Json, name: str) -> int | None:
    if call.get(name) in (None, "", "0", 0):
        return None
    text = str(call[name])
    if not text.replace(".", "", 1).isdecimal():
        raise SlackError(f"invalid_ts_{name}")
    return _as_micros(text)


def _page(call: Json, entries: Sequence[T], *, default: int) -> tuple[list[T], Json]:
    limit = min(number_of(call, "limit", default) or default, 999)
    cursor = str(call.get("cursor") or "")
    if cursor and not cursor.removeprefix("from:").isdecimal():
        raise SlackError("invalid_cursor")
    start = int(cursor.removeprefix("from:") or 0)
    more = start + limit < len(entries)
    next_cursor = f"from:{start + limit}" if more else ""
    return list(entries[start : start + limit]), {"response_metadata": {"next_cursor": next_cursor}}
