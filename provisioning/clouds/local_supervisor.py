"""The first process of a local instance: keeps the guest agent running, as systemd's ``Restart=always`` would.

Run as a file, ``python -I local_supervisor.py SERVER_FOLDER``, with nothing but the standard library. The command returns once the
supervisor lives on by itself: it then holds a lock on ``supervisor.lock``, and the lock, not a process id, is what says that
the instance runs. Ends with `ALREADY_RUNS` where another one holds it. SIGTERM ends the agent and everything below it.
"""

import ctypes
import fcntl
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

ALREADY_RUNS = 3  # exit status
LOCK = "supervisor.lock"
GRACE_S = 5  # how long the agent may take to end its children

_LOCK_PATIENCE_S = 3  # somebody who only looks holds the lock for an instant
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 30
_SOUND_AFTER_S = 60  # an agent that lived so long does not pay for earlier deaths
_PR_SET_CHILD_SUBREAPER = 36


def main(folder: Path) -> int:
    """Take the lock, go to the background, supervise until SIGTERM."""
    lock = take(folder / LOCK)
    if lock is None:
        return ALREADY_RUNS
    child = (
        os.fork()
    )  # the lock belongs to the open file: the child has it before the caller hears of success
    if child:
        lock.truncate(0)
        lock.write(str(child))
        lock.flush()
        return 0
    adopt_orphans()
    Supervisor(folder).run()
    return 0


def take(path: Path) -> TextIO | None:
    """The locked file, or nothing where another process keeps it."""
    file = path.open("a")
    deadline = time.monotonic() + _LOCK_PATIENCE_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.close()
                return None
            time.sleep(0.02)
        else:
            return file


def adopt_orphans() -> None:
    """Become the parent of every process below us that loses its own, so that none gets away. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Supervisor:
    """Runs ``python -m guest STATE`` again whenever it ends, later each time; ``run`` returns after SIGTERM."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._agent: int | None = None
        self._is_told = False
        self._woken, self._waker = os.pipe()
        for end in (self._woken, self._waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._told)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only wakes
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def run(self) -> None:
        pause = _FIRST_PAUSE_S
        while not self._is_told:
            began = time.monotonic()
            self._start()
            self._wait(lambda: self._is_told or self._agent is None)
            if self._is_told:
                break
            kill_children()  # as systemd does: nothing of the dead agent keeps its ports
            if time.monotonic() - began > _SOUND_AFTER_S:
                pause = _FIRST_PAUSE_S
            say(f"the agent ended, it starts again in {pause:g} s")
            self._wait(lambda: self._is_told, pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
        if self._agent is not None:
            os.kill(self._agent, signal.SIGTERM)  # not reaped yet, so the number is still its own
            self._wait(lambda: self._agent is None, GRACE_S)
        kill_children()

    def _start(self) -> None:
        command = [sys.executable, "-u", "-m", "guest", str(self._folder / "state")]
        agent = subprocess.Popen(command, cwd=self._folder / "agent", start_new_session=True)  # noqa: S603  our own words
        agent.returncode = 0  # `_reap` waits for it, not this object
        self._agent = agent.pid

    def _told(self, *_: object) -> None:
        self._is_told = True

    def _wait(self, is_over: Callable[[], bool], seconds: float | None = None) -> None:
        """Sleep until it is over or the time is up, collecting dead children at every signal."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while True:
            self._reap()
            left = None if deadline is None else deadline - time.monotonic()
            if is_over() or (left is not None and left <= 0):
                return
            if select.select([self._woken], [], [], left)[0]:
                os.read(self._woken, 512)

    def _reap(self) -> None:
        for pid in dead_children():
            if pid == self._agent:
                self._agent = None


def dead_children() -> Iterator[int]:
    """Collect every child that has ended."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid


def kill_children() -> None:
    """Kill all that is below us: whoever loses its parent becomes our child, until none is left. Elsewhere than on Linux: nothing."""
    while children := tuple(living_children()):
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
        for _ in dead_children():
            pass


def living_children() -> Iterator[int]:
    """Our direct children by the kernel's own list, the dying ones left out."""
    me = str(os.getpid())
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it ended meanwhile
        if parent == me and state != "Z":
            yield int(folder.name)


def say(text: str) -> None:
    """One line on the console."""
    sys.stdout.write(f"supervisor: {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
