"""What one side of `bench.slack` showed, and all sides as text: ages, finals, calls, and what matters, the ratios. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from bench.shares import busiest, percentile
from bot.playground.methods import METHODS
from bot.playground.rates import PER_MINUTE, POST_PER_SECOND

TARGET_S = 15.0  # the age of the newest state in a channel, at its worst
_POST = "chat.postMessage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One build: where, and when each of its changes happened (seconds of one clock, rising)."""

    channel: int
    times: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What Slack showed at a moment: of each build, how many of its changes."""

    at: float
    shown: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of the Web API as it came in. ``bucket``: the channel, where each has a rate of its own."""

    at: float
    method: str
    bucket: str
    is_taken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One bot's run."""

    name: str
    builds: tuple[Timeline, ...]
    samples: tuple[Sample, ...]
    calls: tuple[Call, ...]
    late_s: float = 0  # how late a change was made at most

    @property
    def last_change(self) -> float:
        return max(build.times[-1] for build in self.builds)

    @property
    def watched_s(self) -> float:
        """How long it was watched after the last change."""
        return max(0.0, self.samples[-1].at - self.last_change) if self.samples else 0.0

    def channel_ages(self) -> list[float]:
        """For each sample and channel: how old the newest state is that the channel shows.

        0 where nothing newer has happened; a channel that shows nothing yet counts from its first change. From a channel's
        first change until its newest is shown and no more will come.
        """
        channels = sorted({build.channel for build in self.builds})
        return [
            a for c in channels for a in self._ages([n for n, b in enumerate(self.builds) if b.channel == c])
        ]

    def own_ages(self) -> list[float]:
        """The same for each build by itself: what its owner sees of it, anywhere."""
        return [age for number in range(len(self.builds)) for age in self._ages([number])]

    def _ages(self, group: Sequence[int]) -> list[float]:
        first = min(self.builds[n].times[0] for n in group)
        last = max(self.builds[n].times[-1] for n in group)
        found = []
        for sample in self.samples:
            if sample.at < first:
                continue
            shown = max(
                (self.builds[n].times[sample.shown[n] - 1] for n in group if sample.shown[n]), default=None
            )
            if shown is not None and shown >= last:
                found.append(0.0)
                break
            newest = max((t for n in group for t in self.builds[n].times if t <= sample.at), default=first)
            found.append(0.0 if shown is not None and shown >= newest else sample.at - (shown or first))
        return found

    def finals_s(self) -> list[float]:
        """How long after its last change each build's end was shown; nothing of those whose end was not."""
        shown = (
            (build.times[-1], next((s.at for s in self.samples if s.shown[n] == len(build.times)), None))
            for n, build in enumerate(self.builds)
        )
        return [at - ended for ended, at in shown if at is not None]

    @property
    def all_finals_s(self) -> float | None:
        """From the very last change until every end was shown; None where it never was."""
        everything = tuple(len(build.times) for build in self.builds)
        at = next((s.at for s in self.samples if s.shown == everything), None)
        return None if at is None else max(0.0, at - self.last_change)

    @property
    def is_good(self) -> bool:
        """Whether every end was shown and the newest state was never too old."""
        return self.all_finals_s is not None and max(self.channel_ages(), default=0.0) <= TARGET_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """The calls of one method beside what is allowed."""

    method: str
    taken: int
    refused: int
    busiest_minute: int  # of the fullest bucket
    a_minute: float  # allowed in each bucket
    share: float  # of what was allowed from the first call to the last, in the fullest bucket


def used(calls: Sequence[Call]) -> list[Used]:
    """By method, the most used first."""
    ordered = sorted(calls, key=lambda c: c.method)
    found = [_of_method(method, list(group)) for method, group in groupby(ordered, key=lambda c: c.method)]
    return sorted(found, key=lambda u: -u.taken)


def _of_method(method: str, calls: Sequence[Call]) -> Used:
    allowed = 60 * POST_PER_SECOND if method == _POST else PER_MINUTE.get(METHODS[method].tier, float("inf"))
    taken = [call for call in calls if call.is_taken]
    buckets = [[c.at for c in taken if c.bucket == bucket] for bucket in {c.bucket for c in taken}]
    return Used(
        method=method, taken=len(taken), refused=len(calls) - len(taken), a_minute=allowed,
        busiest_minute=max((busiest(moments, within_s=60) for moments in buckets), default=0),
        share=max((_share(moments, allowed) for moments in buckets), default=0.0),
    )  # fmt: skip


def _share(moments: Sequence[float], a_minute: float) -> float:
    """Of one bucket; whoever makes one call in each of its turns has used all of it."""
    spanned = max(moments) - min(moments)
    return len(moments) / (1 + spanned * a_minute / 60)


def report(ours: Side, others: Sequence[Side]) -> str:
    """Everything there is to say."""
    lines = [line for side in (ours, *others) for line in _each(side)]
    lines += [line for side in others for line in _ratios(ours, side)]
    worst, finals = max(ours.channel_ages(), default=0.0), len(ours.finals_s())
    held = "held" if worst <= TARGET_S else "missed"
    lines.append(
        f"\nnewest state in a channel at most {worst:.1f} s old (target {TARGET_S:g} s or less: {held}); "
        f"finals delivered {finals} of {len(ours.builds)}"
    )
    return "\n".join(lines)


def _each(side: Side) -> Iterator[str]:
    changes = sum(len(build.times) for build in side.builds)
    channels = len({build.channel for build in side.builds})
    yield f"\n== {side.name}: {len(side.builds)} builds in {channels} channels, {changes} changes"
    for words, ages in (
        ("newest state in a channel", side.channel_ages()),
        ("a build's own state", side.own_ages()),
    ):
        yield (
            f"   age of {words:26} p50 {percentile(ages, 50):6.1f} s, p99 {percentile(ages, 99):6.1f} s, "
            f"worst {max(ages, default=0):6.1f} s"
        )
    finals = side.finals_s()
    whole = side.all_finals_s
    yield (
        f"   finals delivered {len(finals)} of {len(side.builds)}, p50 {percentile(finals, 50):.1f} s, "
        f"longest {max(finals, default=0):.1f} s after each end; "
        + (
            f"all {whole:.1f} s after the last change"
            if whole is not None
            else f"gave up after {side.watched_s:.0f} s"
        )
    )
    for row in used(side.calls):
        yield (
            f"   {row.method:28} {row.taken:6} taken, {row.refused:6} refused; busiest minute {row.busiest_minute} of "
            f"{row.a_minute:g}; {row.share:.0%} of what was allowed"
        )
    yield f"   a change was made late by {side.late_s:.1f} s at most"


def _ratios(ours: Side, other: Side) -> Iterator[str]:
    yield f"\n== ratios, {other.name} : {ours.name}"
    for words, measure in _MEASURES.items():
        theirs, own = measure(other), measure(ours)
        yield f"   {theirs / own if own else float('inf'):8.2f}  {words} ({theirs:.1f} : {own:.1f})"


_MEASURES: dict[str, Callable[[Side], float]] = {
    "newest state in a channel p50, s": lambda side: percentile(side.channel_ages(), 50),
    "newest state in a channel worst, s": lambda side: max(side.channel_ages(), default=0.0),
    "a build's own state p50, s": lambda side: percentile(side.own_ages(), 50),
    "finals delivered": lambda side: len(side.finals_s()),
    "calls made": lambda side: len(side.calls),
    "calls refused": lambda side: sum(not call.is_taken for call in side.calls),
}
