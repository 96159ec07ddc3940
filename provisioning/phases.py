"""The state machine's table: legal moves, time limits, and the moves that several places make. Pure.

The diagram in docs/explanation/life-of-a-binder.md is generated from ``MOVES`` (``python -m provisioning.phases``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from provisioning.cloud_objects import CloudId, CloudObject, Kind
from provisioning.clouds import Address
from provisioning.model import Binder, Event, Failure, Flavor, Happened, Outcome, Phase

MOVES: Mapping[Phase, frozenset[Phase]] = {
    Phase.REQUESTED: frozenset({Phase.QUEUED, Phase.FAILED, Phase.DELETING}),
    Phase.QUEUED: frozenset({Phase.CREATING, Phase.FAILED, Phase.DELETING}),
    Phase.CREATING: frozenset({Phase.BOOTING, Phase.FAILED, Phase.DELETING}),
    Phase.BOOTING: frozenset({Phase.BUILDING, Phase.FAILED, Phase.DELETING}),
    Phase.BUILDING: frozenset({Phase.STARTING, Phase.FAILED, Phase.DELETING}),
    Phase.STARTING: frozenset({Phase.READY, Phase.FAILED, Phase.DELETING}),
    Phase.READY: frozenset({Phase.PAUSING, Phase.FAILED, Phase.DELETING}),
    Phase.PAUSING: frozenset({Phase.PAUSED, Phase.READY, Phase.FAILED, Phase.DELETING}),
    Phase.PAUSED: frozenset({Phase.RESUMING, Phase.DELETING}),
    Phase.RESUMING: frozenset({Phase.READY, Phase.PAUSED, Phase.FAILED, Phase.DELETING}),
    Phase.FAILED: frozenset({Phase.QUEUED, Phase.DELETING}),
    Phase.DELETING: frozenset({Phase.DELETED}),
    Phase.DELETED: frozenset(),
}

#: How long a binder may stay in a phase; what is not named may stay for ever or has a limit of its own.
LIMITS: Mapping[Phase, timedelta] = {
    Phase.REQUESTED: timedelta(seconds=60),
    Phase.QUEUED: timedelta(hours=24),
    Phase.CREATING: timedelta(minutes=10),
    Phase.BOOTING: timedelta(minutes=10),
    Phase.BUILDING: timedelta(minutes=90),
    Phase.STARTING: timedelta(minutes=10),
    Phase.PAUSING: timedelta(minutes=30),
    Phase.RESUMING: timedelta(minutes=30),
    Phase.DELETING: timedelta(minutes=10),  # not an end: from then on it is said that the deletion is stuck
}

#: Warnings before the end of the lifetime.
WARNINGS = (timedelta(minutes=30), timedelta(minutes=10))

LIVE = frozenset(Phase) - {Phase.FAILED, Phase.DELETING, Phase.DELETED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A create whose answer nobody has: it may have worked."""

    attempt: int
    kind: Kind
    at: datetime  # when it was given up, else when it began
    is_given_up: bool = False  # it sends nothing any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a deployment lets its binders do."""

    max_lifetime: timedelta = timedelta(hours=72)  # from creation; extensions end there
    keep_failed: timedelta = timedelta(
        minutes=30
    )  # a failed build's instance stays this long, for looking at it
    look_every: timedelta = timedelta(seconds=30)  # how often a binder that waits is compared with the cloud
    volume_root_below_gib: int = 0
    volume_gib: int = 60
    # Of the binder's cloud: no call takes longer; what a call without an answer made may take so long to be listed.
    answers_within: timedelta = timedelta(seconds=90)
    shows_within: timedelta = timedelta(seconds=30)

    def has_volume(self, flavor: Flavor) -> bool:
        """Whether an instance of this flavor gets a root volume of its own."""
        return flavor.disk_gib < self.volume_root_below_gib

    def shows_from(self, lost: Unanswered) -> datetime:
        """A listing that begins then or later shows what the call made, if it made anything."""
        return lost.at + self.shows_within + (timedelta(0) if lost.is_given_up else self.answers_within)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the cloud says now. ``objects`` None: it was not or could not be asked, which is not "nothing there"."""

    objects: tuple[CloudObject, ...] | None = None
    began_at: datetime | None = None  # of the listing: what was made since may be missing in it
    unanswered: tuple[Unanswered, ...] = ()  # what may be there although no listing shows it yet
    address: Address | None = None
    work: tuple[CloudObject, ...] = ()  # the work volume that the binder holds, as objects of its attempt
    work_id: CloudId | None = None  # which one it is, where it was seen before

    def with_made(self, made: CloudObject) -> "Seen":
        """The same, and what was made since: it need not be listed again."""
        if made.kind is Kind.WORK_VOLUME:
            return replace(self, work=(made,), work_id=made.id)
        return replace(self, objects=(*(self.objects or ()), made))

    def answer_to(self, lost: Unanswered) -> CloudObject | None:
        """What a create whose answer was lost has made after all, with the mark of its own attempt."""
        if lost.kind is Kind.WORK_VOLUME:  # whichever attempt it was of, it is the same volume
            return next((replace(o, mark=replace(o.mark, attempt=lost.attempt)) for o in self.work), None)
        fitting = (o for o in self.objects or () if (o.mark.attempt, o.kind) == (lost.attempt, lost.kind))
        return next(fitting, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Warning:  # noqa: A001  the field's word; nothing here warns in Python's sense
    """The next warning before the end."""

    number: int
    at: datetime


class IllegalMove(Exception):  # noqa: N818  the table's own word
    """A move that the table does not hold: a fault of ours, nothing was changed."""


def move(binder: Binder, to: Phase, now: datetime) -> Binder:
    """The binder in its next phase; raises `IllegalMove` where the table has no such move."""
    if to not in MOVES[binder.phase]:
        raise IllegalMove(f"{binder.phase} -> {to}")
    return replace(binder, phase=to, phase_since=now, warned=0, errors_in_row=0, last_error="")


def begin_attempt(binder: Binder, now: datetime) -> tuple[Binder, tuple[Event, ...]]:
    """Into `creating` with a fresh attempt: nothing of an older one counts for it."""
    number = binder.attempt + 1
    fresh = replace(
        move(binder, Phase.CREATING, now),
        attempt=number, report=None, public_url="", agent_url="", cert_sha256="", outcome=None, failure=None,
        keep_until=None, expires_at=None, stopped_since=None, keeps_volume=False,
    )  # fmt: skip
    flavor = binder.plan.flavor.name if binder.plan else ""
    return fresh, (Event(kind=Happened.ATTEMPT_STARTED, at=now, data={"attempt": number, "flavor": flavor}),)


def fail(binder: Binder, failure: Failure, now: datetime, policy: Policy) -> tuple[Binder, tuple[Event, ...]]:
    """Into `failed`. Only where there was a guest to look at is the instance kept for a while."""
    had_guest = binder.phase in (Phase.BOOTING, Phase.BUILDING, Phase.STARTING, Phase.READY)
    keeps = had_guest and failure.code != "instance-lost"
    failed = replace(
        move(binder, Phase.FAILED, now),
        outcome=Outcome.FAILED,
        failure=failure,
        keep_until=now + policy.keep_failed if keeps else None,
    )
    return failed, (Event(kind=Happened.FAILED, at=now, data={"code": failure.code, "phase": binder.phase}),)


def next_warning(binder: Binder, now: datetime) -> Warning | None:
    """The next warning to give; warnings that lie before the moment it became ready are left out."""
    if binder.expires_at is None:
        return None
    for number, before in enumerate(WARNINGS, start=1):
        at = binder.expires_at - before
        is_last = number == len(WARNINGS)
        if (
            number > binder.warned
            and at > binder.phase_since
            and (is_last or now < binder.expires_at - WARNINGS[number])
        ):
            return Warning(number=number, at=at)
    return None


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {Phase.REQUESTED}"]
    lines += [f"    {start} --> {end}" for start in Phase for end in Phase if end in MOVES[start]]
    return "\n".join([*lines, f"    {Phase.DELETED} --> [*]"])


if __name__ == "__main__":
    print(diagram())  # noqa: T201  this is its output
