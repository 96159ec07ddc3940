"""What happens next to a binder: tables for each phase, and properties over every sequence of observations and wishes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    MakeFloatingIp,
    MakePort,
    MakeServer,
    MakeVolume,
    Planned,
    Quoted,
    ReadConsole,
    Resolve,
    Result,
    Said,
)
from provisioning.cloud_objects import CloudId, Kind, Status
from provisioning.errors import CapacityError, NotFoundError, PersonError, TeamError, TemporaryError
from provisioning.failures import STOPPED_FOR
from provisioning.lifecycle import ASK_AGAIN, decide
from provisioning.model import Binder, Happened, Intent, Outcome, Phase, Verb, Work
from provisioning.phases import LIMITS, MOVES, IllegalMove, Policy, Seen, Unanswered, move
from provisioning.quota import Allowance, Quota, Resource
from provisioning.settling import settle
from tests.strategies import ADDRESS, INTENTS, LAB, NOW, REPORTS, SEEN, a_binder, a_plan, a_report, an_object

POLICY = Policy()
WORK = Work(files=12, size_bytes=3_400_000, left_out=1)
PLAN = a_plan()
PORT = an_object(Kind.PORT)
FLOATING_IP = an_object(Kind.FLOATING_IP)
SERVER = an_object(Kind.SERVER)
FAILED_REPORT = a_report("failed")
READY_REPORT = a_report("ready", interfaces=(LAB,))
PORT_ID = CloudId("port-1")


def wish(verb: Verb, hours: float | None = None) -> Intent:
    return Intent(id=7, verb=verb, who="U2", at=NOW, hours=hours)


@pytest.mark.parametrize(
    ("binder", "seen", "action"),
    [
        pytest.param(a_binder(), Seen(), Resolve(), id="a new request is looked up"),
        pytest.param(a_binder(Phase.QUEUED, plan=PLAN), Seen(), Admit(since=NOW), id="a launch asks whether there is room"),
        pytest.param(a_binder(Phase.CREATING, plan=PLAN), Seen(objects=()), MakePort(), id="the port comes first"),
        pytest.param(a_binder(Phase.CREATING, plan=PLAN), Seen(objects=(PORT,)), MakeFloatingIp(port_id=PORT_ID), id="then the floating IP"),
        pytest.param(a_binder(Phase.CREATING, plan=PLAN), Seen(objects=(PORT, FLOATING_IP)), MakeServer(port_id=PORT_ID, volume_id=None), id="then the server"),
        pytest.param(a_binder(Phase.CREATING, plan=PLAN), Seen(objects=(PORT, replace(FLOATING_IP, port_id="other"))), Delete(kind=Kind.FLOATING_IP, id=FLOATING_IP.id), id="a floating IP on another port is given back"),
        pytest.param(a_binder(Phase.CREATING, plan=PLAN, attempt=2), Seen(objects=(PORT, SERVER)), Delete(kind=Kind.SERVER, id=SERVER.id), id="an older attempt goes first"),
        pytest.param(a_binder(Phase.CREATING, plan=PLAN), Seen(objects=None), None, id="a cloud that could not be asked is not an empty one"),
        pytest.param(a_binder(Phase.BUILDING, plan=PLAN, report=FAILED_REPORT), Seen(objects=(SERVER,)), KeepLog(), id="a failed build keeps its log first"),
        pytest.param(a_binder(Phase.STARTING, plan=PLAN, report=READY_REPORT), Seen(objects=(SERVER,)), CheckPublic(), id="ready is checked from outside"),
        pytest.param(a_binder(Phase.DELETING, plan=PLAN), Seen(objects=(PORT, FLOATING_IP, SERVER)), Delete(kind=Kind.FLOATING_IP, id=FLOATING_IP.id), id="the floating IP is given back before the server"),
        pytest.param(a_binder(Phase.DELETING, plan=PLAN), Seen(objects=(PORT, SERVER)), Delete(kind=Kind.SERVER, id=SERVER.id), id="the server goes before its port"),
        pytest.param(a_binder(Phase.DELETING, plan=PLAN), Seen(objects=(PORT, replace(SERVER, status=Status.DELETING))), None, id="a port waits for its server to be gone"),
    ],
)  # fmt: skip
def test_given_a_phase_and_what_is_seen_when_deciding_then_this_is_done_next(
    binder: Binder, seen: Seen, action: Action | None
) -> None:
    decision = decide(binder, (), seen, NOW, POLICY)

    assert decision.action == action


def test_given_a_deletion_that_was_cut_short_when_it_stays_then_it_is_asked_for_again() -> None:
    cut_short = replace(SERVER, status=Status.DELETING)
    binder = a_binder(Phase.DELETING, plan=PLAN)

    decision = decide(binder, (), Seen(objects=(cut_short,)), NOW + ASK_AGAIN, POLICY)

    assert decision.action == Delete(kind=Kind.SERVER, id=SERVER.id)


@pytest.mark.parametrize(
    ("is_given_up", "began_after", "phase"),
    [
        pytest.param(True, timedelta(0), Phase.DELETING, id="an early listing proves nothing"),
        pytest.param(True, POLICY.shows_within, Phase.DELETED, id="a late one does"),
        pytest.param(False, POLICY.shows_within, Phase.DELETING, id="its worker may have died: it may be on its way"),
        pytest.param(False, POLICY.shows_within + POLICY.answers_within, Phase.DELETED, id="no call takes longer"),
    ],
)  # fmt: skip
def test_given_a_create_whose_answer_nobody_has_when_the_cloud_looks_empty_then_only_a_late_listing_proves_it(
    is_given_up: bool, began_after: timedelta, phase: Phase
) -> None:
    binder = a_binder(Phase.DELETING, plan=PLAN, outcome=Outcome.OK)
    lost = Unanswered(attempt=1, kind=Kind.PORT, at=NOW, is_given_up=is_given_up)
    seen = Seen(objects=(), unanswered=(lost,), began_at=NOW + began_after)

    decision = decide(binder, (), seen, NOW + timedelta(hours=1), POLICY)

    assert decision.binder.phase is phase


@pytest.mark.parametrize(
    ("status", "later", "code"),
    [
        pytest.param(Status.STOPPED, timedelta(0), None, id="a host may reboot"),
        pytest.param(Status.STOPPED, STOPPED_FOR, "instance-stopped", id="stopped and still so"),
        pytest.param(Status.SHELVED, STOPPED_FOR, "instance-stopped", id="shelved and still so"),
        pytest.param(Status.ERROR, timedelta(0), "instance-error", id="broken"),
    ],
)
def test_given_a_ready_binder_whose_server_does_not_run_when_looked_at_then_it_is_told_in_time_and_kept_for_a_while(
    status: Status, later: timedelta, code: str | None
) -> None:
    binder = a_binder(Phase.READY, plan=PLAN, expires_at=NOW + timedelta(hours=4))
    seen = Seen(objects=(replace(SERVER, status=status),))

    first = decide(binder, (), seen, NOW, POLICY).binder
    then = decide(first, (), seen, NOW + later, POLICY).binder if later else first

    assert (then.failure.code if then.failure else None) == code
    assert then.keep_until == (NOW + later + POLICY.keep_failed if code else None)


def test_given_a_server_that_was_stopped_when_it_runs_again_then_it_is_as_if_it_had_never_been() -> None:
    binder = a_binder(Phase.READY, plan=PLAN, expires_at=NOW + timedelta(hours=4), stopped_since=NOW)

    decision = decide(binder, (), Seen(objects=(SERVER,)), NOW + STOPPED_FOR, POLICY)

    assert (decision.binder.phase, decision.binder.stopped_since) == (Phase.READY, None)


def test_given_something_one_too_many_when_the_lifetime_ends_then_the_binder_ends() -> None:
    binder = a_binder(Phase.READY, plan=PLAN, expires_at=NOW, attempt=2)
    seen = Seen(objects=(an_object(Kind.SERVER, attempt=2), an_object(Kind.PORT, attempt=1)))

    decision = decide(binder, (), seen, NOW, POLICY)

    assert decision.binder.phase is Phase.DELETING


def test_given_something_one_too_many_when_nothing_else_is_to_do_then_it_goes() -> None:
    binder = a_binder(Phase.READY, plan=PLAN, expires_at=NOW + timedelta(hours=4), attempt=2)
    left = an_object(Kind.PORT, attempt=1)

    decision = decide(binder, (), Seen(objects=(an_object(Kind.SERVER, attempt=2), left)), NOW, POLICY)

    assert decision.action == Delete(kind=Kind.PORT, id=left.id)


def test_given_a_failed_binder_when_kept_longer_than_anything_may_live_then_it_is_refused() -> None:
    binder = a_binder(Phase.FAILED, plan=PLAN, outcome=Outcome.FAILED, keep_until=NOW + timedelta(minutes=30))

    decision = decide(binder, (wish(Verb.EXTEND, 1000),), Seen(), NOW, POLICY)

    assert [e.kind for e in decision.events] == [Happened.EXTENSION_REFUSED]
    assert decision.binder.keep_until == binder.keep_until


def test_given_a_small_disk_when_creating_then_a_root_volume_is_made_before_the_server() -> None:
    policy = Policy(volume_root_below_gib=40, volume_gib=60)
    binder = a_binder(Phase.CREATING, plan=PLAN)

    decision = decide(binder, (), Seen(objects=(PORT, FLOATING_IP)), NOW, policy)

    assert decision.action == MakeVolume(size_gib=60)


def test_given_an_active_server_when_creating_then_the_binder_boots_at_its_address() -> None:
    seen = Seen(objects=(PORT, FLOATING_IP, SERVER), address=ADDRESS)

    decision = decide(a_binder(Phase.CREATING, plan=PLAN), (), seen, NOW, POLICY)

    assert (decision.binder.phase, decision.binder.public_url) == (Phase.BOOTING, ADDRESS.public_url)


@pytest.mark.parametrize(
    "phase", [p for p in LIMITS if p in (Phase.CREATING, Phase.BOOTING, Phase.BUILDING, Phase.STARTING)]
)
def test_given_a_phase_past_its_limit_when_it_is_driven_on_then_the_binder_fails_with_a_reason(
    phase: Phase,
) -> None:
    binder = a_binder(phase, plan=PLAN)
    now = NOW + LIMITS[phase]

    decision = decide(binder, (), Seen(objects=(SERVER,)), now, POLICY)
    if decision.action is not None:
        decision = settle(decision.binder, decision.action, Said(("last line",)), now, POLICY)

    assert decision.binder.phase is Phase.FAILED
    assert decision.binder.failure is not None


def test_given_a_guest_that_failed_without_saying_why_then_no_limit_is_blamed() -> None:
    binder = a_binder(Phase.BUILDING, plan=PLAN, report=a_report("failed"))

    decision = decide(binder, (), Seen(objects=(SERVER,)), NOW, POLICY)
    assert decision.action is not None
    decision = settle(decision.binder, decision.action, Said(()), NOW, POLICY)

    assert decision.binder.failure is not None
    assert (decision.binder.failure.code, decision.binder.failure.message) == ("cause-unknown", "failed")


def test_given_a_ready_binder_whose_server_is_gone_when_looked_at_then_it_has_failed_as_lost() -> None:
    binder = a_binder(Phase.READY, plan=PLAN, expires_at=NOW + timedelta(hours=4))

    decision = decide(binder, (), Seen(objects=(PORT,)), NOW, POLICY)

    assert decision.binder.failure is not None
    assert decision.binder.failure.code == "instance-lost"


@pytest.mark.parametrize(
    ("minutes_left", "warned", "told"),
    [
        pytest.param(31, 0, [], id="not yet"),
        pytest.param(30, 0, [30], id="first warning"),
        pytest.param(20, 1, [], id="between the two"),
        pytest.param(10, 1, [10], id="second warning"),
        pytest.param(9, 0, [9], id="late: one warning, not two"),
        pytest.param(5, 2, [], id="both given"),
    ],
)
def test_given_time_left_when_ready_then_these_warnings_are_given(
    minutes_left: int, warned: int, told: list[int]
) -> None:
    expires = NOW + timedelta(hours=4)
    binder = a_binder(Phase.READY, plan=PLAN, expires_at=expires, warned=warned)

    now = expires - timedelta(minutes=minutes_left)

    decision = decide(binder, (), Seen(objects=(SERVER,)), now, POLICY)
    asked = decision.action
    if asked is not None:
        decision = settle(decision.binder, asked, Counted(WORK), now, POLICY)

    assert [e.data["minutes"] for e in decision.events if e.kind is Happened.WARNED] == told
    assert asked == (CountWork() if told else None)


@pytest.mark.parametrize(
    ("result", "told"),
    [
        pytest.param(Counted(WORK), {"files": 12, "size_bytes": 3_400_000, "left_out": 1}, id="counted"),
        pytest.param(Failed(TemporaryError("guest-silent", "m", "h")), {}, id="a silent guest"),
    ],
)
def test_given_the_end_is_near_when_the_guest_was_asked_then_people_are_warned_whatever_it_said(
    result: Result, told: dict[str, int]
) -> None:
    expires = NOW + timedelta(hours=4)
    binder = a_binder(Phase.READY, plan=PLAN, expires_at=expires)

    decision = settle(binder, CountWork(), result, expires - timedelta(minutes=30), POLICY)

    assert (decision.binder.phase, decision.binder.warned) == (Phase.READY, 1)
    assert [(e.kind, dict(e.data)) for e in decision.events] == [
        (Happened.WARNED, {"expires_at": expires.isoformat(), "minutes": 30, **told})
    ]


def test_given_the_end_of_the_lifetime_when_reached_then_the_binder_expires_and_is_deleted() -> None:
    binder = a_binder(Phase.READY, plan=PLAN, expires_at=NOW)

    decision = decide(binder, (), Seen(objects=(SERVER,)), NOW, POLICY)

    assert (decision.binder.phase, decision.binder.outcome) == (Phase.DELETING, Outcome.EXPIRED)


@pytest.mark.parametrize(
    ("binder", "intent", "phase", "event"),
    [
        pytest.param(a_binder(plan=a_plan(asks=True)), wish(Verb.CONFIRM), Phase.QUEUED, Happened.CONFIRMED, id="confirm"),
        pytest.param(a_binder(plan=a_plan(asks=True)), wish(Verb.CANCEL), Phase.DELETED, Happened.CANCELLED, id="not now"),
        pytest.param(a_binder(Phase.BUILDING, plan=PLAN), wish(Verb.CANCEL), Phase.DELETED, Happened.CANCELLED, id="cancel a build"),
        pytest.param(a_binder(Phase.READY, plan=PLAN, expires_at=NOW + timedelta(hours=1)), wish(Verb.CANCEL), Phase.READY, Happened.NOT_APPLICABLE, id="too late to cancel"),
        pytest.param(a_binder(Phase.READY, plan=PLAN, expires_at=NOW + timedelta(hours=1)), wish(Verb.EXTEND), Phase.READY, Happened.EXTENDED, id="extend"),
        pytest.param(a_binder(Phase.READY, plan=PLAN, expires_at=NOW + timedelta(hours=1)), wish(Verb.EXTEND, 100), Phase.READY, Happened.EXTENSION_REFUSED, id="extend too far"),
        pytest.param(a_binder(Phase.READY, plan=PLAN, expires_at=NOW + timedelta(hours=1)), wish(Verb.DELETE), Phase.DELETED, Happened.DELETE_ASKED, id="delete"),
        pytest.param(a_binder(Phase.FAILED, plan=PLAN, outcome=Outcome.FAILED, keep_until=NOW + timedelta(hours=1)), wish(Verb.RETRY), Phase.QUEUED, Happened.RETRIED, id="retry"),
        pytest.param(a_binder(Phase.DELETED, plan=PLAN, outcome=Outcome.OK), wish(Verb.DELETE), Phase.DELETED, Happened.NOT_APPLICABLE, id="delete what is gone"),
    ],
)  # fmt: skip
def test_given_a_wish_when_taken_in_then_the_binder_goes_there_and_it_is_told(
    binder: Binder, intent: Intent, phase: Phase, event: Happened
) -> None:
    seen = Seen(objects=() if phase is not Phase.READY else (SERVER,))
    first = decide(binder, (intent,), seen, NOW, POLICY)
    second = decide(first.binder, (), seen, NOW, POLICY)

    assert first.fulfilled == (intent.id,)
    assert event in [e.kind for e in first.events]
    assert second.binder.phase is phase


@pytest.mark.parametrize(
    ("error", "phase"),
    [
        pytest.param(TemporaryError("t", "m", "h"), Phase.CREATING, id="time cures it"),
        pytest.param(CapacityError("t", "m", "h"), Phase.CREATING, id="the cloud is full for now"),
        pytest.param(TeamError("quota-cores", "m", "h"), Phase.FAILED, id="the quota is reached"),
        pytest.param(NotFoundError("unknown-flavor", "m", "h"), Phase.FAILED, id="the flavor is gone"),
    ],
)
def test_given_a_failed_action_when_settled_then_only_what_time_cures_is_tried_again(
    error: TemporaryError, phase: Phase
) -> None:
    binder = a_binder(Phase.CREATING, plan=PLAN)

    decision = settle(binder, MakePort(), Failed(error), NOW, POLICY)

    assert decision.binder.phase is phase


def test_given_a_deletion_that_never_works_when_past_its_limit_then_it_is_told_once_and_goes_on() -> None:
    binder = a_binder(Phase.DELETING, plan=PLAN, outcome=Outcome.OK)
    late = NOW + LIMITS[Phase.DELETING]

    first = decide(binder, (), Seen(objects=(PORT,)), late, POLICY)
    second = decide(first.binder, (), Seen(objects=(PORT,)), late, POLICY)

    assert [e.kind for e in first.events] == [Happened.DELETE_STUCK]
    assert second.events == ()
    assert second.action == Delete(kind=Kind.PORT, id=PORT.id)


@pytest.mark.parametrize(("start", "end"), [(a, b) for a in Phase for b in Phase if b not in MOVES[a]])
def test_given_a_move_that_the_table_lacks_when_made_then_it_raises(start: Phase, end: Phase) -> None:
    binder = a_binder(start, plan=PLAN)

    with pytest.raises(IllegalMove):
        move(binder, end, NOW)


def results(action: Action) -> st.SearchStrategy[Result]:
    """How this action can go."""
    made = {
        MakePort: PORT,
        MakeFloatingIp: FLOATING_IP,
        MakeVolume: an_object(Kind.VOLUME),
        MakeServer: SERVER,
    }
    good: st.SearchStrategy[Result] = st.just(Done())
    if isinstance(action, Resolve):
        good = st.booleans().map(lambda asks: Planned(a_plan(asks=asks)))
    elif isinstance(action, Admit):
        full = Quota(read_at=NOW, allowances={Resource.FLOATING_IPS: Allowance(limit=10, used=10)})
        good = st.sampled_from(
            [Quoted(quota=None), Quoted(quota=full), Quoted(quota=replace(full, allowances={}))]
        )
    elif isinstance(action, ReadConsole):
        good = st.just(Said(("x",)))
    elif isinstance(action, CountWork):
        good = st.just(Counted(WORK))
    elif type(action) in made:
        good = st.just(Made(made[type(action)]))
    errors = st.sampled_from([
        TemporaryError("t", "m", "h"), TeamError("q", "m", "h"), PersonError("p", "m", "h"), NotFoundError("n", "m", "h"),
    ])  # fmt: skip
    return st.one_of(good, errors.map(Failed))


@settings(max_examples=300)
@given(data=st.data())
def test_given_any_sequence_of_observations_and_wishes_then_the_table_is_kept_and_no_wish_is_lost(
    data: st.DataObject,
) -> None:
    binder, now = a_binder(), NOW
    for _ in range(data.draw(st.integers(1, 25))):
        before = binder
        intents = data.draw(INTENTS)
        if binder.attempt:
            binder = replace(binder, report=data.draw(REPORTS))
        decision = decide(binder, intents, data.draw(SEEN), now, POLICY)

        assert decision.fulfilled == tuple(i.id for i in intents)
        assert len(decision.events) >= len(intents), "each wish is answered by an event"
        assert decision.wake_at is not None or decision.binder.phase is Phase.DELETED
        if decision.action is not None:
            decision = settle(
                decision.binder, decision.action, data.draw(results(decision.action)), now, POLICY
            )
        binder = decision.binder
        assert binder.phase is not Phase.DELETED or binder.outcome is not None
        assert before.phase is not Phase.DELETED or binder.phase is Phase.DELETED
        now += timedelta(minutes=data.draw(st.integers(0, 200)))


@settings(max_examples=200)
@given(seen=SEEN, phase=st.sampled_from(Phase), report=REPORTS, late=st.integers(0, 10_000))
def test_given_any_state_when_it_is_deleted_and_the_cloud_empties_then_it_ends(
    seen: Seen, phase: Phase, report: object, late: int
) -> None:
    binder = a_binder(
        phase,
        plan=PLAN,
        report=report,
        outcome=Outcome.OK if phase in (Phase.DELETED, Phase.DELETING) else None,
    )
    now = NOW + timedelta(minutes=late)

    binder = decide(binder, (wish(Verb.DELETE),), seen, now, POLICY).binder
    for _ in range(3):
        binder = decide(binder, (), Seen(objects=()), now, POLICY).binder

    assert binder.phase is Phase.DELETED


ROOT_VOLUME = an_object(Kind.VOLUME)
ON_VOLUMES = Policy(volume_root_below_gib=40)
KEEPING = replace(wish(Verb.DELETE), keeps_volume=True)


def test_given_a_volume_to_keep_when_all_else_is_gone_then_the_binder_is_deleted_and_the_volume_named() -> (
    None
):
    binder = a_binder(Phase.READY, plan=PLAN, expires_at=NOW + timedelta(hours=4))

    asked = decide(binder, (KEEPING,), Seen(objects=(SERVER, ROOT_VOLUME)), NOW, ON_VOLUMES)
    ended = decide(asked.binder, (), Seen(objects=(ROOT_VOLUME,)), NOW, ON_VOLUMES)

    assert asked.action == Delete(kind=Kind.SERVER, id=SERVER.id)
    assert ended.binder.phase is Phase.DELETED
    assert [(e.kind, dict(e.data)) for e in ended.events] == [(Happened.DELETED, {"volume": ROOT_VOLUME.id})]


def test_given_an_older_attempts_volume_when_the_last_one_is_kept_then_it_goes_all_the_same() -> None:
    binder = a_binder(Phase.DELETING, plan=PLAN, attempt=2, keeps_volume=True)
    seen = Seen(objects=(ROOT_VOLUME, an_object(Kind.VOLUME, attempt=2)))

    decision = decide(binder, (), seen, NOW, ON_VOLUMES)

    assert decision.action == Delete(kind=Kind.VOLUME, id=ROOT_VOLUME.id)


def test_given_no_volume_when_somebody_wants_to_keep_it_then_nothing_is_deleted_and_it_is_said() -> None:
    binder = a_binder(Phase.READY, plan=PLAN, expires_at=NOW + timedelta(hours=4))

    decision = decide(binder, (KEEPING,), Seen(objects=(SERVER,)), NOW, Policy())

    assert (decision.binder.phase, [e.kind for e in decision.events]) == (
        Phase.READY,
        [Happened.DELETION_REFUSED],
    )
