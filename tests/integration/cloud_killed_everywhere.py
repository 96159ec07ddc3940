"""Kills the local cloud's driver before each of its steps in turn, and looks whether what is left can be cleared away.

``python -m tests.integration.cloud_killed_everywhere HOME create|delete`` prints one JSON line for each step. A step is a change
of a file, a new process or a signal; Python's own audit events tell of it before it happens, so the list makes itself.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path

import psutil

from provisioning.cloud_objects import DELETION_ORDER, Mark
from provisioning.clouds import ServerSpec
from provisioning.clouds.local import LocalCloud
from provisioning.clouds.local_processes import of_this_user
from provisioning.model import BinderId

GUEST = Path(__file__).parents[1] / "fakes" / "tiny_guest"
MARK = Mark(deployment="killed", binder=BinderId("abcdefgh23"), attempt=1)
STEPS = {
    "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.truncate", "os.chmod",
    "shutil.rmtree", "subprocess.Popen", "os.kill",
}  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def main(home: Path, what: str) -> None:
    """Die at step 1, 2, 3, ... until the whole is done without dying."""
    step = 0
    while True:
        step += 1
        if what == "delete":
            asyncio.run(create(home))
            wait_for_the_guest(home)
        status = os.waitstatus_to_exitcode(in_a_child(home, what, step))
        events = (home.parent / "event").read_text() if status == -signal.SIGKILL else ""
        left = asyncio.run(clear_away(home))
        line = {"step": step, "event": events, "status": status, "left": left}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        if status != -signal.SIGKILL:
            return


def wait_for_the_guest(home: Path) -> None:
    """Until it has started its child, so that a deletion has something to kill."""
    while not list((home / "servers").glob("*/state/pids.json")):
        time.sleep(0.01)


def in_a_child(home: Path, what: str, step: int) -> int:
    """The wait status of a process that does the work and is killed at the step."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    work: Coroutine[object, object, None] = create(home) if what == "create" else delete(home)
    die_at(step, home)
    asyncio.run(work)
    os._exit(0)


def die_at(step: int, home: Path) -> None:
    """Be killed when about to do the n-th step."""
    passed = 0
    is_dying = False

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal passed, is_dying
        is_write = (
            event == "open"
            and str(arguments[0]).startswith(str(home))
            and isinstance(arguments[2], int)
            and bool(arguments[2] & _WRITES)
        )
        is_question = event == "os.kill" and arguments[1] == 0  # asks whether a process lives, does nothing
        if is_dying or is_question or not (is_write or event in STEPS):
            return
        passed += 1
        if passed == step:
            is_dying = True
            (home.parent / "event").write_text(f"{event} {arguments[:2]}")
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def cloud_of(home: Path) -> LocalCloud:
    return LocalCloud(
        home,
        deployment="killed",
        guest=GUEST,
        caddy=Path("/bin/false"),
        uv=Path("/bin/false"),
        max_instances=1,
    )


async def create(home: Path) -> None:
    cloud = cloud_of(home)
    port = await cloud.create_port(MARK)
    await cloud.create_floating_ip(MARK, port.id)
    await cloud.create_server(
        ServerSpec(
            mark=MARK, flavor="local.small", image="", port_id=port.id, volume_id=None, metadata={}, launch={}
        )
    )


async def delete(home: Path) -> None:
    cloud = cloud_of(home)
    objects = (await cloud.listing()).objects
    for kind in DELETION_ORDER:
        for there in objects:
            if there.kind is kind:
                await cloud.delete(kind, there.id)


async def clear_away(home: Path) -> list[str]:
    """Start again as a new driver, delete all that is listed, make and delete one more; returns what is left over."""
    left: list[str] = []
    await cloud_of(home).open()
    await delete(home)
    left += [f"listed {o}" for o in (await cloud_of(home).listing()).objects]
    await create(home)
    await delete(home)
    left += [f"listed {o}" for o in (await cloud_of(home).listing()).objects]
    return [*left, *files_of(home), *processes_of(home)]


def files_of(home: Path) -> list[str]:
    """What lies in the folders of the kinds, which themselves stay."""
    return [str(path.relative_to(home)) for path in home.rglob("*") if path.parent != home]


def processes_of(home: Path) -> list[str]:
    """Processes of this home's instances."""
    found = []
    for process in of_this_user():
        with suppress(psutil.Error):
            if process.environ().get("HOME", "").startswith(str(home)):
                found.append(f"process {process.pid} {process.cmdline()}")
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
