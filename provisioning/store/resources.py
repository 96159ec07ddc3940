"""What was made in the cloud for a binder, and what may have been: noted before the call, and once its answer is known."""

from datetime import datetime

from provisioning.cloud_objects import CloudId, CloudObject, Kind
from provisioning.model import Binder, BinderId
from provisioning.store.database import Row, Tx


async def intend(tx: Tx, binder: Binder, kind: Kind, at: datetime) -> None:
    """Note what is about to be made in the cloud."""
    await tx.run("binders.intend", id=binder.id, attempt=binder.attempt, kind=kind, at=at)


async def give_up(tx: Tx, binder: Binder, kind: Kind, at: datetime) -> None:
    """Note that a call that should make this stays without an answer: it may have worked, but it sends nothing any more."""
    await tx.run("binders.give_up", id=binder.id, attempt=binder.attempt, kind=kind, at=at)


async def refused(tx: Tx, binder: Binder, kind: Kind) -> None:
    """Note that the cloud made nothing: it said no."""
    await tx.run("binders.refused", id=binder.id, attempt=binder.attempt, kind=kind)


async def made(tx: Tx, thing: CloudObject, at: datetime) -> None:
    """Note what was there at ``at``: made, or shown by a listing after a call whose answer was lost."""
    await tx.run(
        "binders.made",
        id=thing.mark.binder,
        attempt=thing.mark.attempt,
        kind=thing.kind,
        cloud_id=thing.id,
        at=at,
    )


async def server_gone(tx: Tx, binder: Binder, server_id: CloudId, at: datetime) -> None:
    """Note that the cloud, asked for this very server, knew none."""
    await tx.run("binders.server_gone", id=binder.id, cloud_id=server_id, at=at)


async def of(tx: Tx, binder_id: BinderId) -> list[Row]:
    """What was made for the binder: kind, attempt, cloud_id, intended_at, gone_at; oldest first."""
    return await tx.rows("binders.resources", id=binder_id)
