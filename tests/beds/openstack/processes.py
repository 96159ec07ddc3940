"""Processes of the cloud, and commands on its behalf. ``run/NAME.pid`` holds "pid start-time": a pid used again is never ours."""

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import config
from config import CONF, LOG, RUN, STATE, VENV

BIN = VENV / "bin"
MACHINE = config.GUEST_SCRIPTS / "machine"
ENV = {
    **os.environ,
    "PATH": f"{BIN}:{os.environ['PATH']}:/usr/sbin",
    "OPENSTACK_DEV_CONSOLES": str(config.CONSOLES),
    "OPENSTACK_DEV_STATE": str(STATE),
    "OPENSTACK_DEV_MACHINE": str(MACHINE),
    "PYTHONWARNINGS": "ignore",
    **{f"OS_{name}_CONFIG_DIR": str(CONF) for name in ("KEYSTONE", "GLANCE", "PLACEMENT", "NOVA", "NEUTRON")},
    "OS_KEYSTONE_CONFIG_FILES": "keystone.conf",
    "OS_NOVA_CONFIG_FILES": f"{VENV}/etc/nova/api-paste.ini;nova.conf",
    "OS_NEUTRON_CONFIG_FILES": "neutron.conf",
}
_STARTED = time.monotonic()
_given_up = threading.Event()


def say(text: str) -> None:
    print(f"[{time.monotonic() - _STARTED:5.1f}s] {text}", flush=True)


def end_on_sigterm() -> None:
    """From now on SIGTERM ends us between two commands: none is cut off, no process is started unnoticed."""
    signal.signal(signal.SIGTERM, lambda *_: _given_up.set())


def _go_on() -> None:
    if _given_up.is_set():
        sys.exit("ended by SIGTERM")


def born(pid: int) -> str | None:
    """The start time of a live process, None for a dead one."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else fields[19]


def pid_of(name: str) -> int | None:
    """The pid of a process that we started and that lives."""
    try:
        pid, start_time = (RUN / f"{name}.pid").read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    return int(pid) if born(int(pid)) == start_time else None


def start(name: str, *command: str | pathlib.Path, **env: str) -> None:
    """Start it unless it lives."""
    _go_on()
    if pid_of(name):
        return
    with (LOG / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**ENV, **env},
            cwd=STATE,
            start_new_session=True,
        )
    (RUN / f"{name}.pid").write_text(f"{process.pid} {born(process.pid)}")


def stop(names: Iterable[str], patience: float = 15) -> None:
    """End them and their process groups; by force after so many seconds."""
    names = list(names)
    pids = [pid for name in names if (pid := pid_of(name))]
    for sig in (signal.SIGTERM, signal.SIGKILL):
        for pid in pids:
            if born(pid):
                os.killpg(pid, sig)
        deadline = time.monotonic() + patience
        while any(map(born, pids)) and time.monotonic() < deadline:
            time.sleep(0.1)
    for name in names:
        (RUN / f"{name}.pid").unlink(missing_ok=True)


def wait(name: str, ready: Callable[[], bool], timeout: float = 300) -> None:
    """Until ``ready()`` is true; fails at once when the process has ended."""
    deadline = time.monotonic() + timeout
    while not ready():
        _go_on()
        if not (pid_of(name) or ready()) or time.monotonic() > deadline:
            tail = "\n".join((LOG / f"{name}.log").read_text(errors="replace").splitlines()[-25:])
            sys.exit(f"{tail}\n{name} did not become healthy; see {LOG / name}.log")
        time.sleep(0.2)


def run(
    *command: str | pathlib.Path, check: bool = True, **options: Any
) -> "subprocess.CompletedProcess[Any]":
    """A command to its end, told what the cloud's processes are told."""
    _go_on()
    return subprocess.run(command, check=check, env=ENV, cwd=STATE, **options)


def run_quietly(log: str, *command: str | pathlib.Path) -> None:
    """The same; its output goes to a log and is shown only when it fails."""
    with (LOG / f"{log}.log").open("a+b") as file:
        begin = file.tell()
        if run(*command, check=False, stdout=file, stderr=file).returncode:
            file.seek(begin)
            told = file.read()[-3000:].decode(errors="replace")
            sys.exit(f"{told}\n{' '.join(map(str, command))} failed")


def session(leader: int) -> Iterator[str]:
    """The pids of the session that a process leads."""
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            if stat.read_text().rpartition(")")[2].split()[3] == str(leader):
                yield stat.parent.name
        except OSError:  # ended meanwhile
            pass


def proportional_set_size(pid: str) -> int:
    """In KiB; shared pages are split between their owners."""
    try:
        lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
