"""``delete``: end a binder, whatever it does at the moment.

Its disk goes with it unless ``keep=volume`` is said; a work volume stays unless ``drop=volume`` is.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from bot import words
from bot.access import Who
from bot.command import ALL_PHASES, Command
from bot.effects import Effect, say
from bot.grammar.text import Text
from bot.granting import grant
from bot.intents import Asked, Details
from provisioning.model import Phase

if TYPE_CHECKING:
    from bot.desk import Desk

_KEEP = frozenset({"keep=volume", "keep-volume"})
_DROP = frozenset({"drop=volume", "drop-volume"})
_USAGE = "delete [ID] [keep=volume, or drop=volume]"


async def handle(desk: "Desk", asked: Asked) -> Effect:
    """End it; its work volume goes too where its owner says so."""
    binder = asked.chosen
    if asked.details.drops_volume and binder.volume is None:
        return say("*Not done*: no volume of yours is in it. Leave `drop=volume` out.")
    if asked.details.drops_volume and asked.who != binder.owner:
        return say(
            f"*Not done*: the volume in it belongs to {words.mention(binder.owner)}, who alone can have it deleted. "
            "Leave `drop=volume` out."
        )
    return await grant(desk, asked)


def read(details: Details, word: Text) -> Details:
    """``keep=volume`` or ``drop=volume``; raises `PersonError`."""
    said = word.value.casefold().lstrip("-")
    if said not in _KEEP | _DROP:
        raise word.refuse(
            "not-an-id",
            "That is neither the id of an environment nor keep=volume nor drop=volume.",
            f"/binder list shows the ids. Usage: /binder {_USAGE}",
        )
    if details.keeps_volume or details.drops_volume:
        raise word.refuse(
            "given-twice", "Only one of keep=volume and drop=volume can be said.", f"Usage: /binder {_USAGE}"
        )
    return replace(details, keeps_volume=said in _KEEP, drops_volume=said in _DROP)


COMMAND = Command(
    name="delete",
    usage=_USAGE,
    summary="delete an environment and everything that was made for it",
    handle=handle,
    who=Who.OWNER,
    needs_binder=True,
    phases=ALL_PHASES - {Phase.DELETING, Phase.DELETED},
    reads=read,
)
