"""Which cloud a binder is on, and where a launch goes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from provisioning.errors import PersonError, RefusedError
from provisioning.inventory import Inventory
from provisioning.model import Phase
from provisioning.sites import Sites, site
from tests.conftest import Clock
from tests.fakes.cloud import FakeCloud
from tests.strategies import a_binder, a_plan


@pytest.fixture
def two(clock: Clock) -> Sites:
    return Sites([site(FakeCloud(clock), clock, name=name) for name in ("Bloomington", "arizona")])


def test_given_a_binder_without_a_plan_then_it_is_on_the_first_cloud(two: Sites) -> None:
    assert two.of(a_binder()) is two.default


@pytest.mark.parametrize(
    ("cloud", "index"),
    [pytest.param("", 0, id="none named"), pytest.param("Bloomington", 0, id="first"), pytest.param("arizona", 1, id="second")],
)  # fmt: skip
def test_given_a_plan_then_the_binder_is_on_its_cloud(two: Sites, cloud: str, index: int) -> None:
    binder = a_binder(Phase.CREATING, plan=replace(a_plan(), cloud=cloud))

    assert two.of(binder) is tuple(two)[index]


def test_given_a_cloud_that_the_settings_name_no_more_then_the_operator_is_told_which_to_put_back(
    two: Sites,
) -> None:
    with pytest.raises(RefusedError) as refused:
        two.of(a_binder(Phase.READY, plan=replace(a_plan(), cloud="gone")))

    assert (refused.value.code, "gone" in refused.value.hint) == ("cloud-unknown", True)


def test_given_a_name_in_another_letter_case_then_it_is_the_same_cloud(two: Sites) -> None:
    assert two.named("ARIZONA").name == "arizona"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("arizon", "Did you mean arizona? Clouds are Bloomington, arizona.", id="near"),
        pytest.param("bloomingtom", "Did you mean Bloomington? Clouds are Bloomington, arizona.", id="near in another case"),
        pytest.param("zzz", "Clouds are Bloomington, arizona.", id="like none"),
    ],
)  # fmt: skip
def test_given_a_name_that_no_cloud_has_then_the_nearest_and_all_are_named(
    two: Sites, name: str, hint: str
) -> None:
    with pytest.raises(PersonError) as refused:
        two.named(name)

    assert (refused.value.code, refused.value.hint) == ("unknown-cloud", hint)


def test_given_one_cloud_then_there_is_no_name_to_choose(clock: Clock) -> None:
    cloud = FakeCloud(clock)

    assert Sites.only(cloud, Inventory(cloud, clock, every=timedelta(0))).names == ()


def test_given_two_clouds_of_one_name_then_it_is_no_deployment(clock: Clock) -> None:
    with pytest.raises(ValueError, match="same name"):
        Sites([site(FakeCloud(clock), clock, name=name) for name in ("a", "A")])


async def test_given_a_quota_that_is_young_enough_when_asked_again_then_its_quota_is_read_once(
    clock: Clock,
) -> None:
    cloud = FakeCloud(clock)
    quota = site(cloud, clock).quota
    before = clock.now - timedelta(seconds=1)

    await quota.since(before)
    await quota.since(before)

    assert cloud.calls == ["quota"]
