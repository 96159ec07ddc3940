"""``binderops check`` on a project of which one thing is not well: that one line says so, and how to mend it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from provisioning.checks import Finding, State
from provisioning.cloud_objects import CloudId, CloudObject, Kind, Mark, Status
from provisioning.clouds.openstack import OpenStackCloud, OpenStackSettings
from provisioning.clouds.openstack_checks import ProjectChecks
from provisioning.clouds.openstack_facts import Credential, OpenStackFacts
from provisioning.errors import ConflictError, NotFoundError, RefusedError, TeamError, TemporaryError
from provisioning.model import BinderId
from provisioning.plan import PlanPolicy, PriceRule
from provisioning.quota import Allowance, Resource
from tests.fakes.project_facts import NOW, OWN, PUBLIC, SMALL, UBUNTU, ProjectFacts

SILENT = TemporaryError("cloud-silent", "The cloud did not answer.", "It is tried again.")
REFUSED = TeamError("cloud-forbidden", "The account may not do this.", "Give it the role.")
NO_SUCH_SERVICE = NotFoundError("cloud-not-found", "404", "-")
PLANS = PlanPolicy(default_flavor="m3.small", prices=(PriceRule(pattern="m3.*", su_per_hour=2),))
QUOTA = {
    "quota-floating-ips", "quota-cores", "quota-ram", "quota-instances", "quota-volumes", "quota-gigabytes", "quota-ports",
}  # fmt: skip


def a_server() -> CloudObject:
    mark = Mark(deployment="d", binder=BinderId("b"), attempt=1)
    return CloudObject(kind=Kind.SERVER, id=CloudId("s1"), mark=mark, status=Status.ACTIVE)


async def found(facts: ProjectFacts, plans: PlanPolicy = PLANS, **settings: Any) -> dict[str, Finding]:
    chosen = OpenStackSettings(**settings)
    checks = ProjectChecks(facts=facts, settings=chosen, plans=plans, deployment="d", now=lambda: NOW)
    findings = [finding async for finding in checks.run()]
    by_check = {finding.check: finding for finding in findings}
    assert len(by_check) == len(findings)
    return by_check


async def test_given_a_project_where_all_is_well_then_every_check_is_ok() -> None:
    facts = ProjectFacts()
    facts.objects = (a_server(),)

    lines = await found(facts)

    assert {name: line.said for name, line in lines.items() if line.state is not State.OK} == {}


async def test_given_every_check_then_the_page_has_it() -> None:
    page = (Path(__file__).parents[2] / "docs" / "howto" / "check-the-cloud.md").read_text()

    lines = await found(ProjectFacts())

    assert [name for name in lines if f"`{name}`" not in page] == []


def _change(**attributes: Any) -> Callable[[ProjectFacts], None]:
    def change(facts: ProjectFacts) -> None:
        for name, value in attributes.items():
            setattr(facts, name, value)

    return change


def _fault(question: str, error: Exception) -> Callable[[ProjectFacts], None]:
    return lambda facts: facts.faults.update({question: error})  # type: ignore[dict-item]  # an error of ours


def _who(**changes: object) -> Callable[[ProjectFacts], None]:
    return lambda facts: facts.be(**changes)


CASES = [
    pytest.param(_who(roles=("reader",)), {}, "role", State.FAIL, ("reader", "role add --project lab --user dev member"), id="a reader"),
    pytest.param(_who(roles=()), {}, "role", State.FAIL, ("none",), id="no role"),
    pytest.param(_who(roles=("creator",)), {}, "role", State.UNKNOWN, ("creator", "--launch"), id="a role of the cloud's own"),
    pytest.param(_who(roles=("admin", "member")), {}, "role", State.WARN, ("admin",), id="an administrator"),
    pytest.param(_who(credential=""), {}, "credential", State.WARN, ("password", "serve-on-openstack"), id="a password"),
    pytest.param(_change(shown=Credential(expires_at=NOW + timedelta(days=3), is_unrestricted=False)), {}, "credential", State.WARN, ("2026-03-05",), id="soon expired"),
    pytest.param(_change(shown=Credential(expires_at=NOW + timedelta(days=90), is_unrestricted=True)), {}, "credential", State.WARN, ("unrestricted",), id="unrestricted"),
    pytest.param(_fault("credential", REFUSED), {}, "credential", State.UNKNOWN, ("does not show", "Horizon"), id="an expiry that is not shown"),
    pytest.param(_who(clock_ahead=timedelta(seconds=90)), {}, "clock", State.WARN, ("90 s behind",), id="a clock behind"),
    pytest.param(_who(clock_ahead=timedelta(seconds=-90)), {}, "clock", State.WARN, ("90 s ahead of",), id="a clock ahead"),
    pytest.param(_who(clock_ahead=timedelta(seconds=40), clock_within=timedelta(seconds=20)), {}, "clock", State.OK, ("within 20.0 s",), id="a slow answer proves no wrong clock"),
    pytest.param(_who(clock_ahead=None), {}, "clock", State.UNKNOWN, (), id="no time told"),
    pytest.param(_change(), {"tls": "proxy", "proxy_host": "proxy-js2-iu.exosphere.app"}, "address", State.WARN, ("Jetstream2 only", "cloud.example", "preset: generic"), id="Jetstream2's proxy on another cloud"),
    pytest.param(_who(auth_url="https://js2.jetstream-cloud.org:5000/v3/"), {"tls": "proxy", "proxy_host": "proxy-js2-iu.exosphere.app"}, "address", State.OK, ("proxy-js2-iu",), id="Jetstream2's proxy on Jetstream2"),
    pytest.param(_who(auth_url="https://evil-jetstream-cloud.org/v3"), {"tls": "proxy", "proxy_host": "proxy-js2-iu.exosphere.app"}, "address", State.WARN, ("evil-",), id="a name that only ends alike"),
    pytest.param(_change(), {"tls": "proxy", "proxy_host": "proxy.cloud.example"}, "address", State.OK, ("proxy.cloud.example",), id="another cloud's own proxy"),
    pytest.param(_change(), {"tls": "internal", "proxy_host": "proxy-js2-iu.exosphere.app"}, "address", State.OK, ("floating IP",), id="a proxy that is not used"),
    pytest.param(_change(), {"tls": "ip"}, "address", State.OK, ("floating IP", "Let's Encrypt"), id="addresses certified"),
    pytest.param(_change(), {"tls": "ip", "acme_directory": "https://ca.example/d"}, "address", State.OK, ("https://ca.example/d",), id="by an own server"),
    pytest.param(_change(names={"b-192-0-2-10.example.org": {"192.0.2.10"}}), {"tls": "domain", "domain": "b-{address}.example.org"}, "address", State.OK, ("leads to 192.0.2.10",), id="names that tell their address"),
    pytest.param(_change(names={"b-192-0-2-10.example.org": {"198.51.100.1"}}), {"tls": "domain", "domain": "b-{address}.example.org"}, "address", State.FAIL, ("leads to 198.51.100.1", "tls: ip"), id="a wildcard record"),
    pytest.param(_change(), {"tls": "domain", "domain": "b-{address}.example.org"}, "address", State.FAIL, ("leads to nowhere",), id="no record at all"),
    pytest.param(_change(), {"tls": "domain", "domain": "{id}.example.org"}, "address", State.UNKNOWN, ("{id}.example.org", "record"), id="names by id"),
    pytest.param(_change(offered=()), {}, "flavor", State.FAIL, ("no flavor",), id="no flavor"),
    pytest.param(_change(pictures=()), {}, "image", State.FAIL, ("no active image Featured-Ubuntu24", "defaults.image"), id="no image"),
    pytest.param(_change(), {"image": "Featured-Ubuntu-24"}, "image", State.FAIL, ("Did you mean Featured-Ubuntu24?",), id="an image's name mistyped"),
    pytest.param(_change(pictures=(replace(UBUNTU, status="deactivated"),)), {}, "image", State.FAIL, ("deactivated",), id="an image not active"),
    pytest.param(_change(pictures=(replace(UBUNTU, id="i2", created_at="2026-02-01"), UBUNTU)), {}, "image", State.OK, ("i2", "newest of 2"), id="the newest of a name"),
    pytest.param(_change(pictures=(replace(UBUNTU, min_disk_gib=30),)), {"volume_root_below_gib": 0}, "image", State.FAIL, ("30 GiB", "m3.small has 20 GiB"), id="a disk too small"),
    pytest.param(_change(pictures=(replace(UBUNTU, min_disk_gib=30),)), {}, "image", State.OK, ("30 GiB",), id="a small disk with a volume"),
    pytest.param(_change(pictures=(replace(UBUNTU, min_ram_mib=8192),)), {}, "image", State.FAIL, ("8192 MiB",), id="too little memory"),
    pytest.param(_change(services={"compute", "image", "network"}), {}, "volumes", State.FAIL, ("m3.small", "volume_root_below_gib"), id="no volumes where the default needs one"),
    pytest.param(_change(services={"compute", "image", "network"}), {"volume_root_below_gib": 0}, "volumes", State.OK, ("no flavor needs one",), id="no volumes, none needed"),
    pytest.param(_change(services={"compute", "image", "volume"}), {}, "services", State.FAIL, ("no network in region IU", "region_name"), id="no network service"),
    pytest.param(_fault("topology", ConflictError("cloud-conflict", "No default router:external network", "-")), {}, "network", State.FAIL, ("No default router", "cloud.network"), id="no automatic network"),
    pytest.param(_change(nets=(PUBLIC,)), {}, "network", State.OK, ("made at the first launch",), id="an automatic network to be made"),
    pytest.param(_change(), {"network": "lab-net"}, "network", State.FAIL, ("no network lab-net", "auto_allocated_network"), id="a named network missing"),
    pytest.param(_change(nets=(OWN, replace(OWN, id="n3"), PUBLIC)), {"network": OWN.name}, "network", State.FAIL, ("n1", "n3", "by its id"), id="two networks of a name"),
    pytest.param(_change(nets=(replace(OWN, has_subnet=False), PUBLIC)), {}, "network", State.FAIL, ("no subnet", "subnet create"), id="no subnet"),
    pytest.param(_change(nets=(replace(OWN, is_up=False), PUBLIC)), {}, "network", State.FAIL, ("switched off",), id="a network switched off"),
    pytest.param(_change(), {"network": "public"}, "network", State.FAIL, ("external",), id="an external network named"),
    pytest.param(_change(nets=(OWN,)), {}, "external-network", State.FAIL, ("no external network",), id="no external network"),
    pytest.param(_change(), {"external_network": "other"}, "external-network", State.WARN, ("no external network other", "public"), id="another external network"),
    pytest.param(_change(nets=(OWN, replace(PUBLIC, name="a"), replace(PUBLIC, id="n9", name="b"))), {}, "external-network", State.FAIL, ("a (n2)", "b (n9)", "cloud.external_network"), id="two external networks"),
    pytest.param(_change(routes=frozenset()), {}, "route", State.FAIL, ("No router", "router set"), id="no router"),
    pytest.param(_change(routes=frozenset({""})), {}, "route", State.FAIL, ("No router",), id="a router that leads nowhere"),
    pytest.param(_change(routes=frozenset(), nets=(replace(OWN, is_own=False), PUBLIC)), {}, "route", State.UNKNOWN, ("another project",), id="somebody else's network"),
    pytest.param(_change(group=None, groups=Allowance(limit=10, used=10)), {}, "security-group", State.FAIL, ("10 of 10",), id="no security group left"),
    pytest.param(_fault("security_group_allowance", REFUSED), {}, "security-group", State.UNKNOWN, ("may not",), id="a quota that is not shown"),
    pytest.param(lambda f: f.allow(Resource.FLOATING_IPS, 10, 10), {}, "quota-floating-ips", State.FAIL, ("10 of 10 in use", "needs 1", "floating ip list"), id="no floating IP"),
    pytest.param(lambda f: f.allow(Resource.CORES, 3, 2), {}, "quota-cores", State.FAIL, ("2 of 3 in use", "needs 2"), id="too few cores"),
    pytest.param(lambda f: f.allow(Resource.RAM_MIB, 6144, 1024), {}, "quota-ram", State.FAIL, ("1 GiB of 6 GiB", "needs 6 GiB"), id="too little memory left"),
    pytest.param(lambda f: f.allow(Resource.GIGABYTES, 50, 0), {}, "quota-gigabytes", State.FAIL, ("0 GiB of 50 GiB", "needs 60 GiB", "m3.large"), id="a volume too large, and what would fit"),
    pytest.param(lambda f: f.allow(Resource.GIGABYTES, 0, 0), {"volume_root_below_gib": 0}, "quota-gigabytes", State.OK, ("needs none",), id="no volume needed"),
    pytest.param(lambda f: f.allowances.pop(Resource.VOLUMES), {}, "quota-volumes", State.OK, ("no limit",), id="a limit that is not told"),
    pytest.param(_fault("listing", REFUSED), {}, "listing", State.FAIL, ("may not",), id="no listing"),
    pytest.param(_change(), {}, "console", State.UNKNOWN, ("--launch",), id="no instance to read"),
    pytest.param(_change(objects=(a_server(),), faults={"console": REFUSED}), {}, "console", State.FAIL, ("may not",), id="no console"),
    pytest.param(_change(), {"keypair": "ops"}, "keypair", State.FAIL, ("ops", "keypair create ops"), id="no key pair"),
    pytest.param(_change(keypairs={"ops"}), {"keypair": "ops"}, "keypair", State.OK, ("ops",), id="the key pair"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "settings", "check", "state", "words"), CASES)
async def test_given_one_thing_that_is_not_well_then_its_line_says_so_and_how_to_mend_it(
    change: Callable[[ProjectFacts], object],
    settings: dict[str, Any],
    check: str,
    state: State,
    words: tuple[str, ...],
) -> None:
    facts = ProjectFacts()
    change(facts)

    line = (await found(facts, **settings))[check]

    text = f"{line.said} {line.mend}"
    assert line.state is state, text
    assert [word for word in words if word not in text] == [], text
    assert (line.mend != "") or state in (State.OK, State.UNKNOWN)


@pytest.mark.parametrize(
    ("plans", "check", "state", "words"),
    [
        pytest.param(PlanPolicy(), "flavor", State.OK, ("m3.small", "smallest"), id="no default"),
        pytest.param(PlanPolicy(default_flavor="m3.tiny"), "flavor", State.WARN, ("m3.tiny", "m3.small"), id="a preset's default missing"),
        pytest.param(PlanPolicy(default_flavor="m3.smal", is_own_flavor=True), "flavor", State.FAIL, ("m3.smal is not", "Did you mean m3.small?"), id="an operator's default missing"),
        pytest.param(PlanPolicy(default_flavor="M3.Large"), "flavor", State.OK, ("m3.large, the default",), id="another letter case"),
        pytest.param(PlanPolicy(), "prices", State.OK, ("none are set",), id="no prices"),
        pytest.param(PlanPolicy(prices=(PriceRule(pattern="m3.small", su_per_hour=2),)), "prices", State.WARN, ("1 of 2", "m3.large"), id="a price missing"),
        pytest.param(PlanPolicy(prices=(PriceRule(pattern="m3.large", su_per_hour=2),)), "prices", State.WARN, ("the default m3.small",), id="the default's price missing"),
    ],
)  # fmt: skip
async def test_given_a_policy_then_flavor_and_prices_say_what_a_launch_would_take(
    plans: PlanPolicy, check: str, state: State, words: tuple[str, ...]
) -> None:
    line = (await found(ProjectFacts(), plans))[check]

    text = f"{line.said} {line.mend}"
    assert (line.state, [word for word in words if word not in text]) == (state, []), text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        pytest.param(SILENT, "auth_url", id="silent"),
        pytest.param(RefusedError("cloud-sign-in", "Not accepted.", "Look at clouds.yaml."), "clouds.yaml", id="refused"),
    ],
)  # fmt: skip
async def test_given_nobody_can_sign_in_then_that_fails_once_and_nothing_else_is_asked(
    error: RefusedError | TemporaryError, words: str
) -> None:
    facts = ProjectFacts()
    facts.faults["identity"] = error

    lines = await found(facts)

    assert (lines["sign-in"].state, words in lines["sign-in"].mend) == (State.FAIL, True)
    assert {line.state for name, line in lines.items() if name != "sign-in"} == {State.SKIPPED}
    assert facts.asked == ["identity"]


async def test_given_no_flavor_then_only_what_needs_one_is_skipped() -> None:
    facts = ProjectFacts()
    facts.offered = ()

    lines = await found(facts)

    assert {name for name, line in lines.items() if line.state is State.SKIPPED} == QUOTA | {
        "prices",
        "volumes",
    }


async def test_given_no_automatic_network_service_then_the_only_network_is_taken_as_a_launch_does() -> None:
    facts = ProjectFacts()
    facts.faults["topology"] = NO_SUCH_SERVICE
    facts.nets = (replace(OWN, name="lab-net"), PUBLIC)

    lines = await found(facts)

    assert (lines["network"].state, "lab-net" in lines["network"].said) == (State.OK, True)


async def test_given_a_question_that_breaks_off_then_its_first_line_fails_and_its_others_are_skipped() -> (
    None
):
    facts = ProjectFacts()
    facts.faults["quota"] = SILENT

    lines = await found(facts)

    assert lines["quota-floating-ips"].state is State.FAIL
    assert "tried again" not in lines["quota-floating-ips"].mend
    assert {lines[name].state for name in QUOTA - {"quota-floating-ips"}} == {State.SKIPPED}


async def test_given_a_small_default_flavor_then_its_price_is_part_of_what_is_found() -> None:
    facts = ProjectFacts()
    facts.offered = (SMALL,)

    lines = await found(facts)

    assert "2 SU an hour" in lines["prices"].said


async def test_given_a_name_then_it_is_looked_up_by_this_machines_resolver() -> None:
    facts = OpenStackFacts(OpenStackCloud(OpenStackSettings(), deployment="d"))

    assert await facts.addresses_of("localhost") == {"127.0.0.1"}
