"""Binders in the database: the rows that hold the truth, and everything that hangs on one."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from provisioning.cloud_objects import CloudId, Kind
from provisioning.model import (
    Binder,
    BinderId,
    Event,
    Failure,
    Happened,
    Intent,
    Outcome,
    Phase,
    Plan,
    Report,
    Request,
    Verb,
    WorkVolume,
)
from provisioning.phases import Unanswered
from provisioning.store import launch_times
from provisioning.store.database import Row, Tx

T = TypeVar("T")

_logger = logging.getLogger(__name__)

_PUT_OFF = timedelta(minutes=5)
_UNREADABLE = (ValueError, KeyError, msgspec.MsgspecError)  # a row that another version wrote


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownServer:
    """A server that was there, and that nobody has seen gone."""

    attempt: int
    id: CloudId


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A binder under our lease, with what is wanted of it. Whoever claims works; every write is fenced by ``lease``."""

    binder: Binder
    intents: tuple[Intent, ...]
    rev: int
    lease: UUID
    unanswered: tuple[Unanswered, ...] = ()
    servers: tuple[KnownServer, ...] = ()
    work_id: CloudId | None = None  # the cloud's id of the work volume that it holds, once that was seen


def to_json(value: object) -> Any:
    """A value as a JSON column holds it."""
    return msgspec.to_builtins(value, str_keys=True)


def from_json(kind: type[T], value: object) -> T:
    """A value out of a JSON column; raises ``msgspec.ValidationError`` where it is not one."""
    return msgspec.convert(value, type=kind, strict=False)


async def insert(tx: Tx, binder: Binder) -> None:
    """Add a new binder, due at once."""
    await tx.run(
        "binders.insert", id=binder.id, team=binder.team, channel=binder.channel, owner=binder.owner,
        request=to_json(binder.request), phase=binder.phase, now=binder.created_at, volume=to_json(binder.volume),
    )  # fmt: skip


async def get(tx: Tx, binder_id: BinderId) -> Binder | None:
    """The binder as it is now."""
    row = await tx.row("binders.get", id=binder_id)
    return _binder(row) if row else None


async def readable(tx: Tx, ids: Sequence[BinderId]) -> list[Binder]:
    """The binders of these that are there, in this order, without those that another version wrote.

    For whatever shows many: one row that cannot be read must not hide the others.
    """
    rows = {row["id"]: row for row in await tx.rows("binders.some", ids=list(ids))}
    return readable_rows(rows[one] for one in ids if one in rows)


async def all_of(tx: Tx, *, team: str = "", owner: str = "", most: int = 1000) -> tuple[Binder, ...]:
    """Binders that can be read, newest first; an empty ``team`` or ``owner`` means any."""
    return tuple(readable_rows(await tx.rows("binders.all_of", team=team, owner=owner, most=most)))


async def wake(tx: Tx, binder_id: BinderId, now: datetime) -> None:
    """Make the binder due now. Whoever writes something for its next step does this in the same transaction."""
    await tx.run("binders.wake", id=binder_id, now=now)


async def claim(
    tx: Tx, *, lease: UUID, now: datetime, until: datetime, only: BinderId | None = None,
    more: Callable[[], None] = lambda: None,
) -> Claim | None:  # fmt: skip
    """Take the lease of the oldest binder that is due (or of ``only``, if due); None where there is none.

    ``more`` is called as soon as one is taken: another one may be claimed while this one is still being read.
    """
    if only is None:
        row = await tx.row("binders.claim", lease=lease, now=now, until=until)
    else:
        row = await tx.row("binders.claim_one", id=only, lease=lease, now=now, until=until)
    if row is None:
        return None
    more()
    try:
        binder = _binder(row)
    except _UNREADABLE:
        # It must not stop all the others.
        _logger.exception("binder-unreadable binder=%s", row["id"])
        await tx.run("binders.release", id=row["id"], lease=lease, wake_at=now + _PUT_OFF)
        return None
    wanted = await tx.rows("binders.granted", id=row["id"])
    there = await tx.rows("binders.not_gone", id=binder.id)
    work = await tx.row("volumes.held_by", id=binder.id) if binder.volume else None
    return Claim(
        binder=binder, intents=tuple(_intent(w) for w in wanted), rev=row["rev"], lease=lease,
        unanswered=tuple(
            Unanswered(attempt=u["attempt"], kind=Kind(u["kind"]), at=u["intended_at"], is_given_up=u["is_given_up"])
            for u in there if u["cloud_id"] is None
        ),
        servers=tuple(
            KnownServer(attempt=s["attempt"], id=CloudId(s["cloud_id"])) for s in there if s["cloud_id"] is not None
        ),
        work_id=CloudId(work["cloud_id"]) if work and work["cloud_id"] else None,
    )  # fmt: skip


async def record(
    tx: Tx,
    claimed: Claim,
    after: Binder,
    *,
    events: Sequence[Event],
    fulfilled: Sequence[int] = (),
    wake_at: datetime | None,
    now: datetime,
    keep_lease: bool,
) -> bool:
    """Write a step's outcome and its events; False, and nothing written, where the lease is no longer ours."""
    touched = await tx.run(
        "binders.record", id=after.id, lease=claimed.lease, rev=claimed.rev, now=now, keep_lease=keep_lease,
        plan=to_json(after.plan), phase=after.phase, outcome=after.outcome, failure=to_json(after.failure),
        attempt=after.attempt, phase_since=after.phase_since, expires_at=after.expires_at,
        keep_until=after.keep_until, warned=after.warned, public_url=after.public_url, agent_url=after.agent_url,
        stopped_since=after.stopped_since, keeps_volume=after.keeps_volume, last_action_at=after.last_action_at, errors_in_row=after.errors_in_row, last_error=after.last_error,
        told=1 if events or after.public_url != claimed.binder.public_url else 0, wake_at=wake_at,
    )  # fmt: skip
    if touched == 0:
        return False
    await tell(tx, after.id, events)
    await launch_times.note(tx, claimed.binder.phase, after)
    if fulfilled:
        await tx.run("binders.fulfil", ids=list(fulfilled))
    if after.phase is Phase.DELETED:
        await tx.run("binders.gone", id=after.id, at=now)
    return True


async def tell(tx: Tx, binder_id: BinderId, events: Sequence[Event]) -> None:
    """Append to the story."""
    for event in events:
        await tx.run("binders.tell", id=binder_id, at=event.at, kind=event.kind, data=dict(event.data))


async def events(tx: Tx, binder_id: BinderId) -> tuple[Event, ...]:
    """The story so far, oldest first."""
    rows = await tx.rows("binders.events", id=binder_id)
    return tuple(Event(kind=Happened(row["kind"]), at=row["at"], data=row["data"]) for row in rows)


def readable_rows(rows: Iterable[Row]) -> list[Binder]:
    """The binders of these rows, without those that another version wrote."""
    found: list[Binder] = []
    for row in rows:
        try:
            found.append(_binder(row))
        except _UNREADABLE as error:
            _logger.warning("binder-passed-over binder=%s error=%s", row["id"], type(error).__name__)
    return found


def _intent(row: Row) -> Intent:
    return Intent(
        id=row["id"],
        verb=Verb(row["kind"]),
        who=row["who"],
        at=row["at"],
        hours=row["payload"].get("hours"),
        keeps_volume=bool(row["payload"].get("keeps_volume")),
        drops_volume=bool(row["payload"].get("drops_volume")),
    )


def _binder(row: Row) -> Binder:
    return Binder(
        id=BinderId(row["id"]), team=row["team"], channel=row["channel"], owner=row["owner"],
        request=from_json(Request, row["request"]),
        plan=None if row["plan"] is None else from_json(Plan, row["plan"]),
        phase=Phase(row["phase"]),
        outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
        failure=None if row["failure"] is None else from_json(Failure, row["failure"]),
        attempt=row["attempt"], created_at=row["created_at"], phase_since=row["phase_since"],
        expires_at=row["expires_at"], keep_until=row["keep_until"], warned=row["warned"],
        public_url=row["public_url"],
        report=None if row["report"] is None else from_json(Report, row["report"]),
        last_action_at=row["last_action_at"], errors_in_row=row["errors_in_row"], last_error=row["last_error"],
        agent_url=row["agent_url"], cert_sha256=row["cert_sha256"],
        stopped_since=row["stopped_since"], keeps_volume=row["keeps_volume"],
        volume=None if row["volume"] is None else from_json(WorkVolume, row["volume"]),
    )  # fmt: skip
