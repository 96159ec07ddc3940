"""``binderops check --launch`` on the OpenStack bed and on this machine: a trial runs, and leaves nothing however it ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.openstack.project import Project
from tests.integration.operator import NOTHING, Operator, states

pytestmark = pytest.mark.integration


@pytest.fixture
def operator(openstack_project: Project, tmp_path: Path) -> Operator:
    return Operator(openstack_project, tmp_path)


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


def test_given_nobody_reads_on_when_tried_on_this_machine_then_it_is_deleted_all_the_same(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-m", "bot", "check", "--json", "--cloud", "local", "--launch"]
    environment = {**os.environ, "BINDEROPS_HOME": str(tmp_path)}
    running = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stdout is not None

    next(line for line in running.stdout if '"launch-port"' in line)
    running.stdout.close()
    _, trouble = running.communicate(timeout=120)

    assert (running.returncode, trouble) == (0, "")
    assert list((tmp_path / "cloud").rglob("binderops-*")) == []
