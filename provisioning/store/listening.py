"""What guests said: their reports, their logs, and whom nobody listens to."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from provisioning.model import Binder, BinderId, Phase, Report
from provisioning.store import binders
from provisioning.store.database import Tx


async def hear(tx: Tx, binder: Binder, report: Report, now: datetime) -> bool:
    """Keep a report of the current attempt; False where it is no news. The first certificate is pinned."""
    body = binders.to_json(report)
    await tx.run(
        "binders.keep_report", id=binder.id, attempt=binder.attempt, n=report.n, at=report.at, body=body
    )
    touched = await tx.run(
        "binders.heard",
        id=binder.id,
        attempt=binder.attempt,
        n=report.n,
        report=body,
        cert=report.cert_sha256,
        now=now,
    )
    return touched > 0


async def reports(tx: Tx, binder_id: BinderId, attempt: int) -> tuple[Report, ...]:
    """All reports of an attempt, in the guest's order."""
    rows = await tx.rows("binders.reports", id=binder_id, attempt=attempt)
    return tuple(binders.from_json(Report, row["body"]) for row in rows)


async def keep_log(tx: Tx, binder_id: BinderId, attempt: int, text: str, at: datetime) -> None:
    """Keep a guest's log; NUL, which PostgreSQL cannot hold, becomes the replacement character."""
    await tx.run("binders.keep_log", id=binder_id, attempt=attempt, at=at, body=text.replace("\0", "\ufffd"))


async def log(tx: Tx, binder_id: BinderId, attempt: int) -> str | None:
    """The kept log of an attempt."""
    row = await tx.row("binders.log", id=binder_id, attempt=attempt)
    return None if row is None else str(row["body"])


async def listenable(
    tx: Tx, *, phases: Sequence[Phase], listener: UUID, now: datetime, until: datetime, most: int
) -> tuple[Binder, ...]:
    """Take over binders whose guest nobody listens to; one that cannot be read is looked at again at ``until``."""
    rows = await tx.rows(
        "binders.listenable", phases=list(phases), listener=listener, now=now, until=until, most=most
    )
    return tuple(binders.readable_rows(rows))
