"""A build's many lines as few reports: each step, and now and then the line that it is at."""

from __future__ import annotations

import time
from typing import Callable, Optional

from . import buildkit
from .logbook import Logbook
from .reports import Reports

_EVERY_S = 3.0


class Progress:
    """Tells how a build goes on, without flooding the console."""

    def __init__(
        self, reports: Reports, log: Logbook, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._reports = reports
        self._log = log
        self._clock = clock
        self._step: Optional[tuple[int, int]] = None
        self._told = clock()

    def say(self, message: str, *, step: tuple[int, int]) -> None:
        """A step begins: told at once."""
        self._step = step
        self._told = self._clock()
        self._reports.say("build", message, step=step)

    def hear(self, line: str) -> None:
        """A line of the build: kept in the log, told where nothing was told for 3 s."""
        self._log.write("build", line)
        told = buildkit.plain(line.lstrip()).strip()
        if told and self._step and self._clock() - self._told >= _EVERY_S:
            self._told = self._clock()
            self._reports.say("build", told, step=self._step)
