"""Shares in the database: a binder is shared, a share is taken back, and both are looked up and told."""

from datetime import datetime

from provisioning.model import Binder, BinderId, Event, Happened
from provisioning.shares import Share
from provisioning.store import binders
from provisioning.store.database import Tx
from provisioning.store.membership import end_sessions


async def add(tx: Tx, binder: BinderId, share: Share) -> None:
    """Let them in from now on, and tell it. Twice is once; nothing for a binder that is gone."""
    if await tx.run("shares.add", id=binder, whom=share.whom, by=share.by, at=share.at):
        await _tell(tx, binder, Happened.SHARED, whom=share.whom, who=share.by, at=share.at)


async def remove(tx: Tx, binder: BinderId, whom: str, *, by: str, at: datetime) -> None:
    """Let them in no more (an empty ``whom``: nobody but owner and admins), end who is in, and tell it."""
    if await tx.run("shares.remove", id=binder, whom=whom):
        await end_sessions(tx, binder)
        await _tell(tx, binder, Happened.UNSHARED, whom=whom, who=by, at=at)


async def of(tx: Tx, binder: BinderId) -> tuple[Share, ...]:
    """With whom the binder is shared, in the order in which it was."""
    rows = await tx.rows("shares.of", id=binder)
    return tuple(Share(whom=r["whom"], by=r["shared_by"], at=r["shared_at"]) for r in rows)


async def with_person(tx: Tx, *, team: str, who: str, most: int) -> list[Binder]:
    """What others share with this person by name and is not gone, newest first."""
    rows = await tx.rows("shares.with_person", team=team, who=who, most=most)
    return await binders.readable(tx, [BinderId(row["id"]) for row in rows])


async def _tell(tx: Tx, binder: BinderId, kind: Happened, *, whom: str, who: str, at: datetime) -> None:
    await binders.tell(tx, binder, [Event(kind=kind, at=at, data={"who": who, "whom": whom})])
    await tx.run("shares.changed", id=binder)
