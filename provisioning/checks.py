"""What a check of a deployment finds: one line each, what is so, and where it is not well how to mend it. Pure.

A check says only what it saw. What the cloud does not tell is `unknown`, what could not be looked at is `skipped`: neither
counts as well, neither as wrong.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from provisioning.errors import BinderopsError, TemporaryError


class State(StrEnum):
    """How one thing stands."""

    OK = "ok"
    WARN = "warn"  # launches work, but something will surprise somebody
    FAIL = "fail"  # launches fail
    UNKNOWN = "unknown"  # the cloud does not tell
    SKIPPED = "skipped"  # another check failed that this one needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line."""

    check: str  # what was looked at, kebab-case: stable, for programs
    state: State
    said: str  # what was found, with names and numbers
    mend: str = ""  # who does what about it; empty where there is nothing to do

    @property
    def blocks(self) -> bool:
        """Whether what needs this cannot be looked at."""
        return self.state in (State.FAIL, State.SKIPPED)


def ok(check: str, said: str) -> Finding:
    return Finding(check=check, state=State.OK, said=said)


def warn(check: str, said: str, mend: str) -> Finding:
    return Finding(check=check, state=State.WARN, said=said, mend=mend)


def fail(check: str, said: str, mend: str) -> Finding:
    return Finding(check=check, state=State.FAIL, said=said, mend=mend)


def unknown(check: str, said: str, mend: str = "") -> Finding:
    return Finding(check=check, state=State.UNKNOWN, said=said, mend=mend)


def skipped(check: str, needed: str) -> Finding:
    """Not looked at, because ``needed`` is not well."""
    said = f"not looked at: it needs {needed}"
    return Finding(check=check, state=State.SKIPPED, said=said)


def failed(check: str, error: BinderopsError) -> Finding:
    """What an error says. Nothing is tried again by a check, so the hint of a temporary one would be untrue."""
    mend = error.hint
    if isinstance(error, TemporaryError):
        mend = "Run the check again; if it stays so, ask whoever runs the cloud."
    return fail(check, f"{error.message} [{error.code}]", mend)


def has_failed(findings: Iterable[Finding]) -> bool:
    """Whether launches will fail."""
    return any(finding.state is State.FAIL for finding in findings)


def summary(findings: Iterable[Finding]) -> str:
    """``11 ok, 1 warn, 2 fail``: what there is of each state."""
    counts = Counter(finding.state for finding in findings)
    return ", ".join(f"{counts[state]} {state}" for state in State if counts[state]) or "nothing was checked"
