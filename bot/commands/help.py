"""``help``: every verb with what follows it, generated from the verbs themselves."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bot import blocks
from bot.command import Command
from bot.effects import Answer, Effect
from bot.intents import Asked

if TYPE_CHECKING:
    from bot.desk import Desk


async def handle(desk: "Desk", asked: Asked) -> Effect:  # noqa: ARG001  the shape of every command
    """The help."""
    return overview(desk.commands.values())


def overview(commands: Iterable[Command]) -> Answer:
    """One line for each verb."""
    listed = list(commands)
    lines = [f"\u2022 `/binder {c.usage}`: {c.summary}" for c in listed]
    drawn = [
        blocks.section("*Help*: a repository becomes a running environment, told in a thread."),
        blocks.section("\n".join(lines)),
        blocks.context(
            "ID may be left out where only one of your environments is meant. Buttons do the same."
        ),
    ]
    names = ", ".join(c.name for c in listed)
    return Answer(
        text=f"Help: type /binder org/repo to launch an environment. Commands: {names}.", blocks=drawn
    )


def briefly() -> Answer:
    """For who says something to the bot that is no command."""
    said = (
        "*I make a running environment of a repository.* Say `org/repo` or a repository's link here, perhaps with a branch, "
        "a path, `flavor=...` and `hours=...`; or `list`, or `help` for all that I understand."
    )
    buttons = [
        blocks.button("Launch an environment", "binder.form", "help", style="primary"),
        blocks.button("Help", "binder.help", "help"),
    ]
    return Answer(text=said.replace("*", ""), blocks=[blocks.section(said), *blocks.actions(buttons)])


COMMAND = Command(name="help", usage="help", summary="this help", handle=handle)
