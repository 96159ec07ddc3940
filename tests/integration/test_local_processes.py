"""An instance of the local cloud is a whole process tree: it comes back after a death, and nothing of it stays after a deletion."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from provisioning.cloud_objects import Kind, Status
from provisioning.clouds.local import LocalCloud
from provisioning.clouds.local_processes import environment, marked
from tests.conftest import Clock
from tests.integration.tiny_instances import (
    cloud_at,
    emptied,
    gone,
    is_alive,
    kill,
    kill_all_of,
    listed,
    pids_of,
    running,
    supervisor_of,
    until,
)

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.integration


@pytest.fixture
def place(home: Path) -> Path:
    return home / "cloud"


@pytest.fixture
async def cloud(place: Path, clock: Clock) -> AsyncIterator[LocalCloud]:
    async with emptied(place, clock) as cloud:
        yield cloud


@pytest.mark.parametrize(
    "tiny",
    [
        pytest.param((), id="child-in-its-own-session"),
        pytest.param(("runaway",), id="orphan-without-environment"),
        pytest.param(("deaf",), id="agent-that-ignores-sigterm"),
    ],
)
async def test_given_a_running_server_when_deleted_then_no_process_and_no_folder_is_left(
    cloud: LocalCloud, place: Path, tiny: tuple[str, ...]
) -> None:
    server, pids = await running(cloud, place, *tiny)
    supervisor = supervisor_of(place, server)

    await cloud.delete(Kind.SERVER, server.id)

    assert [p for p in (supervisor, pids["agent"], pids["child"]) if is_alive(p)] == []
    assert marked(server.id) == set()
    assert list((place / "servers").iterdir()) == []


async def test_given_a_killed_supervisor_when_the_server_is_deleted_then_what_it_left_is_killed(
    cloud: LocalCloud, place: Path
) -> None:
    server, pids = await running(cloud, place)
    kill(supervisor_of(place, server))
    await until(gone(supervisor_of(place, server)))

    await cloud.delete(Kind.SERVER, server.id)

    assert [p for p in (pids["agent"], pids["child"]) if is_alive(p)] == []


async def test_given_a_frozen_supervisor_when_the_server_is_deleted_then_orphans_without_mark_end_too(
    cloud: LocalCloud, place: Path
) -> None:
    server, pids = await running(cloud, place, "runaway")
    supervisor = supervisor_of(place, server)
    os.kill(supervisor, signal.SIGSTOP)

    await cloud.delete(Kind.SERVER, server.id)

    assert [p for p in (supervisor, pids["agent"], pids["child"]) if is_alive(p)] == []


async def test_given_a_folder_that_nobody_may_write_when_the_server_is_deleted_then_it_goes(
    cloud: LocalCloud, place: Path
) -> None:
    server, _ = await running(cloud, place)
    locked = place / "servers" / server.id / "state" / "locked"
    (locked / "in").mkdir(parents=True)
    (locked / "in").chmod(stat.S_IRUSR)
    locked.chmod(stat.S_IRUSR)

    await cloud.delete(Kind.SERVER, server.id)

    assert list((place / "servers").iterdir()) == []


async def test_given_an_agent_that_dies_when_its_supervisor_sees_it_then_it_starts_again_without_the_old_child(
    cloud: LocalCloud, place: Path
) -> None:
    server, pids = await running(cloud, place)

    kill(pids["agent"])
    again = await pids_of(place, server, other_than=pids["agent"])

    assert is_alive(again["agent"])
    assert not is_alive(pids["child"])
    assert "starts again" in await cloud.console(server.id)


async def test_given_a_killed_supervisor_when_listed_then_the_server_is_stopped(
    cloud: LocalCloud, place: Path
) -> None:
    server, _ = await running(cloud, place)
    kill(supervisor_of(place, server))
    await until(gone(supervisor_of(place, server)))

    (there,) = await listed(cloud, Kind.SERVER)

    assert (there.status, there.detail) == (Status.STOPPED, "its processes are gone")


async def test_given_a_server_whose_processes_are_gone_when_the_cloud_opens_then_it_runs_again(
    cloud: LocalCloud, place: Path, clock: Clock
) -> None:
    server, pids = await running(cloud, place)
    await kill_all_of(server)

    await cloud_at(place, clock).open()

    again = await pids_of(place, server, other_than=pids["agent"])
    assert is_alive(again["agent"])
    assert [s.status for s in await listed(cloud, Kind.SERVER)] == [Status.ACTIVE]


async def test_given_a_cloud_that_is_switched_off_when_it_opens_then_what_was_there_runs_again(
    cloud: LocalCloud, place: Path, clock: Clock
) -> None:
    server, pids = await running(cloud, place)

    await cloud.switch_off()
    while_off = (marked(server.id), [s.status for s in await listed(cloud, Kind.SERVER)])
    await cloud_at(place, clock).open()

    assert while_off == (set(), [Status.STOPPED])
    assert is_alive((await pids_of(place, server, other_than=pids["agent"]))["agent"])


async def test_given_an_agent_that_outlived_its_supervisor_when_the_cloud_opens_then_one_agent_runs(
    cloud: LocalCloud, place: Path, clock: Clock
) -> None:
    server, pids = await running(cloud, place)
    kill(supervisor_of(place, server))
    await until(gone(supervisor_of(place, server)))

    await cloud_at(place, clock).open()

    await pids_of(place, server, other_than=pids["agent"])
    assert not is_alive(pids["agent"])


async def test_given_a_running_server_when_the_cloud_opens_then_it_is_left_alone(
    cloud: LocalCloud, place: Path, clock: Clock
) -> None:
    server, pids = await running(cloud, place)
    supervisor = supervisor_of(place, server)

    await cloud_at(place, clock).open()

    assert supervisor_of(place, server) == supervisor
    assert is_alive(pids["agent"])


async def test_given_a_deletion_cut_short_when_listed_then_it_shows_and_opening_does_not_start_it_again(
    cloud: LocalCloud, place: Path, clock: Clock
) -> None:
    server, _ = await running(cloud, place)
    record = place / "servers" / server.id / "server.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "is_deleting": True}))
    await kill_all_of(server)

    await cloud_at(place, clock).open()

    assert [s.status for s in await listed(cloud, Kind.SERVER)] == [Status.DELETING]
    assert marked(server.id) == set()


async def test_given_a_running_server_when_its_guest_looks_around_then_it_stands_in_its_own_folder(
    cloud: LocalCloud, place: Path
) -> None:
    server, pids = await running(cloud, place)
    folder = place / "servers" / server.id

    assert pids["environment"]["HOME"] == str(folder / "home")
    assert pids["environment"]["BINDEROPS_SERVER"] == server.id
    assert psutil.Process(pids["agent"]).cwd() == str(folder / "agent")
    assert (folder / "bin" / "caddy").readlink() == Path("/opt/caddy")


def test_given_a_bot_with_secrets_when_a_guest_gets_its_environment_then_they_are_not_in_it() -> None:
    given = {
        "PATH": "/bot/bin:/usr/bin", "SLACK_BOT_TOKEN": "x", "DATABASE_URL": "x", "PYTHONPATH": "/x",
        "PIP_INDEX_URL": "u", "UV_DEFAULT_INDEX": "u", "https_proxy": "p", "SSL_CERT_FILE": "c", "TZ": "UTC",
    }  # fmt: skip

    variables = environment(given, Path("/h/servers/s1"), cache=Path("/h/cache"), without="/bot/bin")

    assert variables == {
        "PIP_INDEX_URL": "u", "UV_DEFAULT_INDEX": "u", "https_proxy": "p", "SSL_CERT_FILE": "c", "TZ": "UTC",
        "PATH": "/h/servers/s1/bin:/usr/bin", "HOME": "/h/servers/s1/home", "TMPDIR": "/h/servers/s1/tmp",
        "CADDY_BIN": "/h/servers/s1/bin/caddy", "UV_BIN": "/h/servers/s1/bin/uv", "UV_CACHE_DIR": "/h/cache",
        "BINDEROPS_SERVER": "s1",
    }  # fmt: skip


def test_given_a_deep_home_when_a_guest_gets_its_environment_then_sockets_still_fit_in_its_tmpdir() -> None:
    variables = environment({}, Path("/" + "deep/" * 20 + "s1"), cache=Path("/h/cache"))

    assert "TMPDIR" not in variables


@pytest.mark.parametrize("what", ["create", "delete"])
def test_given_a_kill_before_any_step_then_all_can_be_cleared_away_and_made_again(
    tmp_path: Path, what: str
) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.integration.cloud_killed_everywhere",
        str(tmp_path / "cloud"),
        what,
    ]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    steps = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [s for s in steps if s["left"]] == []
    assert [s["status"] for s in steps] == [-signal.SIGKILL] * (len(steps) - 1) + [0]
    assert sum(1 for s in steps if re.search(r"servers/", s["event"])) >= 10
