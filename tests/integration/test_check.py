"""``binderops check`` as an operator runs it, on the OpenStack bed: what is wrong there is found, and a trial leaves nothing."""

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.openstack.project import Project

pytestmark = pytest.mark.integration

NOTHING: dict[str, list[object]] = {"servers": [], "floating_ips": [], "volumes": [], "ports": []}
BASE: Mapping[str, Any] = {"deployment": "checked", "cloud": {"tls": "internal", "requests_per_s": 50}}


class Operator:
    """Runs the command with a project's sign-in and settings of its own."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.folder = folder
        self.clouds = yaml.safe_load(project.clouds_yaml.read_text())["clouds"][project.member]

    def check(self, *options: str, **settings: Any) -> tuple[int, dict[str, Any]]:
        """The exit code, and the findings by their check."""
        done = subprocess.run(
            self.command(*options), env=self.environment(settings), capture_output=True, text=True, timeout=1200, check=False
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, {line["check"]: line for line in lines}

    def command(self, *options: str) -> list[str]:
        return [sys.executable, "-m", "bot", "check", "--json", *options]

    def environment(self, settings: Mapping[str, Any]) -> dict[str, str]:
        """Of the command; ``settings`` go over what every test has."""
        clouds, config = self.folder / "clouds.yaml", self.folder / "binderops.yaml"
        clouds.write_text(yaml.safe_dump({"clouds": {"own": self.clouds}}))
        cloud = {**BASE["cloud"], **settings.pop("cloud", {})} if isinstance(settings, dict) else {}
        config.write_text(yaml.safe_dump({**BASE, **settings, "cloud": cloud}))
        own = {
            "OS_CLIENT_CONFIG_FILE": str(clouds), "OS_CLOUD": "own", "BINDEROPS_CONFIG": str(config),
            "BINDEROPS_HOME": str(self.folder / "home"),
        }  # fmt: skip
        return {**os.environ, **own}


@pytest.fixture
def operator(openstack_project: Project, tmp_path: Path) -> Operator:
    return Operator(openstack_project, tmp_path)


def states(lines: Mapping[str, Any], state: str) -> dict[str, str]:
    return {name: line["said"] for name, line in lines.items() if line["state"] == state}


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


@pytest.mark.timeout(1300)  # the bed may be busy
@pytest.mark.parametrize(
    "flavor", [pytest.param("m3.small", id="volume"), pytest.param("m3.medium", id="own disk")]
)
def test_given_a_launch_for_trial_then_it_runs_and_nothing_stays(
    operator: Operator, openstack_project: Project, flavor: str
) -> None:
    code, lines = operator.check("--launch", defaults={"flavor": flavor})

    assert (code, states(lines, "fail")) == (0, {})
    assert {"launch-active", "launch-console", "launch-gone"} <= set(states(lines, "ok"))
    assert ("launch-volume" in lines) == (flavor == "m3.small")
    assert openstack_project.everything() == NOTHING


@pytest.mark.timeout(1300)  # the bed may be busy
def test_given_no_floating_ip_left_when_tried_then_the_clouds_words_are_said_and_nothing_stays(
    operator: Operator, openstack_project: Project
) -> None:
    with openstack_project.short_of("network", floating_ips=0):
        code, lines = operator.check("--launch")

    assert (code, "launch-server" in lines) == (1, False)
    assert "Quota exceeded" in lines["launch-floating-ip"]["said"]
    assert lines["launch-gone"]["state"] == "ok"
    assert openstack_project.everything() == NOTHING


@pytest.mark.timeout(1300)  # the bed may be busy
@pytest.mark.parametrize(
    ("sent", "code"),
    [pytest.param(signal.SIGINT, 130, id="Ctrl-C"), pytest.param(signal.SIGTERM, 143, id="SIGTERM")],
)
def test_given_it_is_stopped_in_the_middle_of_a_launch_then_it_deletes_first_and_nothing_stays(
    operator: Operator, openstack_project: Project, sent: signal.Signals, code: int
) -> None:
    running = subprocess.Popen(
        operator.command("--launch"), env=operator.environment({}), stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    try:
        until = next(line for line in running.stdout if '"launch-floating-ip"' in line)
        running.send_signal(sent)
        rest, _ = running.communicate(timeout=1200)
    finally:
        running.kill()

    assert json.loads(until)["state"] == "ok"
    assert (running.returncode, json.loads(rest.splitlines()[-1])["check"]) == (code, "launch-gone")
    assert openstack_project.everything() == NOTHING
