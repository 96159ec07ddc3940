"""A person's work: the files that are new or changed since the environment was first ready, streamed as a zip.

The agent reads as root what a person may change at any moment: it follows no link, and reads only the very file that it saw.
"""

from __future__ import annotations

import os
import re
import stat
import threading
import time
import zipfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Callable, Iterator, Optional, Sequence, Set, Tuple

from .durable import read_json, write_json
from .processes import TooLongError

MOST_MIB = 1024
_EACH = 1 << 15  # what a file counts beside its size
_LOOK_S, _WRITE_S = 60, 1800
_NO_WORK = (
    "__pycache__", "node_modules", "venv", ".venv", ".cache", ".conda", ".config", ".git", ".ipynb_checkpoints", ".ipython",
    ".jupyter", ".local", ".npm",
)  # fmt: skip
_UNSAFE = re.compile(r"[\\:\x00-\x1f\x7f\ud800-\udfff]|[. ]+(?=/|$)")

Found = Tuple[str, int, os.stat_result]  # the path, its folder opened, and how the file is


class Work:
    """``place`` says where it is, part by part of a path; only the first part may lead through links."""

    def __init__(self, file: Path) -> None:
        self.place: Callable[[], Sequence[str]] = lambda: [""]
        self._turn = threading.Lock()
        self._file = file

    def remember(self) -> None:
        """When each file was changed, the first time. What is not remembered counts as new."""
        if not self._file.exists():
            with suppress(OSError, TooLongError):
                found = zip(range(200_000), self._all(_LOOK_S))
                write_json(self._file, {path: how.st_ctime_ns for _, (path, _, how) in found})

    def look(self) -> Tuple[int, int, int]:
        """How many files go into the archive, their bytes, and how many do not fit. Raises ``OSError``, `TooLongError`."""
        if self._turn.locked():
            raise OSError("somebody downloads them; try again in a minute")
        sizes = [(fits, how.st_size) for fits, (_, _, how) in self._changed(_LOOK_S)]
        taken = [size for fits, size in sizes if fits]
        return len(taken), sum(taken), len(sizes) - len(taken)

    def write(self, to: Any, top: str) -> None:
        """Write the archive, all in a folder ``top``. Raises as `look`, and then it is not whole."""
        names: Set[str] = set()
        with self._turn, zipfile.ZipFile(to, "w") as packed:
            for fits, (path, folder, how) in self._changed(_WRITE_S):
                if fits:
                    at = time.gmtime(min(max(how.st_mtime, 4e8), 4e9))
                    info = zipfile.ZipInfo(f"{top}/{safe(path, names)}", at[:6])
                    info.compress_type = zipfile.ZIP_DEFLATED
                    info.external_attr = how.st_mode << 16
                    with packed.open(info, "w") as file:
                        for chunk in _content(path.rpartition("/")[2], folder, how):
                            file.write(chunk)

    def _changed(self, limit_s: float) -> Iterator[Tuple[bool, Found]]:
        before = read_json(self._file) or {}
        left = MOST_MIB << 20
        for found in self._all(limit_s):
            path, _, how = found
            if before.get(path) != how.st_ctime_ns:
                fits = how.st_size + _EACH <= left
                left -= (how.st_size + _EACH) * fits
                yield fits, found

    def _all(self, limit_s: float) -> Iterator[Found]:
        return _below(self.place(), None, time.monotonic() + limit_s)


def safe(path: str, taken: Set[str]) -> str:
    """A name that every reader of archives takes for a file below where it unpacks to; none of those taken."""
    name = _UNSAFE.sub("_", path)
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _below(parts: Sequence[str], folder: Optional[int], ends: float) -> Iterator[Found]:
    with _opened(parts[0], folder, os.O_DIRECTORY) as inner:
        yield from _below(parts[1:], inner, ends) if parts[1:] else _walk(inner, "", ends)


def _walk(folder: int, below: str, ends: float) -> Iterator[Found]:
    device = os.fstat(folder).st_dev
    with os.scandir(folder) as entries:
        for entry in entries:
            if time.monotonic() > ends:
                raise TooLongError
            with suppress(OSError):  # it vanished
                how = entry.stat(follow_symlinks=False)
                is_inside = how.st_dev == device and below.count("/") < 50 and entry.name not in _NO_WORK
                if stat.S_ISREG(how.st_mode):
                    yield below + entry.name, folder, how
                elif stat.S_ISDIR(how.st_mode) and is_inside:
                    with _opened(entry.name, folder, os.O_DIRECTORY) as inner:
                        yield from _walk(inner, f"{below}{entry.name}/", ends)


def _content(name: str, folder: int, how: os.stat_result) -> Iterator[bytes]:
    """No more than was counted, though it may grow; nothing where it is another file by now."""
    with suppress(OSError), _opened(name, folder) as file:
        left = how.st_size * os.path.samestat(how, os.fstat(file))
        while left and (chunk := os.read(file, min(left, _EACH))):
            yield chunk
            left -= len(chunk)


@contextmanager
def _opened(name: str, folder: Optional[int], flags: int = 0) -> Iterator[int]:
    opened = os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    try:
        yield opened
    finally:
        os.close(opened)
