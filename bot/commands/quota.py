"""``quota``: what the project uses of what it may use, and which flavors fit now."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot import blocks, words
from bot.blocks import Block
from bot.command import Command
from bot.effects import Answer, Effect
from bot.intents import Asked
from provisioning import room
from provisioning.errors import TemporaryError
from provisioning.room import Standing

if TYPE_CHECKING:
    from bot.desk import Desk

_NEW_ENOUGH = timedelta(seconds=30)
_WAITS_FOR = timedelta(seconds=10)


async def handle(desk: "Desk", asked: Asked) -> Effect:
    """The numbers of each cloud. They are read aside: until they are there the question waits, not the desk."""
    standings = desk.settings.standings()
    is_waiting = any(_is_old(one, asked.at) for one in standings.values())
    if is_waiting and desk.clock() < asked.at + _WAITS_FOR:
        raise TemporaryError(
            "quota-unread", "The cloud's numbers are being read.", "It is looked at again.",
            delay=timedelta(seconds=1),
        )  # fmt: skip
    return numbers(standings, asked.at)


def numbers(standings: Mapping[str, Standing | None], asked_at: datetime) -> Answer:
    """One part for each cloud; a name only where there is more than one."""
    if not standings:
        standings = {"": None}
    parts = [_part(name, standing, asked_at) for name, standing in standings.items()]
    drawn = [blocks.section(f"*Quota*{'' if len(parts) == 1 else ' of each cloud'}")]
    drawn += [block for part in parts for block in part]
    said = (_summary(name, standing) for name, standing in standings.items())
    return Answer(text=f"Quota: {' '.join(said)}", blocks=drawn)


def _part(name: str, standing: Standing | None, asked_at: datetime) -> list[Block]:
    head = f"*{blocks.words(name, 100)}*\n" if name else ""
    if standing is None:
        return [blocks.section(f"{head}{_fits(standing)}")]
    lines = "\n".join(f"\u2022 {line}" for line in standing.lines())
    read = f"As of {words.when(standing.quota.read_at)}"
    late = ". The cloud does not answer now" if _is_old(standing, asked_at) else ""
    return [blocks.section(f"{head}{lines}\n{_fits(standing)}"), blocks.context(f"{read}{late}")]


def _summary(name: str, standing: Standing | None) -> str:
    lines = "; ".join([] if standing is None else standing.lines())
    return f"{f'{name}: ' if name else ''}{lines}{'. ' if lines else ''}{_fits(standing)}"


def _fits(standing: Standing | None) -> str:
    if standing is None:
        return "The cloud does not tell what may be used; a launch shows it."
    if not standing.fitting:
        return "No flavor is known to fit now."
    fit = "fits" if len(standing.fitting) == 1 else "fit"
    return f"{blocks.words(room.named(standing.fitting))} {fit} now."


def _is_old(standing: Standing | None, asked_at: datetime) -> bool:
    return standing is None or standing.quota.read_at < asked_at - _NEW_ENOUGH


COMMAND = Command(
    name="quota",
    usage="quota",
    summary="what the cloud lets all of us use, and which flavors fit now",
    handle=handle,
)
