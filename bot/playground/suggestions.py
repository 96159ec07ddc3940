"""External selects: what the app offers for the letters typed so far."""

from bot.playground import payloads
from bot.playground.deeds import Deeds
from bot.playground.refusals import SlackError, acting_elements
from bot.playground.shapes import Json
from bot.playground.workspace import User


async def suggest(deeds: Deeds, user: User, body: Json) -> Json:
    """Ask the app for options. Raises ``action_not_found``, and as any ask of the app."""
    where, blocks = _where(deeds, user, body)
    for block in blocks:
        for element in acting_elements(block):
            is_meant = element["action_id"] == body.get("action_id")
            if is_meant and element["type"].endswith("external_select"):
                value = str(body.get("value", ""))
                payload = payloads.suggestion(user, element, block["block_id"], value, where)
                ack = await deeds.delivery.ask("interactive", payload)
                return {"options": ack.get("options", []), "option_groups": ack.get("option_groups", [])}
    raise SlackError("action_not_found")


def _where(deeds: Deeds, user: User, body: Json) -> tuple[Json, list[Json]]:
    if body.get("view_id"):
        view = deeds.view(user, body["view_id"])
        return {"container": {"type": "view", "view_id": view["id"]}, "view": view}, view["blocks"]
    channel = deeds.channel_of(user, body.get("channel"))
    message = channel.messages.get(str(body.get("ts")))
    if message is None:
        raise SlackError("message_not_found")
    container = {"type": "message", "message_ts": message["ts"], "channel_id": channel.id}
    shown = {"container": container, "message": message, "channel": {"id": channel.id, "name": channel.name}}
    return shown, message.get("blocks") or []
