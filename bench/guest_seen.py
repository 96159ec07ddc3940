"""A running guest of the bed, looked at from this machine: its files and its logs, at no cost to it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.guest_figures import Line
from tests.beds.guest_bed import folder_of

LOOK_EVERY_S = 0.05


class Guest:
    """One that has booted."""

    def __init__(self, pid: int) -> None:
        self.pid = pid  # of its first process, on this machine

    @classmethod
    def of(cls, server: str) -> "Guest | None":
        """The guest of a server; None while it has not booted."""
        try:
            return cls(int((folder_of(server) / "init.pid").read_text()))
        except (FileNotFoundError, ValueError):
            return None

    @property
    def booted(self) -> float:
        """When its first process began."""
        return float(psutil.Process(self.pid).create_time())

    def path(self, name: str) -> Path:
        """A file of it: the namespace's own, also where something is mounted there."""
        return Path(f"/proc/{self.pid}/root") / name.lstrip("/")


class Followed:
    """A log that grows: each line with the time when it was whole, to `LOOK_EVERY_S`."""

    def __init__(self, path: Path) -> None:
        self.lines: list[Line] = []
        self._path = path
        self._offset = 0
        self._rest = ""

    def look(self) -> None:
        """Take what is new; a file that is not there yet is empty."""
        try:
            with self._path.open("rb") as opened:
                opened.seek(self._offset)
                new = opened.read()
        except OSError:
            return
        now = time.time()
        self._offset += len(new)
        *whole, self._rest = (self._rest + new.decode(errors="replace")).split("\n")
        self.lines += [Line(at=now, text=text) for text in whole]


@contextmanager
def followed(path: Path) -> Iterator[Followed]:
    """The log, looked at by a thread as long as the context lasts."""
    found, ends = Followed(path), threading.Event()

    def look() -> None:
        while not ends.wait(LOOK_EVERY_S):
            found.look()
        found.look()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        ends.set()
        thread.join()


def until_there(path: Path, *, within_s: float = 20) -> Path:
    """A file that is written in a moment. Raises TimeoutError."""
    ends = time.monotonic() + within_s
    while not path.exists():
        if time.monotonic() > ends:
            raise TimeoutError(f"{path} is not there")
        time.sleep(LOOK_EVERY_S)
    return path
