"""``retry``: another attempt for a binder that failed."""

from bot.access import Who
from bot.command import Command
from bot.granting import grant
from provisioning.model import Phase

COMMAND = Command(
    name="retry",
    usage="retry [ID]",
    summary="try a launch that failed once more",
    handle=grant,
    who=Who.OWNER,
    needs_binder=True,
    phases=frozenset({Phase.FAILED}),
)
