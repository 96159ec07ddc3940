"""What the database knows of launches under way, for a decision on the next one. One lock for each cloud."""

import logging
from collections.abc import Collection
from datetime import datetime

import msgspec

from provisioning.cloud_objects import Kind
from provisioning.model import Binder, Flavor
from provisioning.phases import Policy
from provisioning.room import InFlight
from provisioning.store.binders import from_json
from provisioning.store.database import Row, Tx

_logger = logging.getLogger(__name__)


async def lock(tx: Tx, cloud: str) -> None:
    """Wait until nobody else decides on this cloud; held until the transaction ends."""
    await tx.run("admission.lock", cloud=cloud)


async def in_flight(
    tx: Tx, clouds: Collection[str], read_at: datetime, policy: Policy, *, besides: str = ""
) -> tuple[InFlight, ...]:
    """What binders of a cloud were promised or made that a quota read at ``read_at`` may lack.

    ``clouds``: the names that plans have for that cloud. ``policy``: of that cloud. ``besides``: the binder that asks.
    """
    given_up_after = read_at - policy.shows_within
    rows = await tx.rows(
        "admission.in_flight", id=besides, clouds=list(clouds), read_at=read_at,
        given_up_after=given_up_after, asked_after=given_up_after - policy.answers_within,
    )  # fmt: skip
    found = []
    for row in rows:
        try:
            found.append(_in_flight(row))
        except (ValueError, KeyError, msgspec.MsgspecError):  # a row that another version wrote
            _logger.warning("binder-not-counted binder=%s", row["id"])
    return tuple(found)


async def spared(tx: Tx, binder: Binder, read_at: datetime) -> frozenset[Kind]:
    """What the binder itself has in the cloud: its next attempt keeps it, or gives it back before it makes anything."""
    rows = await tx.rows("admission.spared", id=binder.id, attempt=binder.attempt, read_at=read_at)
    return frozenset(Kind(row["kind"]) for row in rows)


def _in_flight(row: Row) -> InFlight:
    noted = row["noted"]
    current = {Kind(n["kind"]) for n in noted if n["attempt"] == row["attempt"]}
    # An older attempt's object goes before its successor comes: the two are never there together.
    older = {Kind(n["kind"]) for n in noted if n["attempt"] != row["attempt"]}
    missing = set(Kind) - current if row["makes_more"] else set()
    if not row["makes_work"]:
        missing.discard(Kind.WORK_VOLUME)
    unsure = {Kind(n["kind"]) for n in noted if not n["counted"]} | (missing & older)
    return InFlight(
        flavor=from_json(Flavor, row["flavor"]),
        unmade=frozenset(missing - unsure),
        unsure=frozenset(unsure),
        work_gib=row["work_gib"],
    )
