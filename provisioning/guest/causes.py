"""A failure as the agent tells it. Pure.

The agent names only what it knows by itself. What a log means is the bot's table (`provisioning.failures`): here the lines
that may tell it are picked as evidence, so that the user data stays small.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

_MOST_LINES = 10
_LONGEST_LINE = 300
_EVIDENCE_FIRST, _EVIDENCE_LAST = (
    30,
    50,
)  # lines: the first complaint is often the cause, the last ones are what followed
_AROUND = 2
_SAYS_NOTHING = re.compile(r"[━█]{3}|^\s*(?:\^+|~+|-+)\s*$|^Error during build: Command '\[")
_MAY_TELL = re.compile(
    r"err(?:or|no)|fail|fatal|kill|denied|not |no |n't|cannot|unable|conflict|incompatible|provides|time|unreachable"
    r"|refused|reset|too|limit|invalid|exit|exception|exclude|missing|memory|oom|quota|lfs|>>>|dockerfile|using \w+ builder",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Cause:
    """A failure as it is told. ``code`` has a section in docs/reference/failures.md."""

    code: str
    message: str
    hint: str
    lines: tuple[str, ...] = ()
    step: str = ""
    evidence: tuple[str, ...] = ()  # for the bot, which may know better

    def as_json(self) -> Mapping[str, Any]:
        """As it stands in a report."""
        return vars(self)


class FailedError(Exception):
    """The launch ends here."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(f"{cause.code}: {cause.message}")
        self.cause = cause


def unknown(lines: Sequence[str], step: str = "") -> Cause:
    """A program failed: its last lines, and those that may tell why, oldest first. ``step`` is what was done."""
    return Cause(
        "cause-unknown",
        f"It failed: {step}" if step else "It failed.",
        "The log has the rest.",
        lines=last(lines),
        step=step,
        evidence=evidence(lines),
    )


def timeout(limit_s: int, step: str, lines: Sequence[str]) -> Cause:
    """The build took longer than it may; the lines show where it stood."""
    return Cause(
        "build-timeout",
        f"The build was not done after {limit_s // 60} minutes.",
        "Install less, use packages that have ready-made wheels, or choose a larger flavor.",
        lines=last(lines),
        step=step,
    )


def last(lines: Sequence[str]) -> tuple[str, ...]:
    """The last ten lines that say something."""
    return _shortened(_said(lines)[-_MOST_LINES:])


def evidence(lines: Sequence[str]) -> tuple[str, ...]:
    """The lines that may tell a cause, with their neighbours, and the end: at most 80."""
    said = _said(lines)
    near = {
        n + by for n, line in enumerate(said) if _MAY_TELL.search(line) for by in range(-_AROUND, _AROUND + 1)
    }
    chosen = [line for n, line in enumerate(said) if n in near or n >= len(said) - _MOST_LINES]
    if len(chosen) > _EVIDENCE_FIRST + _EVIDENCE_LAST:
        chosen = chosen[:_EVIDENCE_FIRST] + chosen[-_EVIDENCE_LAST:]
    return _shortened(chosen)


def _said(lines: Sequence[str]) -> list[str]:
    """The lines that say something: no blanks, rules or progress bars, not the build tool's own command line."""
    return [line for line in lines if line.strip() and not _SAYS_NOTHING.search(line)]


def _shortened(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…" for line in lines)
