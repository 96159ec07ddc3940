"""What a row of the table of causes is made of."""

import re
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """What the instance was at."""

    FETCH = "fetch"
    BUILD = "build"
    START = "start"


class Help(StrEnum):
    """A button that can change the outcome. Open logs helps always, so no row names it."""

    RETRY = "retry"  # the same commit on a new instance, which has no cache of the build
    LARGER = "larger"  # the same on the next larger flavor
    RELAUNCH = "relaunch"  # the branch looked up again, after somebody changed the repository


class Shown(StrEnum):
    """Which lines matter, seen from those that tell the cause."""

    LAST = "last"  # around the last one
    FIRST = "first"  # around the first one: what follows explains it
    END = "end"  # the first one, and the end of the log: a trace says the most in its last line


COMING_UP = frozenset({Stage.FETCH, Stage.BUILD})
BUILDING = frozenset({Stage.BUILD})
STARTING = frozenset({Stage.START})
ALWAYS = frozenset(Stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One known failure. ``code`` has a section in docs/reference/failures.md, each pattern a line in a fixture."""

    code: str
    # {what} is what the pattern's group says, {name} that without a version, {more} the same as an addition, {at} a Dockerfile's line.
    message: str
    hint: str
    evidence: tuple[str, ...] = ()  # patterns, each for one line, case aside
    step: str = ""  # a pattern for the step that failed; empty: none tells it
    stages: frozenset[Stage] = COMING_UP
    helps: tuple[Help, ...] = (Help.RETRY,)  # the most helpful first
    shown: Shown = Shown.LAST


def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern as it is searched for in a line."""
    return re.compile(pattern, re.IGNORECASE)
