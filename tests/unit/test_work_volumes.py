"""Who may hold a work volume, which of the cloud's it is, and what a binder that holds one does next."""

from dataclasses import replace
from datetime import timedelta

import pytest

from provisioning.actions import Action, Admit, Delete, MakeServer, MakeWorkVolume, Quoted
from provisioning.cloud_objects import CloudId, CloudObject, Kind, Status
from provisioning.errors import PersonError, TeamError
from provisioning.lifecycle import decide
from provisioning.model import (
    Binder,
    BinderId,
    Failure,
    Happened,
    Intent,
    Options,
    Outcome,
    Phase,
    Verb,
    VolumeId,
    WorkVolume,
)
from provisioning.phases import Policy, Seen, Unanswered
from provisioning.plan import Offer, PlanPolicy, make_plan
from provisioning.quota import Allowance, Quota, Resource
from provisioning.room import InFlight
from provisioning.settling import settle
from provisioning.sources.resolved import Resolved
from provisioning.work_volumes import (
    Kept,
    VolumeInUseError,
    VolumeLimits,
    Wanted,
    allowed,
    held,
    in_cloud,
)
from tests.strategies import ADDRESS, NOW, a_binder, a_plan, an_object

POLICY = Policy()
DATA = WorkVolume(id=VolumeId("vvvvvvvvvv"), name="data", size_gib=10)
KEPT = Kept(volume=DATA, team="T1", owner="U1", cloud="", made_at=NOW, cloud_id=CloudId("work-1"))
ASKED = Wanted(clouds=("",), name="data", size_gib=None, new_id=VolumeId("nnnnnnnnnn"), new_gib=10)
PORT, FLOATING_IP, SERVER = (an_object(kind) for kind in (Kind.PORT, Kind.FLOATING_IP, Kind.SERVER))
WORK = an_object(Kind.WORK_VOLUME, port_id="")
ATTACHED = replace(WORK, server_id=SERVER.id)
CREATING = a_binder(Phase.CREATING, plan=a_plan(), volume=DATA)
DELETING = a_binder(Phase.DELETING, plan=a_plan(), volume=DATA, outcome=Outcome.OK)


@pytest.mark.parametrize("size", [None, 10])
def test_given_a_free_volume_when_asked_for_then_it_is_held_as_it_is(size: int | None) -> None:
    assert held(KEPT, replace(ASKED, size_gib=size)) == DATA


def test_given_a_volume_that_was_never_made_when_asked_for_with_another_size_then_it_has_that() -> None:
    unmade = replace(KEPT, cloud_id=None)

    assert held(unmade, replace(ASKED, size_gib=20)).size_gib == 20
    assert held(unmade, ASKED).size_gib == 10


def test_given_a_held_volume_when_asked_for_then_it_is_said_who_has_it_and_what_to_do() -> None:
    taken = replace(KEPT, held_by=BinderId("aaaabbbbcc"), held_since=NOW)

    with pytest.raises(VolumeInUseError) as refused:
        held(taken, ASKED)

    assert (refused.value.code, refused.value.holder, refused.value.since) == (
        "volume-in-use",
        "aaaabbbbcc",
        NOW,
    )
    assert "/binder delete aaaabbbbcc" in refused.value.hint


@pytest.mark.parametrize(
    ("kept", "size", "code"),
    [
        pytest.param(KEPT, 20, "volume-has-a-size", id="larger than it is"),
        pytest.param(KEPT, 5, "volume-has-a-size", id="smaller than it is"),
        pytest.param(replace(KEPT, deleting_since=NOW), None, "volume-is-deleted", id="on its way out"),
    ],
)
def test_given_a_volume_that_does_not_fit_the_wish_then_it_is_refused(
    kept: Kept, size: int | None, code: str
) -> None:
    with pytest.raises(PersonError) as refused:
        held(kept, replace(ASKED, size_gib=size))

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("size", "limits", "gib"),
    [
        pytest.param(None, VolumeLimits(default_gib=7), 7, id="the default"),
        pytest.param(100, VolumeLimits(), 100, id="the most"),
        pytest.param(None, VolumeLimits(default_gib=50, max_gib=20), 20, id="a default above the most"),
    ],
)
def test_given_a_wish_for_a_size_when_allowed_then_it_is_made_so_large(
    size: int | None, limits: VolumeLimits, gib: int
) -> None:
    assert allowed("data", size, limits) == gib


def test_given_more_than_the_most_then_the_most_is_said() -> None:
    with pytest.raises(PersonError, match="volume-too-large") as refused:
        allowed("data", 101, VolumeLimits())

    assert "volume=data:100" in refused.value.hint


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        pytest.param(Seen(), None, id="none yet"),
        pytest.param(Seen(work=(WORK,)), WORK, id="made before, and never noted"),
        pytest.param(Seen(work=(replace(WORK, id=CloudId("other")), WORK), work_id=WORK.id), WORK, id="the one that was seen before"),
        pytest.param(Seen(work_id=CloudId("gone")), "work-volume-gone", id="deleted from outside"),
        pytest.param(Seen(work=(WORK,), work_id=CloudId("gone")), "work-volume-gone", id="another in its place"),
        pytest.param(Seen(work=(replace(WORK, status=Status.ERROR),)), "work-volume-error", id="broken"),
    ],
)  # fmt: skip
def test_given_a_listing_when_the_volume_is_looked_for_then_only_it_counts(
    seen: Seen, found: CloudObject | str | None
) -> None:
    answer = in_cloud(DATA, seen)

    assert (answer.code if isinstance(answer, Failure) else answer) == found


@pytest.mark.parametrize(
    ("seen", "action"),
    [
        pytest.param(Seen(objects=(PORT,)), None, id="not before port and floating IP"),
        pytest.param(Seen(objects=(PORT, FLOATING_IP)), MakeWorkVolume(DATA), id="made where there is none"),
        pytest.param(Seen(objects=(PORT, FLOATING_IP), work=(WORK,)), MakeServer(port_id=PORT.id, volume_id=None, work_id=WORK.id), id="the server is made with it"),
        pytest.param(Seen(objects=(PORT, FLOATING_IP), work=(replace(WORK, status=Status.BUILDING),)), None, id="the server waits while it is made or detached"),
        pytest.param(Seen(objects=(PORT, FLOATING_IP), work=(ATTACHED,)), None, id="the server waits while another one has it"),
    ],
)  # fmt: skip
def test_given_a_launch_with_a_volume_when_deciding_then_it_is_made_once_and_attached_by_the_server(
    seen: Seen, action: Action | None
) -> None:
    decided = decide(CREATING, (), seen, NOW, POLICY).action

    assert (decided if isinstance(decided, MakeServer | MakeWorkVolume) else None) == action


@pytest.mark.parametrize("attempt", [1, 2])
def test_given_a_volume_whose_making_was_never_answered_then_no_attempt_makes_another_before_it_would_show(
    attempt: int,
) -> None:
    binder = replace(CREATING, attempt=attempt)
    objects = tuple(replace(o, mark=replace(o.mark, attempt=attempt)) for o in (PORT, FLOATING_IP))
    lost = Unanswered(attempt=1, kind=Kind.WORK_VOLUME, at=NOW, is_given_up=True)
    early = Seen(objects=objects, unanswered=(lost,), began_at=NOW)
    late = replace(early, began_at=NOW + POLICY.shows_within)

    assert decide(binder, (), early, NOW, POLICY).action is None
    assert decide(binder, (), late, NOW, POLICY).action == MakeWorkVolume(DATA)


def test_given_an_older_attempts_lost_answer_when_the_volume_shows_then_that_was_it() -> None:
    lost = Unanswered(attempt=1, kind=Kind.WORK_VOLUME, at=NOW)
    work = replace(WORK, mark=replace(WORK.mark, attempt=2))

    answer = Seen(objects=(), work=(work,)).answer_to(lost)

    assert answer is not None
    assert (answer.id, answer.mark.attempt) == (work.id, 1)


@pytest.mark.parametrize(
    ("objects", "work", "action", "phase"),
    [
        pytest.param((SERVER, PORT), ATTACHED, Delete(kind=Kind.SERVER, id=SERVER.id), Phase.DELETING, id="its server goes"),
        pytest.param((), ATTACHED, None, Phase.DELETING, id="it still hangs on something"),
        pytest.param((), replace(WORK, status=Status.BUILDING), None, Phase.DELETING, id="it is being detached"),
        pytest.param((), WORK, None, Phase.DELETED, id="it is free, and stays"),
    ],
)  # fmt: skip
def test_given_a_binder_that_goes_then_its_volume_stays_and_is_let_go_once_it_is_detached(
    objects: tuple[CloudObject, ...], work: CloudObject, action: Action | None, phase: Phase
) -> None:
    decision = decide(DELETING, (), Seen(objects=objects, work=(work,), began_at=NOW), NOW, POLICY)

    assert (decision.action, decision.binder.phase) == (action, phase)


def test_given_a_volume_that_stays_attached_then_it_is_told_as_what_is_in_the_way() -> None:
    later = NOW + timedelta(minutes=11)

    decision = decide(DELETING, (), Seen(objects=(), work=(ATTACHED,), began_at=later), later, POLICY)

    assert [(e.kind, e.data) for e in decision.events] == [
        (Happened.DELETE_STUCK, {"detail": "still there: the work volume is attached"})
    ]


def test_given_a_wish_to_keep_the_volume_then_a_work_volume_is_kept_without_a_root_volume() -> None:
    binder = a_binder(Phase.READY, plan=a_plan(), volume=DATA, expires_at=NOW + timedelta(hours=1))
    keep = Intent(id=1, verb=Verb.DELETE, who="U1", at=NOW, keeps_volume=True)

    decision = decide(binder, (keep,), Seen(objects=(), work=(WORK,), began_at=NOW), NOW, POLICY)

    assert [e.kind for e in decision.events][:1] == [Happened.DELETE_ASKED]


@pytest.mark.parametrize(
    ("limit", "spared", "others", "phase"),
    [
        pytest.param(30, (), (), Phase.CREATING, id="it fits"),
        pytest.param(29, (), (), Phase.FAILED, id="too little storage for a new one"),
        pytest.param(29, (Kind.WORK_VOLUME,), (), Phase.CREATING, id="it is there already"),
        pytest.param(39, (), (InFlight(flavor=a_plan().flavor, unmade=frozenset({Kind.WORK_VOLUME}), work_gib=10),), Phase.FAILED, id="the rest is promised to another one"),
    ],
)  # fmt: skip
def test_given_a_quota_when_a_launch_has_to_make_its_volume_then_that_is_counted(
    limit: int, spared: tuple[Kind, ...], others: tuple[InFlight, ...], phase: Phase
) -> None:
    quota = Quota(read_at=NOW, allowances={Resource.GIGABYTES: Allowance(limit=limit, used=20)})
    queued: Binder = a_binder(Phase.QUEUED, plan=a_plan(), volume=DATA)

    settled = settle(
        queued, Admit(since=NOW), Quoted(quota=quota, others=others, spared=frozenset(spared)), NOW, POLICY
    )

    assert settled.binder.phase is phase


def test_given_a_cloud_without_volumes_when_one_is_asked_for_then_it_is_said_before_anything_is_made() -> (
    None
):
    request = replace(a_plan().request, options=Options(volume="data"))
    offer = Offer(flavors=(a_plan().flavor,), has_volumes=False)
    resolved = Resolved(commit="a" * 40, ref="main", url="", address="")

    with pytest.raises(TeamError, match="no-volumes"):
        make_plan(request, resolved, offer, PlanPolicy())


def test_given_a_server_that_is_up_then_the_volume_changes_nothing_more() -> None:
    seen = Seen(objects=(PORT, FLOATING_IP, SERVER), work=(ATTACHED,), address=ADDRESS)

    assert decide(CREATING, (), seen, NOW, POLICY).binder.phase is Phase.BOOTING
