"""How an action's result changes a binder: the second half of a step, after `provisioning.lifecycle`. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from provisioning import room
from provisioning.actions import (
    Action,
    Admit,
    CheckPublic,
    Counted,
    CountWork,
    Delete,
    Done,
    Failed,
    KeepLog,
    Made,
    Planned,
    Quoted,
    ReadConsole,
    Result,
    Said,
)
from provisioning.cloud_objects import Kind
from provisioning.errors import BinderopsError, ConflictError, NotFoundError, TemporaryError
from provisioning.lifecycle import SOON, Decision, backoff
from provisioning.model import Binder, Event, Failure, Happened, Phase
from provisioning.phases import LIMITS, Policy, begin_attempt, fail, move, next_warning

UNSURE_FOR = timedelta(minutes=2)  # how long a launch waits for a reading that is not ambiguous
_READ_AGAIN = timedelta(seconds=5)

_LOOK_AGAIN = ("port-gone", "volume-gone")  # somebody took it away just now: the next listing shows that

_TOO_LONG: Mapping[Phase, tuple[str, str]] = {
    Phase.BUILDING: ("build-timeout", "The build took longer than 90 minutes."),
    Phase.STARTING: (
        "start-timeout",
        "The environment was built, but nothing in it answered within 10 minutes.",
    ),
}


def settle(binder: Binder, action: Action, result: Result, now: datetime, policy: Policy) -> Decision:
    """The binder after ``action`` went as ``result`` says. Whatever went well ends a row of errors."""
    binder = replace(binder, last_action_at=now)
    if isinstance(result, Failed) and not isinstance(action, KeepLog | ReadConsole | CountWork):
        return _failed(binder, action, result.error, now, policy)
    binder = replace(binder, errors_in_row=0, last_error="")
    match result:
        case Planned(plan=plan):
            planned = replace(binder, plan=plan, phase_since=now)
            resolved = Event(kind=Happened.RESOLVED, at=now, data={"commit": plan.commit, "ref": plan.ref})
            if not plan.needs_confirmation:
                return Decision(binder=move(planned, Phase.QUEUED, now), events=(resolved,), wake_at=now)
            price = {"su_per_hour": plan.flavor.su_per_hour}
            asked = Event(kind=Happened.CONFIRMATION_ASKED, at=now, data=price)
            return Decision(binder=planned, events=(resolved, asked), wake_at=now)
        case Quoted():
            return _admitted(binder, result, now, policy)
        case Made(object=made):
            told = Event(kind=Happened.OBJECT_MADE, at=now, data={"kind": made.kind})
            return Decision(binder=binder, events=(told,), wake_at=now)
        case Done() | Said() | Counted() | Failed():
            return _after(binder, action, result, now, policy)


def _admitted(binder: Binder, quoted: Quoted, now: datetime, policy: Policy) -> Decision:
    """Into `creating` where there is room for certain, into `failed` where there is none for certain."""
    if quoted.quota is None or binder.plan is None:
        begun, told = begin_attempt(binder, now)
        return Decision(binder=begun, events=told, wake_at=now)
    work_gib = binder.volume.size_gib if binder.volume and Kind.WORK_VOLUME not in quoted.spared else 0
    need = room.need_of(binder.plan.flavor, policy, frozenset(Kind) - quoted.spared, work_gib)
    taken = room.promised(quoted.others, policy)
    short = room.shortages(quoted.quota, taken.at_most, need)
    if not short:
        begun, told = begin_attempt(binder, now)
        return Decision(binder=begun, events=told, wake_at=now)
    surely_short = room.shortages(quoted.quota, taken.surely, need)
    if not surely_short and now < binder.phase_since + UNSURE_FOR:
        return Decision(binder=binder, wake_at=now + _READ_AGAIN)
    fitting = room.what_fits(quoted.quota, taken.at_most, quoted.flavors, policy, work_gib=work_gib)
    refused = room.refusal(surely_short or short, fitting).failure()
    failed, told = fail(binder, refused, now, policy)
    return Decision(binder=failed, events=told, wake_at=now)


def _after(binder: Binder, action: Action, result: Result, now: datetime, policy: Policy) -> Decision:
    if isinstance(action, CheckPublic):
        return _became_ready(binder, now)
    if isinstance(action, CountWork):
        return _warned(binder, result, now)
    if isinstance(action, KeepLog | ReadConsole):
        failed, events = fail(binder, _why(binder, result), now, policy)
        return Decision(binder=failed, events=events, wake_at=now)
    return Decision(binder=binder, wake_at=now)


def _became_ready(binder: Binder, now: datetime) -> Decision:
    lifetime = binder.plan.lifetime if binder.plan else timedelta()
    ready = replace(move(binder, Phase.READY, now), expires_at=now + lifetime)
    told = Event(kind=Happened.BECAME_READY, at=now, data={"expires_at": (now + lifetime).isoformat()})
    return Decision(binder=ready, events=(told,), wake_at=now)


def _warned(binder: Binder, result: Result, now: datetime) -> Decision:
    """People are warned, with what would be lost where the guest told: it may well be silent."""
    due = next_warning(binder, now)
    if due is None or binder.expires_at is None:
        return Decision(binder=binder, wake_at=now)
    minutes = max(1, round((binder.expires_at - now) / timedelta(minutes=1)))
    lost = asdict(result.work) if isinstance(result, Counted) else {}
    data = {"expires_at": binder.expires_at.isoformat(), "minutes": minutes, **lost}
    warned = Event(kind=Happened.WARNED, at=now, data=data)
    return Decision(binder=replace(binder, warned=due.number), events=(warned,), wake_at=now)


def _why(binder: Binder, result: Result) -> Failure:
    """The guest's own words where it has some, else which limit was passed."""
    if binder.report is not None and binder.report.failure is not None:
        return binder.report.failure
    if binder.report is not None and binder.report.phase == "failed":
        return Failure(
            code="cause-unknown", message=binder.report.message or "It failed.", hint="The log has the rest."
        )
    if binder.phase in _TOO_LONG:
        code, message = _TOO_LONG[binder.phase]
        return Failure(
            code=code,
            message=message,
            hint="The log shows where it stood. Retry, or ask for a larger flavor.",
        )
    return Failure(
        code="guest-silent",
        message="The instance runs, but its setup never reported anything.",
        hint="Retry; if it happens again, the image may lack cloud-init or the network may be closed.",
        lines=result.lines if isinstance(result, Said) else (),
    )


def _waits_no_more(binder: Binder, error: BinderopsError, now: datetime) -> bool:
    """A quota that cannot be read for minutes stops nobody: the cloud itself refuses what does not fit."""
    return isinstance(error, TemporaryError) and now >= binder.phase_since + UNSURE_FOR


def _failed(binder: Binder, action: Action, error: BinderopsError, now: datetime, policy: Policy) -> Decision:
    """Time cures some errors: tried again, less and less often, until the phase's limit. The others end the phase."""
    is_delete = isinstance(action, Delete)
    if is_delete and isinstance(error, NotFoundError):
        return Decision(binder=replace(binder, errors_in_row=0), wake_at=now)
    is_ending = binder.phase is Phase.DELETING
    if is_delete and is_ending and error.code == "server-locked" and binder.warned == 0:
        stuck = Event(kind=Happened.DELETE_STUCK, at=now, data={"detail": error.message})
        told = replace(binder, warned=1, errors_in_row=binder.errors_in_row + 1, last_error=error.message)
        return Decision(binder=told, events=(stuck,), wake_at=now + backoff(binder.errors_in_row))
    if isinstance(action, Admit) and _waits_no_more(binder, error, now):
        begun, began = begin_attempt(binder, now)
        return Decision(binder=begun, events=began, wake_at=now)
    in_time = now < binder.phase_since + LIMITS.get(binder.phase, timedelta(0))
    waits = isinstance(error, TemporaryError | ConflictError) or isinstance(action, CheckPublic)
    waits = waits or error.code in _LOOK_AGAIN
    if is_delete or (waits and in_time):
        tried = replace(binder, errors_in_row=binder.errors_in_row + 1, last_error=error.message)
        delay = error.delay if isinstance(error, TemporaryError) else SOON
        return Decision(binder=tried, wake_at=now + max(delay, backoff(binder.errors_in_row)))
    failed, events = fail(binder, error.failure(), now, policy)
    return Decision(binder=failed, events=events, wake_at=now)
