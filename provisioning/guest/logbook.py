"""The full log, for people: every line with its time and where it came from. Bounded, and clean of control characters."""

from __future__ import annotations

import re
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import Optional

_MOST = 20_000_000
_KEPT_START = 1_000_000
_KEPT_END = 9_000_000
_LONGEST_LINE = 4_000
# Colours and cursor movements of programs that think they have a terminal, then any other control character.
_NOISE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


def cleaned(line: str) -> str:
    """A line as a person should see it."""
    return _NOISE.sub("", line).rstrip()[:_LONGEST_LINE]


class Logbook:
    """Appends lines to a file of at most about 20 MB: when full, its middle is left out."""

    def __init__(self, path: Path, *, most: int = _MOST) -> None:
        self.path = path
        self._most = most
        self._lock = threading.Lock()
        path.touch(mode=0o600)

    def write(self, source: str, line: str, now: Optional[datetime] = None) -> None:
        """Add one line; ``source`` says which part of the launch speaks."""
        at = (now or datetime.now(timezone.utc)).strftime("%Y-%m-%dT%H:%M:%SZ")
        with self._lock, self.path.open("ab") as opened:
            opened.write(f"{at} {source:<7}| {cleaned(line)}\n".encode(errors="replace"))
            size = opened.tell()
        if size > self._most:
            self._shorten()

    def part(self, offset: int, most: int) -> tuple[bytes, int]:
        """At most ``most`` bytes from ``offset``, and the whole log's size."""
        with self._lock, self.path.open("rb") as opened:
            size = opened.seek(0, 2)
            opened.seek(max(0, min(offset, size)))
            return opened.read(most), size

    def _shorten(self) -> None:
        with self._lock:
            whole = self.path.read_bytes()
            ratio = self._most / _MOST
            start, end = int(_KEPT_START * ratio), int(_KEPT_END * ratio)
            kept = whole[:start].rpartition(b"\n")[0] + b"\n... left out: the log was too long ...\n"
            self.path.write_bytes(kept + whole[-end:].partition(b"\n")[2])
