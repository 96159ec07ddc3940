"""``show``: all about one binder, and what can be done with it now."""

from typing import TYPE_CHECKING

from bot import shown
from bot.command import Command
from bot.effects import Answer, Effect
from bot.intents import Asked

if TYPE_CHECKING:
    from bot.desk import Desk


async def handle(desk: "Desk", asked: Asked) -> Effect:
    """State, source, size, price, end, with whom it is shared, and buttons."""
    shared_with = [share.whom for share in await desk.shares(asked.chosen)]
    return Answer(
        text=shown.line(asked.chosen).replace("*", ""), blocks=shown.card(asked.chosen, shared_with)
    )


COMMAND = Command(
    name="show",
    usage="show [ID]",
    summary="show one environment: state, size, price, end, and what you can do with it",
    handle=handle,
    needs_binder=True,
    fits_shared=True,
)
