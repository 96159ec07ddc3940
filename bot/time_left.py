"""What earlier launches say of how long this one still takes, looked up whenever its story is drawn."""

from dataclasses import replace
from datetime import datetime

from bot.story.told import Told, at, this_attempt
from provisioning.estimate import WAY, Underway, builder_of, estimate
from provisioning.model import Happened
from provisioning.store import launch_times
from provisioning.store.database import Tx


async def with_estimate(tx: Tx, told: Told, now: datetime) -> Told:
    """The same, with the estimate as it is now: none before the launch began, after it ended, and while it waits for a person."""
    binder = told.binder
    began = at(this_attempt(told), Happened.ATTEMPT_STARTED)
    waits = binder.report is not None and bool(binder.report.awaits)
    subject = launch_times.subject_of(binder, builder_of(report.message for report in told.reports))
    if began is None or subject is None or waits or binder.phase not in WAY:
        return told
    underway = Underway(
        subject=subject,
        phase=binder.phase,
        in_phase_s=max(0.0, (now - binder.phase_since).total_seconds()),
        in_all_s=max(0.0, (now - began).total_seconds()),
    )
    past = await launch_times.like(tx, subject)
    return replace(told, estimate=estimate(underway, past), estimated_at=now)
