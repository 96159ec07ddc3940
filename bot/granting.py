"""The verbs that a binder's next step does: the desk only lets them pass, the thread tells what came of them."""

from typing import TYPE_CHECKING

from bot import words
from bot.effects import Effect, Grant, say
from bot.intents import Asked
from provisioning.model import Verb

if TYPE_CHECKING:
    from bot.desk import Desk


async def grant(desk: "Desk", asked: Asked) -> Effect:  # noqa: ARG001  the shape of every command
    """Pass it on. Who typed it somewhere gets a word; who pressed a button sees the thread change."""
    binder = asked.chosen
    said = say(
        f"*Noted*: {asked.verb} {words.subject(binder)}. Its thread in {words.place(binder.channel)} tells the rest."
    )
    return Grant(
        verb=Verb(asked.verb),
        binder=binder.id,
        hours=asked.details.hours,
        drops_volume=asked.details.drops_volume,
        answer=said if asked.details.is_typed else None,
    )
