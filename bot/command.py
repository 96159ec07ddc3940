"""What one verb is: the shape that every module of `bot.commands` fills. Help, reading, buttons and checks go by it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.access import Who
from bot.effects import Effect
from bot.grammar.text import Text
from bot.intents import Asked, Details
from provisioning.model import Phase

if TYPE_CHECKING:  # the desk calls the commands; they only use it
    from bot.desk import Desk

ALL_PHASES = frozenset(Phase)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One verb: typed ``/binder <name> ...``, pressed as ``binder.<name>``."""

    name: str
    usage: str  # what follows /binder, for the help
    summary: str  # what it does, for the help: one sentence without a full stop
    handle: Callable[["Desk", Asked], Awaitable[Effect]]
    who: Who = Who.MEMBERS
    needs_binder: bool = False
    phases: frozenset[Phase] = ALL_PHASES  # of the binder, where the verb makes sense
    reads: Callable[[Details, Text], Details] | None = (
        None  # a typed word that is no id; raises `PersonError`
    )
    takes_mentions: bool = False  # ``reads`` gets people and channels too, as ``<@U1>`` and ``<#C1>``
    fits_shared: bool = False  # without an id, one that is shared with the person may be meant as well
    is_in_help: bool = True
