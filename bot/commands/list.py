"""``list``: my binders that are not gone and those shared with me, or the channel's."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bot import blocks, shown
from bot.command import Command
from bot.effects import Answer, Effect
from bot.grammar.text import Text
from bot.intents import Asked, Details
from provisioning.model import Binder, Phase

if TYPE_CHECKING:
    from bot.desk import Desk

_MOST = 20
_CHANNEL_WORDS = frozenset({"channel", "all", "here"})


async def handle(desk: "Desk", asked: Asked) -> Effect:
    """A line for each, with a button that shows it."""
    if asked.details.in_channel:
        return listing("in this channel", await desk.in_channel(asked, most=_MOST + 1), "show", "Show")
    mine = [b for b in await desk.mine(asked, most=_MOST + 1) if b.phase is not Phase.DELETED]
    answer = listing("of yours", mine, "show", "Show")
    if shared := await desk.shared_with(asked, most=_MOST + 1):
        more = listing("shared with you", shared, "show", "Show")
        answer = replace(answer, text=f"{answer.text}. {more.text}", blocks=[*answer.blocks, *more.blocks])
    channel = blocks.button("This channel's", "binder.list.channel", "channel")
    return replace(answer, blocks=[*answer.blocks, *blocks.actions([channel])])


def listing(whose: str, found: Sequence[Binder], action: str, label: str) -> Answer:
    """So many environments, each with the same button."""
    if not found:
        text = f"No environments {whose}. Type /binder org/repo to launch one."
        return Answer(text=text, blocks=[blocks.section(f"*None*: {text[0].lower()}{text[1:]}")])
    shown_here = found[:_MOST]
    more = "+" if len(found) > _MOST else ""
    head = f"{len(shown_here)}{more} {'environment' if len(found) == 1 else 'environments'} {whose}"
    lines = "; ".join(shown.line(b).replace("*", "") for b in shown_here[:5])
    drawn = [blocks.section(f"*{head}*"), *(shown.entry(b, label, action) for b in shown_here)]
    return Answer(text=f"{head}: {lines}", blocks=drawn)


def read(details: Details, word: Text) -> Details:
    """``channel`` or ``mine``."""
    name = word.value.casefold()
    if name not in _CHANNEL_WORDS | {"mine", "my"}:
        raise word.refuse(
            "unknown-list", "That is not a list.", "Write /binder list, or /binder list channel."
        )
    return replace(details, in_channel=name in _CHANNEL_WORDS)


COMMAND = Command(
    name="list",
    usage="list [channel]",
    summary="list your environments, or the channel's",
    handle=handle,
    reads=read,
)
