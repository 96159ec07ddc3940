"""Keeping a container running, with a program that plays ``docker``; and the firewall that knows the container's bridge."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from provisioning.estimate import builder_of
from provisioning.guest.build_docker import DockerRuntime, Names, network_command
from provisioning.guest.job import Command, Endpoint, Job
from provisioning.guest.work import Work
from tests.unit.test_guest_orders import job

ROOT = Path(__file__).parents[2]

# A file "off" beside it: the container does not run. Its log ends when it does.
DOCKER = """#!/bin/sh
here=$(dirname "$0")
echo "$@" >> "$here/calls"
case "$1" in
    start) rm -f "$here/off"; echo started ;;
    logs) [ ! -e "$here/off" ] || exit 1; echo "said by the server" ;;
esac
"""


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(DOCKER)
    program.chmod(0o755)
    return program.parent


REPO2DOCKER = """#!/bin/sh
echo '{"message": "Picked Local content provider.\\\\n", "phase": "fetching"}' >&2
echo '{"message": "Using CondaBuildPack builder\\\\n", "phase": "building"}' >&2
echo '{"message": "#7 [2/9] RUN apt-get update\\\\n", "phase": "building"}' >&2
"""


def on(docker: Path, one: Job) -> Job:
    return replace(one, environ={"PATH": f"{docker}:/usr/bin:/bin"})


def run(command: Command) -> str:
    return subprocess.run(
        command.args, env=dict(command.env), capture_output=True, text=True, check=True
    ).stdout


def test_given_a_container_that_docker_left_off_when_the_agent_runs_it_again_then_it_is_started_and_heard(
    tmp_path: Path, docker: Path
) -> None:
    kept = DockerRuntime().server(on(docker, job(tmp_path)), Endpoint(port=8123, token="secret"))
    run(kept)
    (docker / "off").touch()

    heard = run(kept)

    assert heard.splitlines() == ["started", "said by the server"]
    calls = (docker / "calls").read_text()
    assert calls.count("start binderops\n") == 2
    assert "secret" not in calls + " ".join(kept.args)


def test_given_an_instance_of_its_own_then_its_bridge_is_the_one_that_the_firewall_watches() -> None:
    named = next(w for w in network_command(Names.of({})) if w.startswith("com.docker.network.bridge.name="))

    assert f" {named.partition('=')[2]}; do" in (ROOT / "templates" / "firewall.sh").read_text()


def test_given_a_shared_machine_then_no_bridge_is_named() -> None:
    assert network_command(Names.of({"BINDEROPS_SERVER": "4f1c"})) == [
        "docker",
        "network",
        "create",
        "binderops",
    ]


def test_given_a_build_when_repo2docker_picks_how_to_then_that_is_reported_at_once(tmp_path: Path) -> None:
    said: list[tuple[str, tuple[int, int]]] = []
    tool = tmp_path / "repo2docker" / "bin" / "jupyter-repo2docker"
    tool.parent.mkdir(parents=True)
    tool.write_text(REPO2DOCKER)
    tool.chmod(0o755)
    (tmp_path / "repo2docker" / "ready").touch()

    DockerRuntime().build(replace(job(tmp_path), say=lambda message, *, step: said.append((message, step))))

    assert said == [
        ("Prepare the image builder", (1, 1)),
        ("Using CondaBuildPack builder", (1, 1)),
        ("RUN apt-get update", (2, 9)),
    ]
    assert builder_of(message for message, _ in said) == "Conda"


def test_given_a_running_container_then_its_work_is_found_through_its_process(tmp_path: Path) -> None:
    folder = tmp_path.resolve() / "home of jovyan"
    folder.mkdir()
    (folder / "new.txt").write_text("new")
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n[ \"$1 $4\" = 'inspect binderops' ] && echo '{os.getpid()} {folder}'\n")
    program.chmod(0o755)
    work = Work(tmp_path / "work.json")
    work.place = lambda: DockerRuntime().place(on(program.parent, job(tmp_path)))

    assert work.look() == (1, 3, 0)


def test_given_a_container_that_does_not_run_then_its_work_cannot_be_read(
    tmp_path: Path, docker: Path
) -> None:
    work = Work(tmp_path / "work.json")
    work.place = lambda: DockerRuntime().place(on(docker, job(tmp_path)))

    with pytest.raises(OSError, match="No such file"):
        work.look()
