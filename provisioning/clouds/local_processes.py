"""The processes of local instances: starting a supervisor, finding whatever belongs to an instance, ending all of it.

An instance's processes are found by three ways that do not depend on each other: below its supervisor, which adopts
orphans; by the mark in their environment; and by the supervisor's lock. Blocking: call it in a thread.
"""

import fcntl
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from provisioning.clouds import local_supervisor
from provisioning.errors import TemporaryError

MARK = "BINDEROPS_SERVER"  # in the environment of every process of an instance
_PASSED_ON = re.compile(
    r"(PIP|UV|SSL_CERT)_.*|REQUESTS_CA_BUNDLE|https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY|LANG|TZ"
    r"|DOCKER_(HOST|CONTEXT|CERT_PATH|TLS_VERIFY)"
)
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
_STOP_S = local_supervisor.GRACE_S + 2
_KILL_S = 10
_LONGEST_TMPDIR = 60  # bytes: programs put sockets there, whose whole path may hold 107


def own_programs() -> str:
    """The folder of our virtual environment's programs; empty where we run without one."""
    return str(Path(sys.prefix) / "bin") if sys.prefix != sys.base_prefix else ""


def environment(given: Mapping[str, str], folder: Path, *, cache: Path, without: str = "") -> dict[str, str]:
    """All that an instance's processes get of our environment, and what they get of their own. Pure.

    ``without`` is left out of the PATH: an instance's ``python`` is the machine's, not ours.
    """
    path = [p for p in given.get("PATH", _SYSTEM_PATH).split(os.pathsep) if p and p != without]
    passed = {name: value for name, value in given.items() if _PASSED_ON.fullmatch(name)}
    temporary = {"TMPDIR": str(folder / "tmp")} if len(str(folder / "tmp")) <= _LONGEST_TMPDIR else {}
    return {
        **passed,
        **temporary,
        "PATH": os.pathsep.join([str(folder / "bin"), *path]),
        "HOME": str(folder / "home"),
        "CADDY_BIN": str(folder / "bin" / "caddy"),
        "UV_BIN": str(folder / "bin" / "uv"),
        "UV_CACHE_DIR": str(cache),
        MARK: folder.name,
    }


def is_running(folder: Path) -> bool:
    """Whether the instance's supervisor lives."""
    try:
        with (folder / local_supervisor.LOCK).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def has_run(folder: Path) -> bool:
    """Whether a supervisor was ever started here."""
    return (folder / local_supervisor.LOCK).exists()


def start(folder: Path, variables: Mapping[str, str]) -> None:
    """Start the instance; it runs when this returns, and goes on without us. One that runs already is left alone."""
    program = Path(local_supervisor.__file__)
    with (folder / "console.log").open("ab") as console:
        done = subprocess.run(  # noqa: S603  a list of our own words
            [sys.executable, "-I", str(program), str(folder)],
            cwd=folder, env=dict(variables), stdin=subprocess.DEVNULL, stdout=console, stderr=console,
            start_new_session=True, check=False,
        )  # fmt: skip
    if done.returncode not in (0, local_supervisor.ALREADY_RUNS):
        raise TemporaryError(
            "instance-start-failed",
            f"The instance's supervisor ended with {done.returncode}.",
            f"Its words are in {folder / 'console.log'}.",
        )


def stop(folder: Path) -> None:
    """End every process of the instance: asked first, then killed. Raises `TemporaryError` where one does not die."""
    supervisor = _supervisor(folder)
    known = [supervisor, *_below(supervisor)] if supervisor else []
    if supervisor:
        with suppress(psutil.NoSuchProcess):
            supervisor.terminate()
        deadline = time.monotonic() + _STOP_S
        while is_running(folder) and time.monotonic() < deadline:
            time.sleep(0.02)
    kill_all(folder.name, known)


def kill_all(server_id: str, known: Iterable[psutil.Process] = ()) -> None:
    """Kill the known processes and all that carry the instance's mark, until none is left."""
    deadline = time.monotonic() + _KILL_S
    left = {p for p in known if _lives(p)}
    while time.monotonic() < deadline:
        left |= marked(server_id)
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        left = {
            p for p in left if _lives(p)
        }  # not `wait_procs`: it waits for whoever has to collect the dead
        if not left and not marked(server_id):  # the second look finds what was being born during the first
            return
        time.sleep(0.02)
    raise TemporaryError(
        "instance-does-not-end",
        f"{len(left)} processes of the instance do not end: {sorted(p.pid for p in left)}.",
        "It is tried again. A process that waits for a disk ends when the disk answers.",
    )


def marked(server_id: str) -> set[psutil.Process]:
    """Every process of this user that carries the instance's mark."""
    return {p for p in of_this_user() if _mark(p) == server_id}


def of_this_user() -> Iterable[psutil.Process]:
    """The processes of the account that we run as."""
    me = os.geteuid()
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.uids().effective == me:
                yield process


def memory_mib(folder: Path) -> int:
    """Resident memory of the instance's processes; pages that two of them share count twice."""
    supervisor = _supervisor(folder)
    processes = marked(folder.name) | set(_below(supervisor) if supervisor else ())
    total = 0
    for process in processes:
        with suppress(psutil.Error):
            total += process.memory_info().rss
    return total // 2**20


def _supervisor(folder: Path) -> psutil.Process | None:
    if not is_running(folder):
        return None
    try:
        process = psutil.Process(int((folder / local_supervisor.LOCK).read_text()))
    except (OSError, ValueError, psutil.Error):
        return None
    return process if _mark(process) == folder.name else None


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _mark(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
