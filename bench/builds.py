"""A class that builds: what happens to each build at which second, and what a message of any bot shows of it. Pure."""

import random
import re
from dataclasses import dataclass

from bot import words
from provisioning.model import Phase

#: How far a build is: the place of its phase on the way, and the step of the build. Later states are greater.
State = tuple[int, int]

_WAY = (Phase.QUEUED, Phase.CREATING, Phase.BOOTING, Phase.BUILDING, Phase.STARTING)
_END = len(_WAY)
_PLACES = {words.STATES[phase]: place for place, phase in enumerate(_WAY)} | {
    words.STATES[phase]: _END for phase in (Phase.READY, Phase.FAILED)
}
_ONE_FAILS_OF = 9  # no divisor of the channels' number: failures are spread over them
_BRINGING_UP_S = ((0.2, 1.0), (3.0, 8.0), (3.0, 8.0))  # least and most until each next phase
_LINE = re.compile(
    r"^(?:\u2022 )?(?P<state>[A-Z][a-z ]+?)(?:, step (?P<listed>\d+) of \d+)?: (?P<name>n\d+)@"
    r"(?:\w+\. Step (?P<told>\d+) of)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that a person would want to see. ``at_s``: seconds from the beginning."""

    at_s: float
    phase: Phase
    step: int = 0  # of the build, where the phase is that
    steps: int = 0

    @property
    def state(self) -> State:
        return (_WAY.index(self.phase) if self.phase in _WAY else _END, self.step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One build from its launch to its end."""

    name: str
    channel: int
    changes: tuple[Change, ...]


def a_class(count: int, *, channels: int, step_s: float, seed: int = 1) -> tuple[Build, ...]:
    """So many builds at once, a minute to a minute and a half each, one of nine fails. The same seed gives the same class."""
    dice = random.Random(seed)
    return tuple(
        Build(
            name=f"n{n}", channel=n % channels, changes=_changes(dice, step_s, fails=n % _ONE_FAILS_OF == 7)
        )
        for n in range(count)
    )


def _changes(dice: random.Random, step_s: float, *, fails: bool) -> tuple[Change, ...]:
    at, found = dice.uniform(0, 1), []
    found.append(Change(at_s=at, phase=Phase.QUEUED))
    for phase, (least, most) in zip(_WAY[1:4], _BRINGING_UP_S, strict=True):
        at += dice.uniform(least, most)
        found.append(Change(at_s=at, phase=phase))
    steps = round(dice.uniform(60, 90) / step_s)
    for step in range(1, (steps * 2 // 3 if fails else steps) + 1):
        at += step_s * dice.uniform(0.7, 1.3)
        found.append(Change(at_s=at, phase=Phase.BUILDING, step=step, steps=steps))
    if not fails:
        at += dice.uniform(0.5, 1.5)
        found.append(Change(at_s=at, phase=Phase.STARTING))
    at += dice.uniform(1, 4)
    found.append(Change(at_s=at, phase=Phase.FAILED if fails else Phase.READY))
    return tuple(found)


def said(build: Build, change: Change) -> str:
    """The change as a bot says it that has one sentence for it."""
    step = f". Step {change.step} of {change.steps}, {line(change.step)}" if change.step else ""
    return f"{words.STATES[change.phase]}: {build.name}@aaaaaaa{step}"


def line(step: int) -> str:
    """What the build says at this step."""
    return f"RUN pip install part-{step} of the environment"


def shown_in(text: str) -> tuple[str, State] | None:
    """Which build a line of a message is about, and what it says of it; None where it is about none."""
    found = _LINE.match(text)
    if found is None or found["state"] not in _PLACES:
        return None
    place = _PLACES[found["state"]]
    step = int(found["listed"] or found["told"] or 0) if place == _WAY.index(Phase.BUILDING) else 0
    return found["name"], (place, step)


def count_shown(build: Build, state: State) -> int:
    """How many of its changes this state tells of."""
    return sum(change.state <= state for change in build.changes)
