"""Rotates the signing keys without locking a guest out: next becomes current, a fresh key becomes next, one transaction.

It locks nobody out because every guest knows the next key before it signs: from its user data, or told since. Each guest's
knowledge is noted when its user data is rendered (`born_with`) and when it took what it was told (`provisioning.guest_config`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from provisioning.errors import RefusedError
from provisioning.keys import GRACE, Keys, make, read
from provisioning.model import Binder, BinderId, Phase
from provisioning.phases import LIVE
from provisioning.store.database import Database, Row, Tx

_HAVE_GUESTS = sorted(LIVE - {Phase.REQUESTED, Phase.QUEUED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """A living guest, or one that is about to be born."""

    binder: BinderId
    phase: Phase
    attempt: int
    knows: tuple[str, ...]  # ids of the bot's keys; empty: nobody noted it
    is_told: bool  # since its birth

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as ``keys.guests`` returns it."""
        return cls(**{**row, "phase": Phase(row["phase"]), "knows": tuple(row["knows"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The keys, and the guests that should know them, at one moment."""

    keys: Keys
    guests: tuple[Guest, ...]

    @property
    def behind(self) -> tuple[Guest, ...]:
        """Who would refuse the next key."""
        return tuple(g for g in self.guests if self.keys.next.key_id not in g.knows)

    @property
    def lost(self) -> tuple[Guest, ...]:
        """Who would take nothing that the bot can sign after a rotation: the current key would be the one before then."""
        return tuple(g for g in self.behind if self.keys.current.key_id not in g.knows)

    def check(self, now: datetime) -> None:
        """Whether a rotation cuts nobody off. Raises `RefusedError` (``keys-just-rotated``, ``guests-behind``)."""
        rotated_at = self.keys.rotated_at
        if rotated_at is not None and now < rotated_at + GRACE:
            raise RefusedError(
                "keys-just-rotated",
                f"The signing keys were rotated at {rotated_at:%H:%M:%S} UTC; links from just before still count.",
                f"Rotate again after {rotated_at + GRACE:%H:%M:%S} UTC.",
            )
        if self.behind:
            raise RefusedError(
                "guests-behind",
                f"The next key is not known to {len(self.behind)} of {len(self.guests)} guests yet: {_listed(self.behind)}.",
                "Running bots tell them as soon as they answer: look with `binderops keys`, then try again. "
                "With --force nobody gets into these before they are told.",
            )


async def standing(db: Database, secret: str) -> Standing:
    """How it stands now; raises as `provisioning.keys.read`."""
    async with db.transaction() as tx:
        return await _standing(tx, secret)


async def rotate(db: Database, secret: str, now: datetime, *, is_forced: bool = False) -> Standing:
    """Have the next key sign from now on; how it stood before. Whole or not at all, and one at a time.

    Raises as `Standing.check` unless ``is_forced``, and as `provisioning.keys.read`.
    """
    async with db.transaction() as tx:
        await tx.run("keys.take")
        before = await _standing(tx, secret)
        if not is_forced:
            before.check(now)
        await tx.run("keys.drop_previous")
        await tx.run("keys.pass_on", role="current", to="previous", at=now)
        await tx.run("keys.pass_on", role="next", to="current", at=now)
        await make(tx, "next", secret, now)
    return before


async def born_with(db: Database, secret: str, binder: Binder) -> tuple[str, ...]:
    """The public keys for the user data of this attempt's server, current first; noted, so that no rotation overlooks them."""
    async with db.transaction() as tx:
        await tx.run("keys.hold")
        keys = (await read(tx, secret)).at_birth
        await tx.run("keys.born", binder=binder.id, attempt=binder.attempt, keys=[key.key_id for key in keys])
    return tuple(key.public_key for key in keys)


async def _standing(tx: Tx, secret: str) -> Standing:
    rows = await tx.rows("keys.guests", phases=_HAVE_GUESTS)
    return Standing(keys=await read(tx, secret), guests=tuple(Guest.of(row) for row in rows))


def _listed(guests: Sequence[Guest]) -> str:
    return ", ".join(f"{g.binder} ({g.phase})" for g in guests)
