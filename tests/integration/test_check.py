"""``binderops check`` as an operator runs it, on the OpenStack bed: what is wrong there is found."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.openstack.project import Project
from tests.integration.operator import NOTHING, Operator, states

pytestmark = pytest.mark.integration


@pytest.fixture
def operator(openstack_project: Project, tmp_path: Path) -> Operator:
    return Operator(openstack_project, tmp_path)


def test_given_a_project_of_the_bed_then_nothing_fails_and_nothing_is_made(
    operator: Operator, openstack_project: Project
) -> None:
    code, lines = operator.check()

    assert (code, states(lines, "fail"), states(lines, "skipped")) == (0, {}, {})
    assert openstack_project.everything() == NOTHING


@pytest.mark.parametrize(
    ("settings", "check", "word"),
    [
        pytest.param({"defaults": {"image": "Featured-Ubuntu-24"}}, "image", "Did you mean Featured-Ubuntu24?", id="image"),
        pytest.param({"defaults": {"flavor": "m3.smal"}}, "flavor", "Did you mean m3.small?", id="flavor"),
        pytest.param({"cloud": {"network": "lab-net"}}, "network", "cloud.network", id="network"),
        pytest.param({"cloud": {"keypair": "ops"}}, "keypair", "keypair create ops", id="key pair"),
        pytest.param({"cloud": {"region": "Nowhere"}}, "sign-in", "Nowhere", id="region"),
    ],
)  # fmt: skip
def test_given_a_setting_that_names_nothing_then_that_check_fails_and_says_what_to_name(
    operator: Operator, settings: dict[str, Any], check: str, word: str
) -> None:
    code, lines = operator.check(**settings)

    assert (code, list(states(lines, "fail"))) == (1, [check])
    assert word in lines[check]["said"] + lines[check]["mend"]


def test_given_a_region_in_clouds_yaml_that_the_catalog_lacks_then_its_regions_are_named(
    operator: Operator,
) -> None:
    operator.clouds["region_name"] = "Nowhere"

    code, lines = operator.check()

    assert (code, list(states(lines, "fail"))) == (1, ["services"])
    assert "RegionOne" in lines["services"]["said"]


def test_given_another_name_for_the_external_network_then_it_warns_of_the_one_that_is_taken(
    operator: Operator,
) -> None:
    code, lines = operator.check(cloud={"external_network": "elsewhere"})

    assert (code, lines["external-network"]["state"]) == (0, "warn")
    assert "public" in lines["external-network"]["said"]


@pytest.mark.parametrize(
    "auth",
    [
        pytest.param({"password": "wrong"}, id="a wrong password"),
        pytest.param({"auth_url": "http://127.0.0.1:9/v3"}, id="nobody there"),
        pytest.param({"project_name": "another"}, id="another's project"),
    ],
)
def test_given_a_sign_in_that_does_not_work_then_that_fails_and_the_others_are_skipped(
    operator: Operator, auth: dict[str, str]
) -> None:
    operator.clouds["auth"] |= auth

    code, lines = operator.check("--launch")

    assert (code, list(states(lines, "fail"))) == (1, ["sign-in"])
    assert set(lines) - {"sign-in"} == set(states(lines, "skipped"))


def test_given_a_cloud_that_clouds_yaml_does_not_have_then_sign_in_says_so(operator: Operator) -> None:
    code, lines = operator.check(cloud={"name": "elsewhere"})

    assert (code, "cloud-config" in lines["sign-in"]["said"]) == (1, True)


@pytest.mark.parametrize(
    ("service", "limits", "check", "said"),
    [
        pytest.param("network", {"floating_ips": 0}, "quota-floating-ips", "0 of 0 in use; a launch of m3.small needs 1", id="floating IPs"),
        pytest.param("compute", {"cores": 1}, "quota-cores", "0 of 1 in use; a launch of m3.small needs 2", id="cores"),
        pytest.param("block_storage", {"gigabytes": 59}, "quota-gigabytes", "0 GiB of 59 GiB in use", id="gigabytes"),
    ],
)  # fmt: skip
def test_given_too_little_left_of_a_resource_then_its_line_fails_with_the_numbers(
    operator: Operator,
    openstack_project: Project,
    service: str,
    limits: dict[str, int | None],
    check: str,
    said: str,
) -> None:
    with openstack_project.short_of(service, **limits):
        code, lines = operator.check()

    assert (code, list(states(lines, "fail"))) == (1, [check])
    assert said in lines[check]["said"]


def test_given_an_application_credential_that_ends_soon_then_it_warns_of_the_day(
    operator: Operator, openstack_project: Project
) -> None:
    ends = datetime.now(UTC) + timedelta(days=3)

    with openstack_project.application_credential(expires_at=ends.strftime("%Y-%m-%dT%H:%M:%S")) as auth:
        operator.sign_in_by(auth)
        code, lines = operator.check()

    assert (code, lines["credential"]["state"]) == (0, "warn")
    assert f"expires on {ends:%Y-%m-%d}" in lines["credential"]["said"]


def test_given_an_application_credential_without_an_end_then_it_is_well(
    operator: Operator, openstack_project: Project
) -> None:
    with openstack_project.application_credential() as auth:
        operator.sign_in_by(auth)
        _, lines = operator.check()

    assert (lines["credential"]["state"], "never expires" in lines["credential"]["said"]) == ("ok", True)


def test_given_an_application_credential_that_was_deleted_then_sign_in_fails(
    operator: Operator, openstack_project: Project
) -> None:
    with openstack_project.application_credential() as auth:
        operator.sign_in_by(auth)

    code, lines = operator.check()

    assert (code, list(states(lines, "fail"))) == (1, ["sign-in"])
    assert "clouds.yaml" in lines["sign-in"]["mend"]


@contextmanager
def reader_of(project: Project) -> Iterator[dict[str, str]]:
    """The name and password of an account that may only look."""
    name, password = f"binderops-{secrets.token_hex(4)}", secrets.token_hex(16)
    identity = project.admin.identity
    user = identity.create_user(name=name, password=password, domain_id="default")
    try:
        identity.assign_project_role_to_user(project.id, user, identity.find_role("reader"))
        yield {"username": name, "password": password}
    finally:
        identity.delete_user(user)


def test_given_an_account_that_may_only_look_then_the_role_fails_and_names_the_command(
    operator: Operator, openstack_project: Project
) -> None:
    with reader_of(openstack_project) as auth:
        operator.clouds["auth"] |= auth
        code, lines = operator.check()

    assert (code, lines["role"]["state"]) == (1, "fail")
    assert f"--user {auth['username']} member" in lines["role"]["mend"]
