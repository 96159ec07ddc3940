"""Whose time a launch's time is: a launch waits for many things at once, and each instant is given to one of them. Pure."""

import bisect
import itertools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Share(StrEnum):
    """What a launch does or waits for. Where two overlap, the instant goes to the one that stands first here."""

    ANSWER = "answer"  # a request of its own is with the cloud
    LOOKUP = (
        "lookup"  # what names mean is looked up: paced requests, or waiting for another launch that looks
    )
    LISTING = "listing"  # the next listing, with its pace
    QUOTA = "quota"  # the next reading of the quota, with its pace
    ASLEEP = "asleep"  # it put itself off: the server is being built, or something is tried again
    QUEUE = "queue"  # it is due, and every loop has another one
    UNNOTICED = "unnoticed"  # it is due, and a loop that has nothing to do does not know it yet
    THREAD = "thread"  # a loop has it, and no thread was free for its call
    DATABASE = "database"
    REST = "rest"  # everything else: deciding, waking up, Python's own time


#: The cloud's: its answers, its pace, and the listings that tell what it did.
THE_CLOUDS = frozenset({Share.ANSWER, Share.LOOKUP, Share.LISTING, Share.QUOTA, Share.ASLEEP})
#: The bot's own.
OWN = frozenset(Share) - THE_CLOUDS
#: Own, and others are before it: while they wait for the cloud's answers, so does it.
QUEUEING = frozenset({Share.QUEUE, Share.THREAD})
#: The part of it in which the driver's threads had requests with the cloud, beside the shares in a report.
BEHIND = "behind"
#: Own, and a loop or a thread had been given to the launch: what remains where nobody has to queue.
WORK = frozenset({Share.DATABASE, Share.REST})


#: What passes while no loop has the launch.
NO_LOOP = frozenset({Share.ASLEEP, Share.QUEUE, Share.UNNOTICED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From when to when (seconds of one clock) a launch did or waited for something."""

    share: Share
    began: float
    ended: float


def timeline(began: float, ended: float, spans: Iterable[Span]) -> list[Span]:
    """The time from ``began`` to ``ended`` without gaps or overlaps: each instant has one share."""
    inside = [
        Span(share=s.share, began=max(s.began, began), ended=min(s.ended, ended))
        for s in spans
        if s.began < ended and s.ended > began
    ]
    order = {share: place for place, share in enumerate(Share)}
    marks = sorted({began, ended, *(s.began for s in inside), *(s.ended for s in inside)})
    waiting = sorted(inside, key=lambda s: s.began, reverse=True)
    found: list[Span] = []
    running: list[Span] = []
    for start, end in itertools.pairwise(marks):
        while waiting and waiting[-1].began <= start:
            running.append(waiting.pop())
        running = [s for s in running if s.ended > start]
        first = min((s.share for s in running), key=order.__getitem__, default=Share.REST)
        found.append(Span(share=first, began=start, ended=end))
    return found


def divided(line: Iterable[Span]) -> dict[Share, float]:
    """The seconds of a timeline by share."""
    found = dict.fromkeys(Share, 0.0)
    for span in line:
        found[span.share] += span.ended - span.began
    return found


class Occupancy:
    """How many of ``places`` were taken at each instant, from the times when one was."""

    def __init__(self, places: int, taken: Iterable[tuple[float, float]]) -> None:
        steps = sorted(step for began, ended in taken for step in ((began, 1), (ended, -1)))
        self._places = places
        self._moments, self._until, self._after = (
            [0.0],
            [0.0],
            [0],
        )  # seconds taken until then, places taken after
        for moment, change in steps:
            self._until.append(self.until(moment))
            self._moments.append(moment)
            self._after.append(self._after[-1] + change)

    def until(self, moment: float) -> float:
        """Seconds until then in which all places were taken; one half of them for a second counts half a second."""
        at = bisect.bisect_right(self._moments, moment) - 1
        part = min(1.0, self._after[at] / self._places)
        return self._until[at] + part * (moment - self._moments[at])

    def within(self, line: Iterable[Span], wanted: Collection[Share]) -> float:
        """The same within the spans of these shares."""
        return sum(self.until(s.ended) - self.until(s.began) for s in line if s.share in wanted)


def common(first: Iterable[Span], second: Iterable[Span], share: Share) -> list[Span]:
    """Where both are, as spans of ``share``."""
    other = list(second)
    return [
        Span(share=share, began=max(a.began, b.began), ended=min(a.ended, b.ended))
        for a in first
        for b in other
        if a.began < b.ended and b.began < a.ended
    ]


def of(found: Mapping[Share, float], wanted: Collection[Share]) -> float:
    """The seconds of these shares."""
    return sum(found[share] for share in wanted)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of the values do not exceed; 0 of nothing."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)] if ordered else 0.0


def busiest(moments: Iterable[float], *, within_s: float = 1.0) -> int:
    """The most moments within any window of this length."""
    ordered = sorted(moments)
    most = first = 0
    for last, moment in enumerate(ordered):
        while ordered[first] <= moment - within_s:
            first += 1
        most = max(most, last - first + 1)
    return most
