"""A claimed row of the outbox, and everything that sending it can lead to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from provisioning.store.database import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message under our lease."""

    key: str
    team: str
    channel: str
    method: str  # post respond file home
    body: dict[str, Any]
    body_rev: int
    ts: str | None  # Slack's id of the posted message; of a Home, the hash of the view that is shown
    thread_ts: str | None
    uncertain_since: datetime | None  # an earlier try may have posted it: look before posting again
    posting_since: datetime | None
    tries: int
    error: str  # how the last try went
    created_at: datetime
    budget: str | None
    lease: UUID
    lease_until: datetime

    @property
    def is_board(self) -> bool:
        """Whether it carries a whole channel's progress."""
        return self.key.startswith("board:")

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as `bot/outbox.claim` returns it."""
        return cls(**{name: row[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Slack has it. ``rev`` is the body that it shows."""

    rev: int
    ts: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """No answer, or one that says nothing: it may have worked. Time cures it."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimited:
    """Not taken; Slack says how long to wait."""

    wait: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Slack says no."""

    error: str


Result = Sent | Unknown | RateLimited | Refused
