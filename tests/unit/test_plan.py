"""Plans: flavor, price, lifetime, confirmation."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.errors import PersonError, TeamError
from provisioning.model import Flavor, Options, Request
from provisioning.plan import (
    JETSTREAM2_PRICES,
    Offer,
    PlanPolicy,
    PriceRule,
    cost_su,
    make_plan,
    preset,
    priced,
    title,
)
from provisioning.sources.resolved import Resolved

REQUEST = Request(provider="gh", repo="https://github.com/binder-examples/requirements")
RESOLVED = Resolved(commit="a" * 40, ref="main", address="140.82.112.3")
SMALL = Flavor(name="m3.small", vcpus=2, ram_mib=6144, disk_gib=20)
MEDIUM = Flavor(name="m3.medium", vcpus=8, ram_mib=30720, disk_gib=60)
GPU = Flavor(name="g3.medium", vcpus=8, ram_mib=30720, disk_gib=60)
FLAVORS = (SMALL, MEDIUM, GPU)
OFFER = Offer(flavors=FLAVORS)
JETSTREAM2 = preset("jetstream2")


def asking(**options: object) -> Request:
    return replace(REQUEST, options=Options(**options))  # type: ignore[arg-type]  # names and types as in Options


def test_given_a_resolved_request_when_planned_then_the_plan_keys_on_its_commit_and_address() -> None:
    plan = make_plan(REQUEST, RESOLVED, OFFER, JETSTREAM2)

    assert (plan.commit, plan.ref, plan.source_address) == ("a" * 40, "main", "140.82.112.3")


def test_given_a_record_behind_a_doi_when_planned_then_guests_know_its_kind_and_people_its_title() -> None:
    request = replace(REQUEST, provider="doi", repo="10.1000/x")
    found = replace(
        RESOLVED, commit="9782777.v3", ref="v3", provider="figshare", title="A long title " * 9, address=""
    )

    plan = make_plan(request, found, OFFER, JETSTREAM2)

    assert (plan.source_kind, plan.commit, len(plan.title)) == ("figshare", "9782777.v3", 59)
    assert plan.title.endswith("A long…")


def test_given_a_repository_of_any_forge_when_planned_then_guests_fetch_it_by_git() -> None:
    plan = make_plan(REQUEST, RESOLVED, OFFER, JETSTREAM2)

    assert plan.source_kind == "git"


def test_given_a_request_without_options_when_planned_then_the_deployments_defaults_count() -> None:
    plan = make_plan(REQUEST, RESOLVED, OFFER, JETSTREAM2)

    assert (plan.flavor.name, plan.image, plan.lifetime) == (
        "m3.small",
        "Featured-Ubuntu24",
        timedelta(hours=4),
    )


def test_given_a_request_with_options_when_planned_then_they_go_before_the_defaults() -> None:
    request = asking(flavor="m3.medium", image="Featured-RockyLinux9", hours=1.5, name="Monday's class")

    plan = make_plan(request, RESOLVED, OFFER, JETSTREAM2)

    assert (plan.flavor.name, plan.image, plan.lifetime, plan.title) == (
        "m3.medium",
        "Featured-RockyLinux9",
        timedelta(minutes=90),
        "Monday's class",
    )


def test_given_a_default_flavor_that_the_cloud_lacks_when_planned_then_the_smallest_is_taken() -> None:
    plan = make_plan(REQUEST, RESOLVED, Offer(flavors=(MEDIUM, GPU)), JETSTREAM2)

    assert plan.flavor.name == "m3.medium"


def test_given_another_letter_case_when_planned_then_the_flavor_is_found() -> None:
    assert make_plan(asking(flavor="M3.Medium"), RESOLVED, OFFER, JETSTREAM2).flavor.name == "m3.medium"


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        pytest.param("m3.meduim", "m3.medium", id="letters-swapped"),
        pytest.param("m3small", "m3.small", id="dot-forgotten"),
        pytest.param("medium", "m3.medium", id="family-forgotten"),
        pytest.param("G3.MEDIU", "g3.medium", id="capitals"),
    ],
)
def test_given_an_unknown_flavor_when_planned_then_the_nearest_and_the_list_are_named(
    typed: str, nearest: str
) -> None:
    with pytest.raises(PersonError) as refused:
        make_plan(asking(flavor=typed), RESOLVED, OFFER, JETSTREAM2)

    assert (refused.value.code, refused.value.hint) == (
        "unknown-flavor",
        f"Did you mean {nearest}? On offer: m3.small, m3.medium, g3.medium.",
    )


def test_given_a_flavor_like_no_other_when_planned_then_nothing_is_proposed_but_the_list() -> None:
    with pytest.raises(PersonError) as refused:
        make_plan(asking(flavor="zzzzzzzz"), RESOLVED, OFFER, JETSTREAM2)

    assert refused.value.hint == "On offer: m3.small, m3.medium, g3.medium."


def test_given_a_cloud_without_flavors_when_planned_then_the_team_is_told() -> None:
    with pytest.raises(TeamError) as refused:
        make_plan(REQUEST, RESOLVED, Offer(flavors=()), JETSTREAM2)

    assert refused.value.code == "no-flavors"


@pytest.mark.parametrize(
    ("offer", "setting"),
    [(OFFER, "defaults.flavor"), (Offer(flavors=FLAVORS, cloud="iu"), "clouds.iu.flavor")],
)
def test_given_an_operators_default_flavor_that_the_cloud_lacks_when_planned_then_nothing_takes_its_place(
    offer: Offer, setting: str
) -> None:
    with pytest.raises(TeamError) as refused:
        make_plan(REQUEST, RESOLVED, offer, JETSTREAM2.with_settings(flavor="m4.small"))

    assert refused.value.code == "default-flavor-missing"
    assert all(said in refused.value.failure().hint for said in ("flavor=m3.small", setting))


def test_given_an_operators_default_flavor_that_the_cloud_lacks_when_another_is_named_then_it_is_planned() -> (
    None
):
    policy = JETSTREAM2.with_settings(flavor="m4.small")

    assert make_plan(asking(flavor="m3.medium"), RESOLVED, OFFER, policy).flavor.name == "m3.medium"


def test_given_a_flavor_of_another_cloud_when_planned_then_the_message_says_which_has_it() -> None:
    offer = Offer(cloud="iu", flavors=(SMALL,), elsewhere={"az": (), "tacc": (MEDIUM,)})

    with pytest.raises(PersonError) as refused:
        make_plan(asking(flavor="M3.medium"), RESOLVED, offer, JETSTREAM2)

    assert (refused.value.code, refused.value.message) == (
        "unknown-flavor",
        "The flavor M3.medium is not on offer on the cloud iu, but on the cloud tacc.",
    )


def test_given_one_of_several_clouds_when_planned_then_the_plan_names_it() -> None:
    assert make_plan(REQUEST, RESOLVED, Offer(cloud="iu", flavors=FLAVORS), JETSTREAM2).cloud == "iu"


@pytest.mark.parametrize("hours", [72.01, 1000.0, float("inf"), float("nan")])
def test_given_a_lifetime_beyond_the_limit_when_planned_then_it_is_refused_with_the_limit(
    hours: float,
) -> None:
    with pytest.raises(PersonError) as refused:
        make_plan(asking(hours=hours), RESOLVED, OFFER, JETSTREAM2)

    assert refused.value.code == "too-long"
    assert "at most 72 hours" in refused.value.hint


@pytest.mark.parametrize("hours", [0.0, -1.0])
def test_given_a_lifetime_of_nothing_when_planned_then_it_is_refused(hours: float) -> None:
    with pytest.raises(PersonError) as refused:
        make_plan(asking(hours=hours), RESOLVED, OFFER, JETSTREAM2)

    assert refused.value.code == "bad-hours"


@pytest.mark.parametrize(
    ("name", "su_per_hour"),
    [
        pytest.param("m3.tiny", 1, id="smallest"),
        pytest.param("m3.quad", 4, id="quad"),
        pytest.param("m3.3xl", 128, id="largest-general"),
        pytest.param("r3.xl", 256, id="memory"),
        pytest.param("g3.small", None, id="gpu-is-a-setting"),
        pytest.param("m3.tiny.new", None, id="not-a-prefix-match"),
    ],
)
def test_given_a_flavor_of_jetstream2_when_priced_then_the_published_rate_counts(
    name: str, su_per_hour: float | None
) -> None:
    assert priced(replace(SMALL, name=name), JETSTREAM2_PRICES).su_per_hour == su_per_hour


def test_given_a_price_by_pattern_in_the_settings_when_planned_then_it_goes_before_the_presets() -> None:
    rules = (PriceRule(pattern="g3.*", su_per_hour=64), PriceRule(pattern="m3.s*", su_per_hour=3))
    policy = JETSTREAM2.with_settings(prices=rules)

    prices = [make_plan(asking(flavor=f.name), RESOLVED, OFFER, policy).flavor.su_per_hour for f in FLAVORS]

    assert prices == [3, 8, 64]


@pytest.mark.parametrize("name", ["generic", "local"])
def test_given_a_preset_without_prices_when_planned_then_the_cost_is_unknown_and_nothing_asks(
    name: str,
) -> None:
    plan = make_plan(REQUEST, RESOLVED, OFFER, preset(name))

    assert (plan.flavor.su_per_hour, cost_su(plan), plan.needs_confirmation) == (None, None, False)


@pytest.mark.parametrize(
    ("threshold", "asks"),
    [
        pytest.param(7.9, True, id="above"),
        pytest.param(8.0, False, id="exactly"),
        pytest.param(None, False, id="no-threshold"),
    ],
)
def test_given_a_threshold_when_planned_then_only_a_price_above_it_asks(
    threshold: float | None, asks: bool
) -> None:
    policy = replace(JETSTREAM2, confirm_above_su_per_hour=threshold)

    assert make_plan(asking(flavor="m3.medium"), RESOLVED, OFFER, policy).needs_confirmation is asks


def test_given_settings_left_out_when_taken_into_a_policy_then_the_preset_stays() -> None:
    assert JETSTREAM2.with_settings() == JETSTREAM2


def test_given_a_limit_below_the_default_lifetime_when_planned_then_the_limit_is_the_lifetime() -> None:
    policy = preset("local").with_settings(max_hours=2)

    assert make_plan(REQUEST, RESOLVED, OFFER, policy).lifetime == timedelta(hours=2)


@pytest.mark.parametrize(
    ("repo", "expected"),
    [
        pytest.param("https://github.com/org/repo", "org/repo", id="github"),
        pytest.param("https://gitlab.com/group/sub/repo.git", "sub/repo", id="subgroup"),
        pytest.param("http://127.0.0.1:3000/sample", "sample", id="one-part"),
        pytest.param("https://git.example.org/", "git.example.org", id="no-path"),
    ],
)
def test_given_a_repository_then_its_title_is_what_people_call_it(repo: str, expected: str) -> None:
    assert title(repo) == expected


@given(hours=st.floats(min_value=0.01, max_value=72), price=st.floats(min_value=0.5, max_value=500))
def test_given_any_allowed_lifetime_then_the_cost_is_price_times_hours(hours: float, price: float) -> None:
    policy = PlanPolicy(prices=(PriceRule(pattern="*", su_per_hour=price),))

    plan = make_plan(asking(hours=hours), RESOLVED, OFFER, policy)

    # A lifetime is kept to the microsecond.
    assert cost_su(plan) == pytest.approx(price * hours, rel=1e-6)


@given(name=st.text(min_size=1, max_size=60))
def test_given_any_flavor_name_then_it_is_on_offer_or_refused_by_name(name: str) -> None:
    offered = {f.name for f in FLAVORS}
    if name.lower() in offered:
        assert make_plan(asking(flavor=name), RESOLVED, OFFER, JETSTREAM2).flavor.name in offered
        return

    with pytest.raises(PersonError) as refused:
        make_plan(asking(flavor=name), RESOLVED, OFFER, JETSTREAM2)

    assert refused.value.code == "unknown-flavor"


def test_given_the_price_table_then_the_reference_page_shows_it() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/flavors-and-prices.md").read_text()
    rows = re.findall(r"^\| ([a-z0-9.]+) \| (\d+) \|$", page, re.MULTILINE)

    assert rows == [(rule.pattern, f"{rule.su_per_hour:g}") for rule in JETSTREAM2_PRICES]
