"""``extend``: a longer life, 2 hours where nothing else is said. Pressed as ``Extend 2 h`` and ``Keep 2 h``."""

from dataclasses import replace

from bot.access import Who
from bot.command import Command
from bot.grammar.options import hours
from bot.grammar.text import Text
from bot.granting import grant
from bot.intents import Details
from provisioning.model import Phase
from provisioning.phases import LIVE


def read(details: Details, word: Text) -> Details:
    """``3``, ``3h`` or ``90m``; raises `PersonError`."""
    if details.hours is not None:
        raise word.refuse(
            "given-twice", "The hours are given twice.", "Write /binder extend 3, or with the id before it."
        )
    return replace(details, hours=hours(word))


COMMAND = Command(
    name="extend",
    usage="extend [ID] [HOURS]",
    summary="keep an environment longer, 2 hours where you name none",
    handle=grant,
    who=Who.OWNER,
    needs_binder=True,
    phases=LIVE | {Phase.FAILED},
    reads=read,
)
