"""``logs``: the guest's log as a file in the thread; read from the guest while it lives, else the one that was kept."""

import asyncio
from typing import TYPE_CHECKING

from bot import words
from bot.command import Command
from bot.effects import Answer, Effect, SendLog, say
from bot.intents import Asked
from bot.story import is_public
from provisioning.errors import TemporaryError
from provisioning.model import Binder, Phase

if TYPE_CHECKING:
    from bot.desk import Desk

_PATIENCE_S = 15  # for the guest, within the desk's own
_ALIVE = frozenset({Phase.BOOTING, Phase.BUILDING, Phase.STARTING, Phase.READY, Phase.FAILED})


async def handle(desk: "Desk", asked: Asked) -> Effect:
    """The newest log there is; a thread that never began has none."""
    binder = asked.chosen
    if not is_public(binder):
        return _none(binder)
    fetched = await _fetched(desk, binder)
    if not fetched and not await desk.kept_log(binder):
        return _none(binder)
    answer = say(
        f"*Log*: the log of {words.subject(binder)} goes into its thread in {words.place(binder.channel)}."
    )
    return SendLog(binder=binder, fetched=fetched or None, answer=answer)


def _none(binder: Binder) -> Answer:
    """Why there is no log."""
    what = words.subject(binder)
    if binder.report is None:
        return say(f"*No log*: {what} has none; its instance has not said anything.")
    if binder.phase in _ALIVE:
        return say(f"*No log*: the instance of {what} does not answer at the moment. Try again in a minute.")
    return say(f"*No log*: the log of {what} went with its instance.")


async def _fetched(desk: "Desk", binder: Binder) -> str:
    if binder.phase not in _ALIVE or not binder.agent_url:
        return ""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await desk.links.log(binder.agent_url, binder.id, cert_sha256=binder.cert_sha256)
    except (TemporaryError, TimeoutError):  # gone, not up yet, or slow: the kept one may still tell
        return ""


COMMAND = Command(
    name="logs",
    usage="logs [ID]",
    summary="put an environment's log into its thread",
    handle=handle,
    needs_binder=True,
)
