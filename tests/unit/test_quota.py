"""Whether a launch fits: the numbers, the words, and what becomes of a launch that waits to begin."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import room
from provisioning.actions import Admit, Failed, Quoted
from provisioning.cloud_objects import Kind
from provisioning.errors import TemporaryError
from provisioning.model import Binder, Flavor, Phase
from provisioning.phases import Policy
from provisioning.quota import Allowance, Quota, Resource
from provisioning.room import InFlight
from provisioning.settling import UNSURE_FOR, settle
from tests.strategies import NOW, a_binder, a_plan

TINY = Flavor(name="m3.tiny", vcpus=1, ram_mib=3072, disk_gib=20)
SMALL = Flavor(name="m3.small", vcpus=2, ram_mib=6144, disk_gib=20)
LARGE = Flavor(name="m3.large", vcpus=16, ram_mib=61440, disk_gib=60)
FLAVORS = (TINY, SMALL, LARGE)
POLICY = Policy(volume_root_below_gib=40, volume_gib=60)
LAUNCH = InFlight(flavor=SMALL, unmade=frozenset(Kind))
QUEUED = a_binder(Phase.QUEUED, plan=a_plan())


def a_quota(**allowances: tuple[int | None, int]) -> Quota:
    """A quota by resource: limit, used."""
    found = {Resource(n): Allowance(limit=limit, used=used) for n, (limit, used) in allowances.items()}
    return Quota(read_at=NOW, allowances=found)


@pytest.mark.parametrize(
    ("flavor", "need"),
    [
        pytest.param(LARGE, {"instances": 1, "cores": 16, "ram_mib": 61440, "ports": 1, "floating_ips": 1}, id="on its own disk"),
        pytest.param(TINY, {"instances": 1, "cores": 1, "ram_mib": 3072, "ports": 1, "floating_ips": 1, "volumes": 1, "gigabytes": 60}, id="on a volume"),
    ],
)  # fmt: skip
def test_given_a_flavor_when_launched_then_it_needs_this(flavor: Flavor, need: dict[str, int]) -> None:
    assert room.need_of(flavor, POLICY) == need


@pytest.mark.parametrize(
    ("quota", "short"),
    [
        pytest.param(a_quota(), [], id="a resource without an allowance has no limit"),
        pytest.param(a_quota(cores=(None, 900)), [], id="unlimited"),
        pytest.param(a_quota(cores=(4, 2), floating_ips=(1, 0)), [], id="exactly enough"),
        pytest.param(a_quota(cores=(3, 2)), [Resource.CORES], id="one core too few"),
        pytest.param(a_quota(gigabytes=(100, 41)), [Resource.GIGABYTES], id="room for a part of the volume"),
        pytest.param(a_quota(cores=(1, 0), floating_ips=(5, 9)), [Resource.FLOATING_IPS, Resource.CORES], id="several, floating IPs first"),
    ],
)  # fmt: skip
def test_given_a_quota_when_compared_with_a_need_then_what_is_short_is_named(
    quota: Quota, short: list[Resource]
) -> None:
    found = room.shortages(quota, {}, room.need_of(SMALL, POLICY))

    assert [s.resource for s in found] == short


def test_given_launches_under_way_when_counted_then_each_takes_what_it_has_not_made() -> None:
    has_port = InFlight(flavor=SMALL, unmade=frozenset({Kind.FLOATING_IP, Kind.SERVER}))

    taken = room.promised([LAUNCH, has_port], POLICY)

    assert (taken.surely[Resource.PORTS], taken.surely[Resource.CORES]) == (1, 4)


def test_given_objects_made_around_the_reading_when_counted_then_they_are_kept_apart() -> None:
    taken = room.promised([InFlight(flavor=SMALL, unsure=frozenset({Kind.FLOATING_IP}))], POLICY)

    assert (dict(taken.surely), dict(taken.at_most)) == ({}, {Resource.FLOATING_IPS: 1})


def test_given_several_flavors_when_room_is_scarce_then_those_that_fit_are_named_largest_first() -> None:
    found = room.what_fits(a_quota(cores=(10, 7)), {Resource.CORES: 1}, FLAVORS, POLICY)

    assert [f.name for f in found] == ["m3.small", "m3.tiny"]


@pytest.mark.parametrize(
    ("quota", "flavor", "message", "hint"),
    [
        pytest.param(
            a_quota(cores=(150, 148)), LARGE, "cores: 148 of 150 in use or promised, this launch needs 16.",
            "m3.small and m3.tiny fit now: launch again with flavor=m3.small.", id="cores, and smaller ones fit",
        ),
        pytest.param(
            a_quota(ram_mib=(10240, 5120)), SMALL, "RAM: 5 GiB of 10 GiB in use or promised, this launch needs 6 GiB.",
            "m3.tiny fits now", id="memory in GiB",
        ),
        pytest.param(
            a_quota(floating_ips=(10, 10)), SMALL, "floating IPs: 10 of 10 in use or promised, this launch needs 1.",
            "whoever manages the project can ask for more of them", id="floating IPs are asked for",
        ),
        pytest.param(
            a_quota(floating_ips=(10, 10)), SMALL, "", "No other flavor fits either.", id="no flavor does without a floating IP",
        ),
        pytest.param(
            a_quota(instances=(3, 3)), SMALL, "instances: 3 of 3 in use or promised, this launch needs 1.",
            "Delete an environment that nobody needs, or wait for one to end.", id="instances",
        ),
        pytest.param(
            a_quota(cores=(1, 1), gigabytes=(100, 90)), SMALL,
            "cores: 1 of 1 in use or promised, this launch needs 2; volume storage: 90 GiB of 100 GiB in use or promised,",
            "can ask for more cores and volume storage.", id="several",
        ),
    ],
)  # fmt: skip
def test_given_no_room_when_refused_then_the_numbers_and_what_to_do_are_told(
    quota: Quota, flavor: Flavor, message: str, hint: str
) -> None:
    short = room.shortages(quota, {}, room.need_of(flavor, POLICY))
    refused = room.refusal(short, room.what_fits(quota, {}, FLAVORS, POLICY))

    assert refused.code == "quota-exceeded"
    assert message in refused.message
    assert hint in refused.hint


def test_given_many_flavors_that_fit_when_named_then_the_largest_stand_for_the_rest() -> None:
    assert room.named([LARGE, SMALL, TINY], most=2) == "m3.large, m3.small and smaller ones"


@pytest.mark.parametrize(
    ("quota", "others", "spared", "phase"),
    [
        pytest.param(a_quota(floating_ips=(1, 0)), [], [], Phase.CREATING, id="room"),
        pytest.param(a_quota(floating_ips=(1, 1)), [], [], Phase.FAILED, id="no room"),
        pytest.param(a_quota(floating_ips=(1, 0)), [LAUNCH], [], Phase.FAILED, id="the last one is promised"),
        pytest.param(a_quota(floating_ips=(2, 1)), [InFlight(flavor=SMALL, unsure=frozenset(Kind))], [], Phase.QUEUED, id="the last one may be counted twice"),
        pytest.param(a_quota(floating_ips=(2, 2)), [InFlight(flavor=SMALL, unsure=frozenset(Kind))], [], Phase.FAILED, id="no room, whatever was counted twice"),
        pytest.param(a_quota(floating_ips=(1, 1)), [], [Kind.FLOATING_IP], Phase.CREATING, id="its own older one goes first"),
        pytest.param(None, [], [], Phase.CREATING, id="the cloud cannot tell"),
    ],
)  # fmt: skip
def test_given_a_quota_when_a_launch_asks_for_room_then_it_begins_waits_or_is_refused(
    quota: Quota | None, others: Sequence[InFlight], spared: Sequence[Kind], phase: Phase
) -> None:
    quoted = Quoted(quota=quota, others=tuple(others), spared=frozenset(spared))

    decision = settle(QUEUED, Admit(since=NOW), quoted, NOW, POLICY)

    assert decision.binder.phase is phase


def test_given_a_reading_that_stays_ambiguous_when_it_took_too_long_then_the_launch_is_refused() -> None:
    lost = InFlight(flavor=SMALL, unsure=frozenset({Kind.FLOATING_IP}))
    quoted = Quoted(quota=a_quota(floating_ips=(2, 1)), others=(lost,))

    decision = settle(QUEUED, Admit(since=NOW), quoted, NOW + UNSURE_FOR, POLICY)

    assert failure_code(decision.binder) == "quota-exceeded"


@pytest.mark.parametrize(
    ("late", "phase"),
    [
        pytest.param(timedelta(0), Phase.QUEUED, id="time may cure it"),
        pytest.param(UNSURE_FOR, Phase.CREATING, id="a cloud that cannot tell stops nobody"),
    ],
)
def test_given_a_quota_that_cannot_be_read_when_settled_then_it_is_read_again_for_a_while(
    late: timedelta, phase: Phase
) -> None:
    away = Failed(TemporaryError("cloud-silent", "m", "h"))

    decision = settle(QUEUED, Admit(since=NOW), away, NOW + late, POLICY)

    assert decision.binder.phase is phase


@given(
    limits=st.dictionaries(st.sampled_from(Resource), st.none() | st.integers(0, 20)),
    used=st.integers(0, 20),
    more=st.integers(0, 5),
)
def test_given_any_quota_when_more_is_taken_then_nothing_fits_that_did_not_before(
    limits: dict[Resource, int | None], used: int, more: int
) -> None:
    quota = Quota(
        read_at=NOW, allowances={r: Allowance(limit=limit, used=used) for r, limit in limits.items()}
    )
    taken = dict.fromkeys(Resource, more)

    before = room.what_fits(quota, {}, FLAVORS, POLICY)

    assert set(room.what_fits(quota, taken, FLAVORS, POLICY)) <= set(before)


def failure_code(binder: Binder) -> str:
    return binder.failure.code if binder.failure else ""
