"""``download``: a private link to an archive of what people did in a ready binder. The archive is made on the instance."""

from typing import TYPE_CHECKING

from bot import words
from bot.access import Who
from bot.command import Command
from bot.commands.open import private_link
from bot.effects import Effect
from bot.intents import Asked
from provisioning.model import Phase

if TYPE_CHECKING:
    from bot.desk import Desk

_LABEL = "Download my work"
_PAGE = "/_binder/work"


async def handle(desk: "Desk", asked: Asked) -> Effect:  # noqa: ARG001  the shape of every command
    """The link; it also works while nothing in the binder answers, since the agent itself serves the files."""
    return private_link(asked, to=_PAGE, label=_LABEL, title=f"the files of {words.subject(asked.chosen)}")


COMMAND = Command(
    name="download",
    usage="download [ID]",
    summary="get a private link to the files that are new or changed in a ready environment",
    handle=handle,
    who=Who.SHARED,
    needs_binder=True,
    fits_shared=True,
    phases=frozenset({Phase.READY}),
)
