"""Work volumes in the database: one is taken by a launch, let go at its end, listed, and deleted."""

from dataclasses import replace
from datetime import datetime

from provisioning.cloud_objects import CloudId
from provisioning.model import Binder, BinderId, VolumeId, WorkVolume
from provisioning.store.database import Row, Tx
from provisioning.work_volumes import Kept, Wanted, held


async def taken(tx: Tx, binder: Binder, asked: Wanted) -> Binder:
    """The binder with its owner's volume of that name, held by it from now on; a new one where there is none.

    Raises what `provisioning.work_volumes.held` does. The binder's `binders.gone` lets go of it.
    """
    whose = {"team": binder.team, "owner": binder.owner, "clouds": list(asked.clouds), "name": asked.name}
    at = binder.created_at
    await tx.run(
        "volumes.ensure", id=asked.new_id, size_gib=asked.new_gib, at=at, cloud=asked.clouds[0], **whose
    )
    row = await tx.row("volumes.named", **whose)
    if row is None:
        raise LookupError(f"the volume {asked.name} went as it was taken")
    volume = held(kept(row), asked)
    await tx.run("volumes.hold", id=volume.id, binder=binder.id, at=at, size_gib=volume.size_gib)
    return replace(binder, volume=volume)


async def of_person(tx: Tx, *, team: str, owner: str) -> list[Kept]:
    """All volumes of a person, by cloud and name."""
    return [kept(row) for row in await tx.rows("volumes.of_person", team=team, owner=owner)]


async def drop_when_free(tx: Tx, binder: BinderId, at: datetime) -> None:
    """Delete the volume that the binder holds, once it is gone."""
    await tx.run("volumes.drop_when_free", binder=binder, at=at)


async def drop(tx: Tx, volume: VolumeId, at: datetime) -> bool:
    """Delete it. False, and nothing is, where a binder holds it."""
    return await tx.run("volumes.drop", id=volume, at=at) == 1


async def claim_deletion(tx: Tx, now: datetime, until: datetime) -> Kept | None:
    """One that is to be deleted; nobody else gets it before ``until``."""
    row = await tx.row("volumes.claim_deletion", now=now, until=until)
    return kept(row) if row else None


async def look_again(tx: Tx, volume: VolumeId, at: datetime) -> None:
    """Its deletion is looked at again then."""
    await tx.run("volumes.look_again", id=volume, at=at)


async def gone(tx: Tx, volume: VolumeId) -> None:
    """The cloud has it no more: its name is free."""
    await tx.run("volumes.gone", id=volume)


def kept(row: Row) -> Kept:
    """A row as a value."""
    return Kept(
        volume=WorkVolume(id=VolumeId(row["id"]), name=row["name"], size_gib=row["size_gib"]),
        team=row["team"], owner=row["owner"], cloud=row["cloud"], made_at=row["made_at"],
        cloud_id=CloudId(row["cloud_id"]) if row["cloud_id"] else None,
        held_by=BinderId(row["held_by"]) if row["held_by"] else None,
        held_since=row["held_since"], used_at=row["used_at"], deleting_since=row["deleting_since"],
    )  # fmt: skip
