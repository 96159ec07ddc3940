"""What happens next to a binder. Pure.

`decide` takes what is known and says what to write and at most one thing to do. It sees no clock, no cloud and no database.
The table of moves and the limits are in `provisioning.phases`, how an action went in `provisioning.settling`, what people
want in `provisioning.wishes`; the shell around them is `provisioning.launch`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from provisioning import doubles, failures, wishes, work_volumes
from provisioning.actions import (
    Action,
    Admit,
    CheckPublic,
    CountWork,
    Delete,
    KeepLog,
    MakeFloatingIp,
    MakePort,
    MakeServer,
    MakeVolume,
    MakeWorkVolume,
    ReadConsole,
    Resolve,
)
from provisioning.cloud_objects import DELETION_ORDER, CloudObject, Kind, Status
from provisioning.model import Binder, Event, Failure, Happened, Intent, Outcome, Phase
from provisioning.phases import LIMITS, Policy, Seen, Unanswered, fail, move, next_warning


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to write, what happened, and the one thing to do next; without an action the binder sleeps."""

    binder: Binder
    events: tuple[Event, ...] = ()
    fulfilled: tuple[int, ...] = ()  # ids of the intents that this decision took in
    action: Action | None = None
    wake_at: datetime | None = None  # when to look again; None only once deleted

    def only_waits(self, before: Binder, now: datetime) -> bool:
        """Whether nothing is to be done or written but to look again soon; ``before`` is what was written last."""
        says_nothing = (
            self.action is None and not self.events and not self.fulfilled and self.binder == before
        )
        return says_nothing and self.wake_at is not None and self.wake_at <= now + SOON


SOON = timedelta(seconds=1)
ASK_AGAIN = timedelta(minutes=1)  # of many at once a deletion takes this long; asked oftener, all last longer
CONFIRMATION_LIMIT = timedelta(hours=1)


def decide(binder: Binder, intents: Sequence[Intent], seen: Seen, now: datetime, policy: Policy) -> Decision:
    """The next decision for ``binder``. Every intent is taken in: it moves the binder or is answered by an event."""
    taken = take_in(binder, intents, now, policy)
    decision = _in_phase(taken.binder, seen, now, policy)
    return replace(decision, events=(*taken.events, *decision.events), fulfilled=taken.fulfilled)


def take_in(binder: Binder, intents: Sequence[Intent], now: datetime, policy: Policy) -> Decision:
    """What people want, taken in: this needs no look at the cloud, which may be silent for long."""
    events: list[Event] = []
    for intent in intents:
        binder, told = wishes.take_in(binder, intent, now, policy)
        events += told
    return Decision(binder=binder, events=tuple(events), fulfilled=tuple(i.id for i in intents), wake_at=now)


def _in_phase(binder: Binder, seen: Seen, now: datetime, policy: Policy) -> Decision:
    match binder.phase:
        case Phase.REQUESTED:
            return _requested(binder, now)
        case Phase.QUEUED:
            since = max(binder.phase_since, binder.last_action_at)
            return Decision(binder=binder, action=Admit(since=since), wake_at=now + SOON)
        case Phase.CREATING:
            return _creating(binder, seen, now, policy)
        case Phase.BOOTING | Phase.BUILDING | Phase.STARTING:
            return _coming_up(binder, seen, now, policy)
        case Phase.READY:
            return _ready(binder, seen, now, policy)
        case Phase.FAILED:
            return _failed(binder, now)
        case Phase.DELETING:
            return _deleting(binder, seen, now, policy)
        case Phase.PAUSING | Phase.PAUSED | Phase.RESUMING:
            return Decision(binder=binder, wake_at=now + timedelta(minutes=1))
        case Phase.DELETED:
            return Decision(binder=binder)


def _again(binder: Binder, events: Sequence[Event], now: datetime) -> Decision:
    """Write this down and decide again at once."""
    return Decision(binder=binder, events=tuple(events), wake_at=now)


def _requested(binder: Binder, now: datetime) -> Decision:
    if binder.plan is None:
        return Decision(binder=binder, action=Resolve(), wake_at=now + SOON)
    if not binder.plan.needs_confirmation:
        return _again(move(binder, Phase.QUEUED, now), (), now)
    ends = binder.phase_since + CONFIRMATION_LIMIT
    if now >= ends:
        return _again(
            *wishes.end(binder, Outcome.CANCELLED, Event(kind=Happened.CANCELLED, at=now), now), now
        )
    return Decision(binder=binder, wake_at=ends)


def _creating(binder: Binder, seen: Seen, now: datetime, policy: Policy) -> Decision:
    if now >= binder.phase_since + LIMITS[Phase.CREATING]:
        return _again(
            *fail(
                binder,
                failures.took_too_long(binder, "create-timeout", "The cloud did not bring up the instance"),
                now,
                policy,
            ),
            now,
        )
    if seen.objects is None:
        return _blind(binder, now)
    if extra := doubles.superfluous(seen.objects, binder.attempt):
        return _delete_next(binder, extra, now)
    decision = _make_next(binder, doubles.kept(seen.objects, binder.attempt), seen, now, policy)
    if isinstance(decision.action, MakePort | MakeFloatingIp | MakeVolume | MakeWorkVolume | MakeServer):
        # It may be there already, made by a call whose answer was lost: a listing shows it later than its making.
        lost = [u for u in seen.unanswered if u.attempt == binder.attempt or u.kind is Kind.WORK_VOLUME]
        if (waits_until := _in_doubt_until(lost, seen, now, policy)) is not None:
            return Decision(binder=binder, wake_at=waits_until)
    return decision


def _in_doubt_until(lost: Sequence[Unanswered], seen: Seen, now: datetime, policy: Policy) -> datetime | None:
    """When to look again, None where this listing began late enough to show what calls without an answer made."""
    shows_from = max((policy.shows_from(u) for u in lost), default=None)
    if shows_from is None or (seen.began_at is not None and seen.began_at >= shows_from):
        return None
    return max(shows_from, now + SOON)


def _make_next(
    binder: Binder, have: dict[Kind, CloudObject], seen: Seen, now: datetime, policy: Policy
) -> Decision:
    """Port, floating IP, volumes, server, in this order: what runs out first fails first, and the port is the fence."""
    asleep = Decision(binder=binder, wake_at=now + SOON)
    if (port := have.get(Kind.PORT)) is None:
        return replace(asleep, action=MakePort())
    if (floating_ip := have.get(Kind.FLOATING_IP)) is None:
        return replace(asleep, action=MakeFloatingIp(port_id=port.id))
    if floating_ip.port_id != port.id:
        return replace(asleep, action=Delete(kind=Kind.FLOATING_IP, id=floating_ip.id))
    plan = binder.plan
    volume = have.get(Kind.VOLUME)
    if plan is not None and policy.has_volume(plan.flavor):
        if volume is None:
            return replace(asleep, action=MakeVolume(size_gib=policy.volume_gib))
        if volume.status is Status.BUILDING:
            return asleep
    server = have.get(Kind.SERVER)
    broken = next((o for o in (volume, server) if o is not None and o.status is Status.ERROR), None)
    if broken is not None:
        return _again(*fail(binder, failures.could_not_start(broken), now, policy), now)
    if server is None:
        made = MakeServer(port_id=port.id, volume_id=volume.id if volume else None)
        return _with_work(binder, made, seen, now, policy)
    if server.status is not Status.ACTIVE or seen.address is None:
        return asleep
    up = replace(
        move(binder, Phase.BOOTING, now), public_url=seen.address.public_url, agent_url=seen.address.agent_url
    )
    return _again(
        up, (Event(kind=Happened.SERVER_ACTIVE, at=now, data={"address": floating_ip.address}),), now
    )


def _with_work(binder: Binder, server: MakeServer, seen: Seen, now: datetime, policy: Policy) -> Decision:
    """The server, with the work volume that the binder holds, once that is there and no other server has it."""
    asleep = Decision(binder=binder, wake_at=now + SOON)
    if binder.volume is None:
        return replace(asleep, action=server)
    work = work_volumes.in_cloud(binder.volume, seen)
    if work is None:
        return replace(asleep, action=MakeWorkVolume(binder.volume))
    if isinstance(work, Failure):
        return _again(*fail(binder, work, now, policy), now)
    return replace(asleep, action=replace(server, work_id=work.id)) if work_volumes.is_free(work) else asleep


def _coming_up(binder: Binder, seen: Seen, now: datetime, policy: Policy) -> Decision:
    """Booting, building, starting: the guest's newest report says where it is."""
    binder = failures.noticed(binder, seen, now)
    if (lost := failures.lost(binder, seen, now)) is not None:
        return _again(*fail(binder, lost, now, policy), now)
    return _tidied(binder, _forward(binder, now, policy), seen, now)


def _forward(binder: Binder, now: datetime, policy: Policy) -> Decision:
    said = binder.report.phase if binder.report else ""
    if said == "failed":
        return Decision(binder=binder, action=KeepLog(), wake_at=now + SOON)
    if binder.phase is Phase.BOOTING and said:
        return _again(move(binder, Phase.BUILDING, now), (Event(kind=Happened.BUILD_BEGAN, at=now),), now)
    if binder.phase is Phase.BUILDING and said in ("start", "probe", "ready"):
        return _again(move(binder, Phase.STARTING, now), (Event(kind=Happened.START_BEGAN, at=now),), now)
    ends = binder.phase_since + LIMITS[binder.phase]
    if now >= ends:
        return Decision(
            binder=binder,
            action=ReadConsole() if binder.phase is Phase.BOOTING else KeepLog(),
            wake_at=now + SOON,
        )
    if binder.phase is Phase.STARTING and said == "ready":
        return Decision(binder=binder, action=CheckPublic(), wake_at=now + SOON)
    return Decision(binder=binder, wake_at=min(ends, now + policy.look_every))


def _ready(binder: Binder, seen: Seen, now: datetime, policy: Policy) -> Decision:
    binder = failures.noticed(binder, seen, now)
    if (lost := failures.lost(binder, seen, now)) is not None:
        return _again(*fail(binder, lost, now, policy), now)
    return _tidied(binder, _live(binder, now, policy), seen, now)


def _live(binder: Binder, now: datetime, policy: Policy) -> Decision:
    expires = binder.expires_at or now
    if now >= expires:
        return _again(*wishes.end(binder, Outcome.EXPIRED, Event(kind=Happened.EXPIRED, at=now), now), now)
    due = next_warning(binder, now)
    if due is not None and now >= due.at:
        return Decision(binder=binder, action=CountWork(), wake_at=now + SOON)
    return Decision(binder=binder, wake_at=min(expires, now + policy.look_every, *([due.at] if due else [])))


def _tidied(binder: Binder, decision: Decision, seen: Seen, now: datetime) -> Decision:
    """What is one too many goes when there is nothing else to do: it must not keep the binder from its end."""
    extra = doubles.superfluous(seen.objects or (), binder.attempt)
    if not extra or decision.action is not None or decision.events or decision.binder != binder:
        return decision
    return _delete_next(binder, extra, now)


def _failed(binder: Binder, now: datetime) -> Decision:
    if binder.keep_until is None or now >= binder.keep_until:
        return _again(move(binder, Phase.DELETING, now), (), now)
    return Decision(binder=binder, wake_at=binder.keep_until)


def _deleting(binder: Binder, seen: Seen, now: datetime, policy: Policy) -> Decision:
    if seen.objects is None:
        return _blind(binder, now)
    kept = doubles.kept(seen.objects, binder.attempt).get(Kind.VOLUME) if binder.keeps_volume else None
    there = tuple(o for o in seen.objects if o is not kept)
    if not there and all(work_volumes.is_let_go(o) for o in seen.work):
        if (waits_until := _in_doubt_until(seen.unanswered, seen, now, policy)) is not None:
            return Decision(binder=binder, wake_at=waits_until)
        gone = replace(move(binder, Phase.DELETED, now), outcome=binder.outcome or Outcome.OK)
        data = {"volume": kept.id} if kept else {}
        return Decision(binder=gone, events=(Event(kind=Happened.DELETED, at=now, data=data),))
    decision = _delete_next(binder, there, now)
    if now >= binder.phase_since + LIMITS[Phase.DELETING] and binder.warned == 0:
        left = ", ".join(sorted(str(o.kind) for o in there)) or "the work volume is attached"
        stuck = Event(
            kind=Happened.DELETE_STUCK, at=now, data={"detail": binder.last_error or f"still there: {left}"}
        )
        return replace(decision, binder=replace(decision.binder, warned=1), events=(stuck,))
    return decision


def _delete_next(binder: Binder, objects: Sequence[CloudObject], now: datetime) -> Decision:
    """Kind after kind, each seen gone before the next: a port cannot go while its server is there."""
    for kind in DELETION_ORDER:
        there = [o for o in objects if o.kind is kind]
        if there:
            still = next((o for o in there if o.status is not Status.DELETING), None)
            # A deletion that was cut short stays "deleting" for ever unless somebody asks again.
            is_due = now >= binder.last_action_at + ASK_AGAIN
            chosen = still or (there[0] if is_due else None)
            action = Delete(kind=kind, id=chosen.id) if chosen else None
            return Decision(binder=binder, action=action, wake_at=now + SOON)
    return Decision(binder=binder, wake_at=now + SOON)


def _blind(binder: Binder, now: datetime) -> Decision:
    """The cloud could not be asked: wait, longer each time; nothing is concluded."""
    return Decision(binder=binder, wake_at=now + backoff(binder.errors_in_row))


def backoff(errors_in_row: int) -> timedelta:
    """1, 2, 4, ... 60 seconds."""
    return timedelta(seconds=min(60, 2 ** min(errors_in_row, 6)))
