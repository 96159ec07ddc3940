"""Which events a message makes, for an app that subscribes to them. Source: docs.slack.dev/reference/events."""

import secrets

from bot.playground import payloads
from bot.playground.delivery import Delivery
from bot.playground.shapes import Json
from bot.playground.site import Site
from bot.playground.workspace import BOT_USER, Channel

_KINDS = {"public": ("channels", "channel"), "private": ("groups", "group"), "direct": ("im", "im")}


def announce(site: Site, delivery: Delivery, channel: Channel, message: Json) -> None:
    """Tell the app of a message in a conversation that it is in, its own ones too."""
    if not channel.has_bot:
        return
    body = {**message, "channel": channel.id, "event_ts": message["ts"]}
    subscription, channel_type = _KINDS[channel.kind]
    is_own = message.get("user") == BOT_USER
    if f"<@{BOT_USER}>" in str(message.get("text")) and channel_type != "im" and not is_own:
        tell(site, delivery, "app_mention", {**body, "type": "app_mention"})
    tell(site, delivery, f"message.{subscription}", {**body, "channel_type": channel_type})


def spoken(site: Site, delivery: Delivery, channel: Channel, before: Json | None, now: Json) -> None:
    """Tell the app of a message of its own, or that it was edited: an event of its own, with both in it."""
    if before is None:
        announce(site, delivery, channel, now)
        return
    changed = {"type": "message", "subtype": "message_changed", "hidden": True}
    ts = site.workspace.next_ts()
    announce(site, delivery, channel, {**changed, "message": now, "previous_message": before, "ts": ts})


def tell(site: Site, delivery: Delivery, subscription: str, body: Json) -> None:
    """Send an event, where the manifest subscribes to it."""
    if subscription in site.app.events:
        event_id = f"Ev{secrets.token_hex(5).upper()}"
        now = int(site.workspace.now().timestamp())
        delivery.send("events_api", payloads.event(body, event_id, now))
