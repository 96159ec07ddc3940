"""What the agent tells: numbered, repeatable reports, on the console in short and to the bot in full."""

from __future__ import annotations

import json
import sys
import threading
import time
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, Mapping, Optional, Sequence

from .logbook import Logbook, cleaned

_LONGEST_LINE = 1024
_LONGEST_MESSAGE = 500
_MOST_AT_ONCE = 200
_ON_CONSOLE = ("v", "n", "t", "phase", "step", "msg", "cert_sha256", "awaits")


def console_line(report: Mapping[str, Any]) -> str:
    """The report in short, at most 1 KB: what does not fit is cut off the message's end."""
    short = {key: report[key] for key in _ON_CONSOLE if report.get(key)}
    short.setdefault("msg", "")
    while True:
        line = "binderops: " + json.dumps(short, separators=(",", ":"))
        over = len(line) + 1 - _LONGEST_LINE
        if over <= 0 or not short["msg"]:
            return line
        # One character may be twelve in JSON: cut at least one, at most what is over.
        short["msg"] = short["msg"][: -max(1, over // 12)]


def _to_console(line: str) -> None:
    print(line, file=sys.stdout, flush=True)


class Reports:
    """The reports of one state folder. Numbers rise over restarts of the agent."""

    def __init__(self, path: Path, log: Logbook, *, console: Callable[[str], None] = _to_console) -> None:
        self._path = path
        self._log = log
        self._console = console
        self._changed = threading.Condition()
        self._all: list[dict[str, Any]] = _read(path)
        self.cert_sha256 = self.uncertified = ""

    @property
    def last(self) -> Optional[Mapping[str, Any]]:
        """The newest report."""
        return self._all[-1] if self._all else None

    def say(
        self,
        phase: str,
        message: str,
        *,
        step: Optional[tuple[int, int]] = None,
        note: str = "",
        interfaces: Optional[Sequence[Mapping[str, str]]] = None,
        failure: Optional[Mapping[str, Any]] = None,
        open_path: str = "",
        awaits: str = "",
    ) -> None:
        """Tell one thing: kept on disk, on the console, and to whoever polls."""
        text = " ".join(cleaned(message).split())[:_LONGEST_MESSAGE]
        extras = {
            "step": list(step) if step else None,
            "cert_sha256": self.cert_sha256,
            "uncertified": self.uncertified,
            "note": note,
            "interfaces": None if interfaces is None else list(interfaces),
            "failure": failure,
            "open_path": open_path,
            "awaits": awaits,
        }
        with self._changed:
            number = self._all[-1]["n"] + 1 if self._all else 1
            now = datetime.now(timezone.utc)
            at = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"
            report = {"v": 1, "n": number, "t": at, "phase": phase, "msg": text}
            report.update({key: value for key, value in extras.items() if value})
            with self._path.open("a") as opened:
                opened.write(json.dumps(report) + "\n")
            self._all.append(report)
            self._changed.notify_all()
        self._console(console_line(report))
        self._log.write(phase, text + (f" ({note})" if note else ""))

    def repeat(self) -> None:
        """Say the newest report once more on the console, whose log keeps only its newest part."""
        if self._all:
            self._console(console_line({**self._all[-1], "cert_sha256": self.cert_sha256}))

    def after(self, number: int, wait_s: float) -> list[dict[str, Any]]:
        """The reports after ``number``, at most 200; waits up to ``wait_s`` for the first."""
        ends = time.monotonic() + wait_s
        with self._changed:
            while True:
                news = [report for report in self._all if report["n"] > number]
                left = ends - time.monotonic()
                if news or left <= 0:
                    return news[:_MOST_AT_ONCE]
                self._changed.wait(left)


def _read(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if path.exists():
        for line in path.read_text().splitlines():
            with suppress(ValueError):  # the line that a kill cut short
                found.append(json.loads(line))
        # A cut line must not swallow the next one.
        path.write_text("".join(json.dumps(report) + "\n" for report in found))
    return found
