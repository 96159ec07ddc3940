"""repo2docker's JSON log, line by line: what it says, and which step of how many BuildKit is at. Pure.

BuildKit numbers only steps that make a layer: ``#6 [2/6] RUN ...``; a Dockerfile with stages names them, ``[build 2/6]``.
Lines of parallel steps interleave, so the step told never goes back.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Optional

_STEP = re.compile(r"^#\d+ \[(?:[^\]]*\s)?(?P<at>\d+)/(?P<of>\d+)\] (?P<what>.*)$")
_PREFIX = re.compile(r"^#\d+ (?:\d+\.\d+ )?")


@dataclass(frozen=True)
class Said:
    """One line of the log."""

    text: str
    step: Optional[tuple[int, int]] = None
    is_failure: bool = False


def parse(line: str) -> list[Said]:
    """What one line of repo2docker's stderr says; a line that is no JSON is text of a program below it."""
    try:
        record = json.loads(line)
        message = record["message"]
    except (ValueError, KeyError, TypeError):
        return [Said(text) for text in [line.strip()] if text]
    is_failure = record.get("phase") == "failed"
    return [_said(text, is_failure) for text in str(message).splitlines() if text.strip()]


def plain(text: str) -> str:
    """A line without BuildKit's numbers."""
    return _PREFIX.sub("", text)


def _said(text: str, is_failure: bool) -> Said:
    found = _STEP.match(text)
    if not found:
        return Said(text, is_failure=is_failure)
    return Said(found["what"], (int(found["at"]), int(found["of"])), is_failure)


class Steps:
    """The step that a build is at."""

    def __init__(self) -> None:
        self.at: Optional[tuple[int, int]] = None

    def forward(self, said: Said) -> bool:
        """Take one line into account; True where it begins a step that is further on."""
        if said.step is None or (self.at and self.at[1] == said.step[1] and said.step[0] <= self.at[0]):
            return False
        self.at = said.step
        return True
