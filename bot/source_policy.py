"""From settings to what sources a deployment takes: the same for lookups, for plans and for guests."""

from bot.settings import Settings
from provisioning.guest.rules import Rules
from provisioning.launch_spec import Limits
from provisioning.sources import SourcePolicy


def source_policy(settings: Settings) -> SourcePolicy:
    """What a lookup may look at, and how large a source may be."""
    rules = Rules(
        allow=settings.texts("sources.allow"),
        deny=settings.texts("sources.deny"),
        ask=settings.text("sources.ask"),
    )
    return SourcePolicy(
        allow_exact=settings.texts("sources.allow_exact"),
        most_mib=guest_limits(settings).source_mib,
        rules=rules,
    )


def guest_limits(settings: Settings) -> Limits:
    """What guests let a source use."""
    return Limits(source_mib=round(settings.number("limits.source_mib") or Limits().source_mib))
