"""``confirm``: agree to a plan whose price asks for it. Pressed as ``Start``."""

from bot.access import Who
from bot.command import Command
from bot.granting import grant
from provisioning.model import Phase

COMMAND = Command(
    name="confirm",
    usage="confirm [ID]",
    summary="start a launch that waits for your go because of its price",
    handle=grant,
    who=Who.OWNER,
    needs_binder=True,
    phases=frozenset({Phase.REQUESTED}),
)
