"""What the database keeps of each cloud: under which deployment's name and in which project its binders were made."""

from collections.abc import Collection, Mapping
from datetime import datetime

from provisioning.model import BinderId
from provisioning.store.database import Tx
from provisioning.whereabouts import Whereabouts


async def kept(tx: Tx, names: Collection[str]) -> dict[str, Whereabouts]:
    """Where binders are, by the name that plans have for the cloud; what was never listed is not in it."""
    there = await tx.row("sites.is_there")
    if there is None or not there["found"]:
        return {}
    rows = await tx.rows("sites.kept", names=list(names))
    return {r["name"]: Whereabouts(deployment=r["deployment"], project=r["project"]) for r in rows}


async def living(tx: Tx, names: Collection[str]) -> Mapping[str, tuple[BinderId, ...]]:
    """Binders that may have something in a cloud of these names, oldest first, then work volumes there, as ``volume <name>``."""
    found: dict[str, tuple[BinderId, ...]] = {}
    for row in await tx.rows("sites.living", names=list(names)):
        found[row["name"]] = (*found.get(row["name"], ()), BinderId(row["id"]))
    return found


async def lock(tx: Tx) -> None:
    """Wait until nobody else is about to `keep`; held until the transaction ends."""
    await tx.run("sites.lock")


async def keep(tx: Tx, name: str, where: Whereabouts, at: datetime) -> None:
    """From now on binders of this name are there."""
    await tx.run("sites.keep", name=name, deployment=where.deployment, project=where.project, at=at)


async def forget(tx: Tx, names: Collection[str]) -> None:
    """Whatever the settings lead to next is taken for where binders of these names are."""
    await tx.run("sites.forget", names=list(names))
