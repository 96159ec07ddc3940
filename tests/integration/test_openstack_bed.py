"""Whose OpenStack it is: runs of tests share one, and stop what tests started, but nobody else's."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.beds.openstack_run import OpenStackRun

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
# As much of `devcloud` as a run sees of it: a process in run/, an environment, exit codes, and a lock while it works.
DEVCLOUD = """
import fcntl, os, pathlib, signal, subprocess, sys

signal.signal(signal.SIGTERM, signal.SIG_IGN)
home = pathlib.Path(os.environ["OPENSTACK_DEV_HOME"])
pid_file = home / "run/keystone.pid"

def alive():
    return pid_file.exists() and pathlib.Path("/proc", pid_file.read_text()).exists()

if sys.argv[1] == "status":
    sys.exit(not alive())
with (home / "lock").open("a") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    if sys.argv[1] == "up":
        if (home / "broken").exists():
            sys.exit("nova-compute did not become healthy")
        if not alive():
            pid_file.parent.mkdir(exist_ok=True)
            env = {**os.environ, "OPENSTACK_DEV_STATE": str(home)}
            cloud = subprocess.Popen(["sleep", "600"], env=env, start_new_session=True,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            pid_file.write_text(str(cloud.pid))
    if sys.argv[1] == "down":
        os.kill(int(pid_file.read_text()), signal.SIGKILL)
        pid_file.unlink()
"""


class Machine:
    """A machine with a small cloud; `run` is one run of tests on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.devcloud = home / "devcloud"
        self.devcloud.write_text(DEVCLOUD)

    def run(self) -> OpenStackRun:
        return OpenStackRun(self.devcloud)

    def told(self, command: str) -> int:
        return subprocess.run([sys.executable, self.devcloud, command], check=False).returncode

    @property
    def is_up(self) -> bool:
        return self.told("status") == 0


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    monkeypatch.setenv("OPENSTACK_DEV_HOME", str(tmp_path))
    monkeypatch.delenv("BINDEROPS_KEEP_BEDS", raising=False)
    machine = Machine(tmp_path)
    yield machine
    if machine.is_up:
        machine.told("down")


def test_given_no_cloud_when_a_run_waits_then_it_is_up_until_the_run_ends(machine: Machine) -> None:
    run = machine.run()

    assert run.wait() == ""
    assert machine.is_up
    run.end()
    assert not machine.is_up


def test_given_a_cloud_that_somebody_started_when_a_run_ends_then_it_stays(machine: Machine) -> None:
    machine.told("up")
    run = machine.run()
    run.wait()

    run.end()

    assert machine.is_up


def test_given_two_runs_when_the_one_that_started_it_ends_then_the_last_one_stops_it(
    machine: Machine,
) -> None:
    first, second = machine.run(), machine.run()
    first.wait()
    second.wait()

    first.end()

    assert machine.is_up
    second.end()
    assert not machine.is_up


def test_given_a_run_that_was_killed_when_the_next_one_ends_then_it_stops_what_was_left(
    machine: Machine,
) -> None:
    dying = f"from pathlib import Path; from tests.beds.openstack_run import OpenStackRun; OpenStackRun(Path({str(machine.devcloud)!r})).wait(); import os; os._exit(9)"
    subprocess.run([sys.executable, "-c", dying], cwd=ROOT, env=os.environ, check=False)
    assert machine.is_up

    run = machine.run()
    run.wait()
    run.end()

    assert not machine.is_up


def test_given_a_developer_who_keeps_beds_when_the_run_ends_then_it_stays(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BINDEROPS_KEEP_BEDS", "1")
    run = machine.run()
    run.wait()

    run.end()

    assert machine.is_up


def test_given_a_cloud_that_does_not_come_up_then_the_trouble_shows_what_it_said(machine: Machine) -> None:
    (machine.home / "broken").touch()
    run = machine.run()

    trouble = run.wait()

    run.end()
    assert "ended with 1" in trouble
    assert "nova-compute did not become healthy" in trouble


def test_given_a_run_that_ends_while_the_cloud_comes_up_then_nothing_is_left_of_it(machine: Machine) -> None:
    run = machine.run()
    run.begin()

    run.end()

    assert not machine.is_up


def _alone() -> dict[str, str]:
    """As outside of any worker of this run, whose tests have another order."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")} | {"PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_given_tests_with_and_without_the_bed_when_they_are_collected_then_those_with_it_come_last(
    tmp_path: Path, seed: int
) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "def test_with_one(openstack_bed): pass\n"
        "def test_plain_one(): pass\n"
        "@pytest.mark.openstack_bed\ndef test_with_two(request): pass\n"
        "def test_plain_two(): pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "tests.beds.openstack_bed",
         "-c", os.devnull, f"--randomly-seed={seed}", str(tmp_path)],
        cwd=tmp_path, env=_alone(), capture_output=True, text=True, check=False,
    )  # fmt: skip

    names = [line.rpartition("::")[2] for line in done.stdout.splitlines() if "::" in line]
    assert ["plain" in name for name in names] == [True, True, False, False]
