"""How much time a launch has left, judged by earlier ones of the same deployment. Pure.

The most specific likeness that enough earlier launches have counts alone: a second launch of the same commit says more than
any number of others. Of these the newest weigh most, since mirrors, images and clouds change. What is left is taken from
those that were not further by then: a build that has lasted six minutes is not compared with those that took four.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from provisioning.model import Phase

#: The phases of a launch, in order.
WAY = (Phase.CREATING, Phase.BOOTING, Phase.BUILDING, Phase.STARTING)

_NEWEST = 20  # of a likeness: older ones say little
_FADES = 0.9  # what each launch weighs beside the next newer one
_LOW, _HIGH = 0.2, 0.8  # the range: three of five launches end within it
# No two launches of the same thing take equally long: each earlier one stands for somewhat quicker and slower ones too. How many
# times as long, and how likely. The slow ones, as where a mirror is slow, count once it has taken longer than all the usual ones.
_USUAL = ((0.85, 0.3), (1.0, 0.4), (1.18, 0.3))
_SLOW = ((1.5, 0.6), (2.0, 0.4))
_WIDEST = 3.0  # a range whose end is more than so many times its beginning tells nobody anything,
_SHORT_S = 120.0  # unless it is as good as over
_LEAST_S = 1.0
_REPO2DOCKER = re.compile(r"Using (\w{1,40}?)(?:BuildPack)? builder")
_REDUCED = "Make a Python environment"


class Likeness(StrEnum):
    """What earlier launches have in common with this one, the most telling first."""

    COMMIT_AND_FLAVOR = "commit-flavor"
    COMMIT = "commit"
    REPOSITORY = "repository"
    BUILDER_AND_FLAVOR = "builder-flavor"
    FLAVOR = "flavor"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is launched, as far as it decides how long that takes."""

    repo: str
    commit: str
    builder: str  # `builder_of` its reports; empty: not known (yet)
    cloud: str
    flavor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A launch that became ready, and how many seconds it was in each phase."""

    subject: Subject
    creating_s: float
    booting_s: float
    building_s: float
    starting_s: float
    at: datetime  # when it became ready

    @property
    def seconds(self) -> Mapping[Phase, float]:
        """The same, by phase, in order."""
        return dict(
            zip(WAY, (self.creating_s, self.booting_s, self.building_s, self.starting_s), strict=True)
        )

    @property
    def total_s(self) -> float:
        """From the attempt's beginning until it was ready."""
        return sum(self.seconds.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Underway:
    """A launch that is on its way."""

    subject: Subject
    phase: Phase
    in_phase_s: float
    in_all_s: float  # since its attempt began


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """It takes between ``low`` and ``high`` from now on, if it goes as most of these did."""

    low: timedelta
    high: timedelta
    likeness: Likeness
    launches: int  # how many earlier ones it was taken from

    @property
    def middle(self) -> timedelta:
        """Halfway between."""
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """It has taken longer than every one of these."""

    likeness: Likeness
    launches: int


def _same_size(a: Subject, b: Subject) -> bool:
    return (a.cloud, a.flavor) == (b.cloud, b.flavor)


_Like = Callable[[Subject, Subject], bool]
#: Likeness, how many launches must have it, and how it is told.
_LADDER: Sequence[tuple[Likeness, int, _Like]] = (
    (Likeness.COMMIT_AND_FLAVOR, 1, lambda a, b: a.commit == b.commit and _same_size(a, b)),
    (Likeness.COMMIT, 1, lambda a, b: a.commit == b.commit),
    (Likeness.REPOSITORY, 1, lambda a, b: a.repo == b.repo),
    (
        Likeness.BUILDER_AND_FLAVOR,
        5,
        lambda a, b: bool(a.builder) and a.builder == b.builder and _same_size(a, b),
    ),
    (Likeness.FLAVOR, 8, _same_size),
    (Likeness.ANY, 8, lambda _a, _b: True),
)


def estimate(underway: Underway, past: Iterable[Past]) -> Left | Late | None:
    """What is left of this launch; None where nothing can be said, because too few or too different ones came before."""
    if underway.phase not in WAY:
        return None
    found = comparable(underway.subject, past)
    if found is None:
        return None
    likeness, like = found
    if underway.in_all_s >= max(one.total_s for one in like):
        return Late(likeness=likeness, launches=len(like))
    low, high = _range(_left(underway, like))
    if high > max(_SHORT_S, _WIDEST * low):
        return None
    return Left(
        low=timedelta(seconds=low), high=timedelta(seconds=high), likeness=likeness, launches=len(like)
    )


def comparable(subject: Subject, past: Iterable[Past]) -> tuple[Likeness, Sequence[Past]] | None:
    """The newest launches of the most telling likeness that enough have, newest first."""
    newest = sorted(past, key=lambda one: one.at, reverse=True)
    for likeness, enough, is_like in _LADDER:
        like = [one for one in newest if is_like(subject, one.subject)]
        if len(like) >= enough:
            return likeness, like[:_NEWEST]
    return None


def builder_of(messages: Iterable[str]) -> str:
    """How an environment is built, from what the guest reports; empty where it has not said so."""
    for message in messages:
        if found := _REPO2DOCKER.fullmatch(message.strip()):
            return found[1]
        if message.strip() == _REDUCED:
            return "venv"
    return ""


def _left(underway: Underway, like: Sequence[Past]) -> list[tuple[float, float]]:
    """Seconds that were left for each at this point of its way, with its weight."""
    for spread in (_USUAL, _SLOW):
        if found := _not_further(underway, like, spread):
            return found
    # Even so it may end at any moment; what comes after this phase is still to come.
    later = WAY[WAY.index(underway.phase) + 1 :]
    return [(sum(one.seconds[phase] for phase in later), _FADES**rank) for rank, one in enumerate(like)]


def _not_further(
    underway: Underway, like: Sequence[Past], spread: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    later = WAY[WAY.index(underway.phase) + 1 :]
    found: list[tuple[float, float]] = []
    for rank, one in enumerate(like):
        rest = sum(one.seconds[phase] for phase in later)
        for times, likely in spread:
            of_phase = one.seconds[underway.phase] * times - underway.in_phase_s
            if of_phase > 0:
                found.append((of_phase + rest * times, likely * _FADES**rank))
    return found


def _range(weighted: Sequence[tuple[float, float]]) -> tuple[float, float]:
    low = max(_LEAST_S, _quantile(weighted, _LOW))
    return low, max(low, _quantile(weighted, _HIGH))


def _quantile(weighted: Sequence[tuple[float, float]], share: float) -> float:
    """The value below which this share of the weight lies, interpolated between the middles of neighbours."""
    ordered = sorted(weighted)
    target = share * sum(weight for _, weight in ordered)
    before, value_before, reached = 0.0, ordered[0][0], 0.0
    for value, weight in ordered:
        middle = reached + weight / 2
        if target <= middle:
            part = (target - before) / (middle - before) if middle > before else 1.0
            return value_before + part * (value - value_before) if reached else value
        before, value_before, reached = middle, value, reached + weight
    return ordered[-1][0]
