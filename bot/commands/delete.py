"""``delete``: end a binder, whatever it does at the moment."""

from bot.access import Who
from bot.command import ALL_PHASES, Command
from bot.granting import grant
from provisioning.model import Phase

COMMAND = Command(
    name="delete",
    usage="delete [ID]",
    summary="delete an environment and everything that was made for it",
    handle=grant,
    who=Who.OWNER,
    needs_binder=True,
    phases=ALL_PHASES - {Phase.DELETING, Phase.DELETED},
)
