"""Who else may enter a binder than its owner and admins, as values. A share goes with its binder."""

from dataclasses import dataclass
from datetime import datetime

CHANNEL = "channel"  # instead of a person: whoever is in the channel that the binder was launched in


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One more who may enter, by whose word, since when."""

    whom: str  # a Slack user id, or `CHANNEL`
    by: str  # a Slack user id
    at: datetime
