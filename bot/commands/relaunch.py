"""``relaunch``, also typed ``launch again``: the same request anew, for whoever asks, with the commit looked up again."""

from typing import TYPE_CHECKING

from bot import words
from bot.command import Command
from bot.commands.launch import new_binder
from bot.effects import Effect, say
from bot.intents import Asked

if TYPE_CHECKING:
    from bot.desk import Desk


async def handle(desk: "Desk", asked: Asked) -> Effect:
    """A new binder from an old one's request."""
    old = asked.chosen
    return await new_binder(desk, asked, old.request, say(f"*Looking up* {words.subject(old)} again."))


COMMAND = Command(
    name="relaunch",
    usage="relaunch [ID]",
    summary="launch the same repository again; the new environment is yours",
    handle=handle,
    needs_binder=True,
)
