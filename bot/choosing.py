"""Answers where a command's binder is not clear, not there, or in a state that the command does not fit. Pure."""

from collections.abc import Sequence

from bot import blocks, shown, words
from bot.command import Command
from bot.commands.list import listing
from bot.effects import Answer, say
from bot.intents import Details
from provisioning.model import Binder, Phase
from provisioning.shares import CHANNEL

_DANGEROUS = frozenset({"delete", "cancel"})  # a list's button has no question before it: show first


def choice(found: Sequence[Binder], command: Command, also: str = "") -> Answer:
    """Several it could be: each with a button, which cannot say what was ``also`` typed: then it must be typed again."""
    if also:
        lines = "\n".join(f"- {shown.line(b)}" for b in found)
        return say(f"*Which one?* Type `/binder {command.name} ID {also}`.\n{lines}")
    if command.name in _DANGEROUS:
        answer = listing(f"that you could {command.name}", found, "show", "Show")
    else:
        answer = listing(f"that you could {command.name}", found, command.name, command.name.capitalize())
    typed = blocks.context(f"Or type `/binder {command.name} ID`.")
    return Answer(
        text=f"Which one? {answer.text}", blocks=[blocks.section("*Which one?*"), *answer.blocks, typed]
    )


def typed_again(details: Details, command: Command) -> str:
    """What was said besides the id, or must be, and no button of a choice can say."""
    if details.keeps_volume:
        return "keep=volume"
    if details.drops_volume:
        return "drop=volume"
    if not command.takes_mentions or (command.name != "share" and not details.whom):
        return ""
    return CHANNEL if details.whom == CHANNEL else "@person"


def none_to_choose(command: Command) -> Answer:
    """None of the person's fits the verb."""
    return say(
        f"*Not done*: none of your environments can be used with `{command.name}` now. `/binder list` shows them."
    )


def not_found(name: str) -> Answer:
    """No such binder, or none that this person may see."""
    return say(f"*Not found*: there is no environment {blocks.code(name)} here. `/binder list` shows yours.")


def advice(binder: Binder, command: Command) -> Answer:
    """Why the verb does not fit the binder's state, and what does."""
    said = (
        f"*Not done*: {command.name} does not fit {words.subject(binder)}, whose state is "
        f"“{words.state(binder).lower()}”. {_instead(binder)}"
    )
    return Answer(
        text=said.replace("*", ""), blocks=[blocks.section(said), *blocks.actions(shown.buttons(binder))]
    )


def _instead(binder: Binder) -> str:
    match binder.phase:
        case Phase.DELETING | Phase.DELETED:
            return "Launch again starts the same anew."
        case Phase.FAILED:
            return "Retry tries it again, Delete clears it away."
        case Phase.READY:
            return "It is ready: open it, extend it or delete it."
        case Phase.REQUESTED if binder.plan is not None and binder.plan.needs_confirmation:
            return "It waits for your Start."
        case _:
            return "Wait for its thread to say that it is ready, or cancel it."
