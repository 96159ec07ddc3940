"""What people want of a binder, taken in: each wish moves the binder or is answered by an event, never lost. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from provisioning.model import Binder, Event, Happened, Intent, Outcome, Phase, Verb
from provisioning.phases import LIVE, Policy, move

DEFAULT_EXTENSION = timedelta(hours=2)

Taken = tuple[Binder, tuple[Event, ...]]


def take_in(binder: Binder, intent: Intent, now: datetime, policy: Policy) -> Taken:
    """The binder after one wish, and what to tell."""
    match intent.verb:
        case Verb.CONFIRM:
            return _confirm(binder, intent, now)
        case Verb.EXTEND:
            return _extend(binder, intent, now, policy)
        case Verb.CANCEL:
            return _cancel(binder, intent, now, policy)
        case Verb.RETRY:
            return _retry(binder, intent, now)
        case Verb.DELETE:
            return _delete(binder, intent, now, policy)


def end(binder: Binder, outcome: Outcome, event: Event, now: datetime) -> Taken:
    """Into `deleting` with this outcome."""
    return replace(move(binder, Phase.DELETING, now), outcome=outcome), (event,)


def _confirm(binder: Binder, intent: Intent, now: datetime) -> Taken:
    if binder.phase is not Phase.REQUESTED or binder.plan is None or not binder.plan.needs_confirmation:
        return _too_late(binder, intent, now)
    agreed = replace(move(binder, Phase.QUEUED, now), plan=replace(binder.plan, needs_confirmation=False))
    return agreed, (Event(kind=Happened.CONFIRMED, at=now, data={"who": intent.who}),)


def _extend(binder: Binder, intent: Intent, now: datetime, policy: Policy) -> Taken:
    more = timedelta(hours=intent.hours) if intent.hours else DEFAULT_EXTENSION
    hours = more / timedelta(hours=1)
    if binder.phase is Phase.FAILED and binder.keep_until is not None:
        if binder.keep_until + more > binder.created_at + policy.max_lifetime:
            return _refused(binder, intent, policy, now)
        kept = replace(binder, keep_until=binder.keep_until + more)
        return kept, (_extended(intent, hours, kept.keep_until, now),)
    if binder.phase not in LIVE or binder.plan is None:
        return _too_late(binder, intent, now)
    if binder.expires_at is None:
        lifetime = binder.plan.lifetime + more
        if lifetime > policy.max_lifetime:
            return _refused(binder, intent, policy, now)
        return replace(binder, plan=replace(binder.plan, lifetime=lifetime)), (
            _extended(intent, hours, None, now),
        )
    until = binder.expires_at + more
    if until > binder.created_at + policy.max_lifetime:
        return _refused(binder, intent, policy, now)
    return replace(binder, expires_at=until, warned=0), (_extended(intent, hours, until, now),)


def _cancel(binder: Binder, intent: Intent, now: datetime, policy: Policy) -> Taken:
    if binder.phase is Phase.FAILED:
        return _delete(binder, intent, now, policy)
    if binder.phase not in LIVE or binder.phase is Phase.READY:
        return _too_late(binder, intent, now)
    return end(
        binder, Outcome.CANCELLED, Event(kind=Happened.CANCELLED, at=now, data={"who": intent.who}), now
    )


def _retry(binder: Binder, intent: Intent, now: datetime) -> Taken:
    if binder.phase is not Phase.FAILED or binder.plan is None:
        return _too_late(binder, intent, now)
    data = {"who": intent.who, "attempt": binder.attempt + 1}
    again = replace(move(binder, Phase.QUEUED, now), outcome=None, failure=None, keep_until=None)
    return again, (Event(kind=Happened.RETRIED, at=now, data=data),)


def _delete(binder: Binder, intent: Intent, now: datetime, policy: Policy) -> Taken:
    if binder.phase in (Phase.DELETING, Phase.DELETED):
        return _too_late(binder, intent, now)
    has_root = binder.plan is not None and policy.has_volume(binder.plan.flavor)
    if intent.keeps_volume and not has_root and binder.volume is None:  # a work volume stays anyway
        reason = "It has no volume to keep: its disk is its flavor's own and goes with it. Save the files first, then delete."
        return binder, (
            Event(kind=Happened.DELETION_REFUSED, at=now, data={"who": intent.who, "reason": reason}),
        )
    binder = replace(binder, keeps_volume=intent.keeps_volume and has_root)
    outcome = binder.outcome or (Outcome.OK if binder.expires_at else Outcome.CANCELLED)
    data = {"who": intent.who, **({"drops_volume": True} if intent.drops_volume else {})}
    return end(binder, outcome, Event(kind=Happened.DELETE_ASKED, at=now, data=data), now)


def _extended(intent: Intent, hours: float, until: datetime | None, now: datetime) -> Event:
    data = {"who": intent.who, "hours": hours, "expires_at": until.isoformat() if until else None}
    return Event(kind=Happened.EXTENDED, at=now, data=data)


def _refused(binder: Binder, intent: Intent, policy: Policy, now: datetime) -> Taken:
    most = round(policy.max_lifetime / timedelta(hours=1))
    reason = f"An environment may live {most} hours in all."
    return binder, (
        Event(kind=Happened.EXTENSION_REFUSED, at=now, data={"who": intent.who, "reason": reason}),
    )


def _too_late(binder: Binder, intent: Intent, now: datetime) -> Taken:
    data = {"who": intent.who, "verb": intent.verb, "phase": binder.phase}
    return binder, (Event(kind=Happened.NOT_APPLICABLE, at=now, data=data),)
