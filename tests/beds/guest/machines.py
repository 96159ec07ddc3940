"""A guest's life: systemd as the first process of its own mount, pid, network, name, message and control-group namespaces.

A process of ours supervises each: boots it, again after a reboot from inside, and keeps its console. ``machine.pid`` and
``init.pid`` of a guest's folder hold the supervisor's and the systemd's process. All contents stay in the folder.
"""

import os
import pathlib
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

import groups
import network
from spec import Spec

_HERE = pathlib.Path(__file__).resolve().parent
_REBOOTS = -signal.SIGHUP  # how a pid namespace ends when its first process reboots
_POWER_OFF = signal.SIGRTMIN + 4  # systemd's
_FORCED_S = 20.0
_NAMESPACES = ("--mount", "--pid", "--ipc", "--uts", "--cgroup", "--fork", "--kill-child")


def main(words: Sequence[str], usage: str | None) -> int:
    match words:
        case ["network", "up"]:
            network.up()
        case ["network", "down"]:
            network.down()
        case ["mount", base, root]:
            mount(pathlib.Path(base), pathlib.Path(root))
        case ["unmount", base]:
            unmount(pathlib.Path(base))
        case ["alive", folder]:
            return 0 if _supervisor(pathlib.Path(folder)) else 1
        case ["start", folder]:
            start(pathlib.Path(folder).resolve())
        case ["supervise", folder]:
            supervise(pathlib.Path(folder).resolve())
        case ["stop", folder, *patience] if len(patience) < 2:
            stop(pathlib.Path(folder).resolve(), *map(float, patience))
        case _:
            sys.exit(usage)
    return 0


def mount(base: pathlib.Path, root: pathlib.Path) -> None:
    base.mkdir(exist_ok=True)
    if not base.is_mount():
        subprocess.run(["mount", "-o", "loop,ro", root, base], check=True)


def unmount(base: pathlib.Path) -> None:
    if base.is_mount():
        subprocess.run(["umount", base], check=True)


def start(folder: pathlib.Path) -> None:
    """Returns once its systemd is about to run. Exits where that cannot be."""
    if _supervisor(folder):
        return
    (folder / "init.pid").unlink(missing_ok=True)
    with (folder / "machine.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, _HERE / "machine", "supervise", folder],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )
    (folder / "machine.pid").write_text(f"{process.pid} {_born(process.pid)}")
    while not (folder / "init.pid").exists():
        if process.poll() is not None:
            sys.exit(f"the guest did not start; see {folder}/machine.log and its console")
        time.sleep(0.02)


def stop(folder: pathlib.Path, patience_s: float = 0) -> None:
    """Asks its systemd for so long, then kills it: then nothing of the guest runs."""
    supervisor = _supervisor(folder)
    for number, limit_s in ((_POWER_OFF, patience_s), (signal.SIGKILL, _FORCED_S)):
        deadline, asked = time.monotonic() + limit_s, 0
        while time.monotonic() < deadline:
            if not _supervisor(folder):
                return
            init = int((folder / "init.pid").read_text() or 0)
            if init not in (0, asked):  # another one after a reboot from inside
                with suppress(ProcessLookupError):
                    os.kill(init, number)
                asked = init
            time.sleep(0.05)
    if _supervisor(folder):
        sys.exit(f"{folder}: process {supervisor} does not end")


def supervise(folder: pathlib.Path) -> None:
    """Until the guest is off."""
    spec = Spec.of(folder)
    for name in ("upper", "work", "root", "docker"):
        (folder / name).mkdir(exist_ok=True)
    made = groups.make(spec)
    network.join(spec)
    command = _boot(spec, folder, made)
    status = int(_REBOOTS)
    with pathlib.Path(spec.console).open("ab", buffering=0) as console:
        while status == _REBOOTS:
            ours, theirs = pty.openpty()
            guest = subprocess.Popen(
                command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
            )
            os.close(theirs)
            with suppress(OSError):  # the last that held the console is gone
                while data := os.read(ours, 65536):
                    console.write(data)
            os.close(ours)
            status = guest.wait()
    network.leave(spec)
    groups.remove(made)


def _boot(spec: Spec, folder: pathlib.Path, into: Sequence[pathlib.Path]) -> list[str]:
    enter = " ".join(f'echo $$ >"{group}/cgroup.procs";' for group in into)
    boot = ("ip", "netns", "exec", spec.namespace, "unshare", *_NAMESPACES, "bash", str(_HERE / "boot.sh"))
    return ["bash", "-c", f'{enter} exec "$@"', "enter", *boot, spec.base, str(folder), spec.name]


def _supervisor(folder: pathlib.Path) -> int | None:
    """Its pid while the guest runs."""
    try:
        pid, born = (folder / "machine.pid").read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    return int(pid) if _born(int(pid)) == born else None


def _born(pid: int) -> str | None:
    """The start time of a live process, None for a dead one."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else fields[19]
