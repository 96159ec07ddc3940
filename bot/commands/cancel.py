"""``cancel``: stop a launch that is not ready yet."""

from bot.access import Who
from bot.command import Command
from bot.granting import grant
from provisioning.model import Phase
from provisioning.phases import LIVE

COMMAND = Command(
    name="cancel",
    usage="cancel [ID]",
    summary="stop a launch that is not ready yet; what was made for it is deleted",
    handle=grant,
    who=Who.OWNER,
    needs_binder=True,
    phases=LIVE - {Phase.READY, Phase.PAUSED} | {Phase.FAILED},
)
