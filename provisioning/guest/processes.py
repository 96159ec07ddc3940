"""Programs that the agent runs: one function to run one to its end, one class to keep one alive, one end for all.

The agent makes itself the reaper of what its children leave behind, so that nothing outlives it: not a kernel in its own
session, not a daemon that a script started.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Mapping, Optional, Sequence

from .logbook import cleaned

MARK = "BINDEROPS_GUEST"
_PR_SET_CHILD_SUBREAPER = 36
_KEPT_LINES = 400
_LOOK_EVERY_S = 0.25
_PATIENCE_S = 8.0
_STEADY_S = 60.0

OnLine = Callable[[str], None]


class StoppedError(Exception):
    """The agent was told to end."""


class TooLongError(Exception):
    """A program ran longer than it may; ``lines`` are the newest that it said."""

    def __init__(self, lines: Sequence[str] = ()) -> None:
        super().__init__()
        self.lines = lines


@dataclass(frozen=True)
class Finished:
    """How a program ended, and the newest 400 lines that it said."""

    code: int
    lines: tuple[str, ...]


class Children:
    """All programs of the agent on one state folder. Each carries ``mark`` in its environment."""

    def __init__(self, mark: str) -> None:
        self.stopping = threading.Event()
        self._mark = mark
        self._lock = threading.Lock()
        self._live: dict[int, subprocess.Popen[bytes]] = {}
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def run(
        self,
        args: Sequence[str],
        *,
        env: Mapping[str, str],
        limit_s: float,
        cwd: Optional[Path] = None,
        on_line: Optional[OnLine] = None,
        watch: Optional[Callable[[], None]] = None,
    ) -> Finished:
        """Run a program to its end; output and errors come as lines. What it leaves running is killed.

        ``watch`` is called about each second and stops the program by raising. Raises `TooLongError`, `StoppedError`,
        ``OSError`` where there is no such program.
        """
        lines: deque[str] = deque(maxlen=_KEPT_LINES)

        def hear(line: str) -> None:
            lines.append(line)
            if on_line:
                on_line(line)

        child, reader = self._start(args, env, cwd, hear)
        try:
            self._await(child, time.monotonic() + limit_s, watch)
        except TooLongError as error:
            error.lines = tuple(lines)
            raise
        finally:
            self._end(child)
            reader.join(timeout=5)
        return Finished(code=child.returncode, lines=tuple(lines))

    def start(
        self, args: Sequence[str], env: Mapping[str, str], cwd: Optional[Path], on_line: OnLine
    ) -> subprocess.Popen[bytes]:
        """Start a program that stays."""
        return self._start(args, env, cwd, on_line)[0]

    def forget(self, child: subprocess.Popen[bytes]) -> None:
        """A program that `start` started has ended: end what it left of its group."""
        self._end(child)

    def end_leftovers(self) -> int:
        """End what an agent before this one, killed without a word, left running; how many there were."""
        wanted = f"{MARK}={self._mark}".encode()
        most = time.monotonic() + _PATIENCE_S
        count = 0
        while (found := [pid for pid in _processes() if _has_mark(pid, wanted)]) and time.monotonic() < most:
            count = count or len(found)
            for pid in found:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        return count

    def reap(self) -> None:
        """Take the exit codes of orphans that ended, which nobody else waits for."""
        with self._lock:
            for pid, (parent, state) in _processes().items():
                if parent == os.getpid() and state == "Z" and pid not in self._live:
                    with suppress(ChildProcessError):
                        os.waitpid(pid, os.WNOHANG)

    def stop_all(self) -> None:
        """End everything below this process: the programs politely for 8 s, then all by force."""
        self.stopping.set()
        with self._lock:
            for pid in self._live:
                _signal_group(pid, signal.SIGTERM)
        polite = time.monotonic() + _PATIENCE_S
        force = polite + _PATIENCE_S
        while (now := time.monotonic()) < force:
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            rest = _descendants(os.getpid())
            if not rest:
                return
            # What is left once the programs themselves are gone was left behind: nobody will end it politely.
            if now > polite or not self._live.keys() & set(rest):
                for pid in rest:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    def _start(
        self, args: Sequence[str], env: Mapping[str, str], cwd: Optional[Path], on_line: OnLine
    ) -> tuple[subprocess.Popen[bytes], threading.Thread]:
        with self._lock:  # or a child that ends at once could be taken for an orphan
            if self.stopping.is_set():
                raise StoppedError
            child = subprocess.Popen(
                list(args), env={**env, MARK: self._mark}, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            self._live[child.pid] = child
        reader = threading.Thread(target=_read, args=(child, on_line), daemon=True, name=f"read-{child.pid}")
        reader.start()
        return child, reader

    def _await(
        self, child: subprocess.Popen[bytes], ends: float, watch: Optional[Callable[[], None]]
    ) -> None:
        looked = time.monotonic()
        while True:
            with suppress(subprocess.TimeoutExpired):
                child.wait(timeout=_LOOK_EVERY_S)
                return
            now = time.monotonic()
            if self.stopping.is_set():
                raise StoppedError
            if now > ends:
                raise TooLongError
            if watch and now - looked > 1:
                looked = now
                watch()

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        _signal_group(child.pid, signal.SIGKILL)
        child.wait()
        with self._lock:
            self._live.pop(child.pid, None)


class Service(threading.Thread):
    """Keeps one program alive: started again when it ends, after 1 s, 2 s, up to 30 s."""

    def __init__(
        self,
        name: str,
        children: Children,
        command: Callable[[], Sequence[str]],
        env: Mapping[str, str],
        cwd: Path,
        on_line: OnLine,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.ended = 0  # how often the program ended by itself
        self._child: Optional[subprocess.Popen[bytes]] = None
        self._is_renewed = False
        self._children = children
        self._command = command
        self._env = env
        self._cwd = cwd
        self._on_line = on_line

    def renew(self) -> None:
        """End the program by force, and with it all that hangs on it; it starts again at once."""
        if (child := self._child) is not None:
            self._is_renewed = True
            child.kill()

    def run(self) -> None:
        pause = 1.0
        while not self._children.stopping.is_set():
            began = time.monotonic()
            try:
                child = self._children.start(self._command(), self._env, self._cwd, self._on_line)
                self._child = child
                code: object = child.wait()
                self._child = None
                self._children.forget(child)
            except StoppedError:
                return
            except OSError as error:
                code = error
            if self._is_renewed:
                self._is_renewed = False
                continue
            self.ended += 1
            if time.monotonic() - began > _STEADY_S:
                pause = 1.0
            if not self._children.stopping.is_set():
                self._on_line(f"{self.name} ended ({code}); it starts again in {pause:g} s")
            self._children.stopping.wait(pause)
            pause = min(30.0, pause * 2)


def _read(child: subprocess.Popen[bytes], on_line: OnLine) -> None:
    if child.stdout is None:
        return
    with child.stdout as output:
        while raw := output.readline(8192):
            text = raw.decode(errors="replace").rstrip("\r\n").rpartition("\r")[2]
            on_line(cleaned(text))


def _signal_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _processes() -> dict[int, tuple[int, str]]:
    """Every process: its parent and its state."""
    found: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            found[int(entry.name)] = (int(parent), state)
    return found


def _has_mark(pid: int, wanted: bytes) -> bool:
    if pid == os.getpid():
        return False
    with suppress(OSError):
        return wanted in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return False


def _descendants(root: int) -> list[int]:
    parents = {pid: parent for pid, (parent, _) in _processes().items()}
    found: list[int] = []
    level = [root]
    while level:
        level = [pid for pid, parent in parents.items() if parent in level]
        found.extend(level)
    return found
