"""How far the estimate of the time left is from what launches took, replayed over a history.

    python -m bench.estimate [--seeds 5] [--launches 1500] [--database URL]

Each launch is estimated from those alone that were ready when it began: at its beginning, and again halfway through its build.
"Within half": the middle of the range is less than half of the real time away from it. The baseline is the mean of all earlier
launches, minus what has passed.
"""

import argparse
import asyncio
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bench.launch_history import Launch, made_up
from provisioning.estimate import Late, Left, Likeness, Past, Underway, estimate
from provisioning.model import Phase
from provisioning.store import launch_times
from provisioning.store.database import Database

TARGET = 0.8
_FIRST_SEED = 101  # the estimate's constants were chosen on others
_WITHIN = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One estimate beside what became of it."""

    moment: str
    real_s: float
    said: Left | Late | None
    naive_s: float | None  # None: the first launch of all

    @property
    def error(self) -> float | None:
        """Of the middle of the range, as a share of the real time; None where no time was named."""
        return _error(self.said.middle.total_seconds(), self.real_s) if isinstance(self.said, Left) else None

    @property
    def naive_error(self) -> float | None:
        """The same of the baseline."""
        return None if self.naive_s is None else _error(self.naive_s, self.real_s)

    @property
    def is_inside(self) -> bool:
        """Whether the real time was in the range."""
        return (
            isinstance(self.said, Left)
            and self.said.low.total_seconds() <= self.real_s <= self.said.high.total_seconds()
        )


def replay(history: Sequence[Launch]) -> Iterator[Tried]:
    """Both estimates of each launch, from what was ready before it began."""
    for launch in history:
        before = [one.past for one in history if one.past.at <= launch.began]
        past = launch.past
        mean = statistics.fmean(one.total_s for one in before) if before else None
        blank = replace(past.subject, builder="")  # nobody knows it before the guest has looked
        start = Underway(subject=blank, phase=Phase.CREATING, in_phase_s=0, in_all_s=0)
        yield Tried(moment="beginning", real_s=past.total_s, said=estimate(start, before), naive_s=mean)
        passed = past.creating_s + past.booting_s + past.building_s / 2
        middle = Underway(
            subject=past.subject, phase=Phase.BUILDING, in_phase_s=past.building_s / 2, in_all_s=passed
        )
        yield Tried(
            moment="mid-build",
            real_s=past.total_s - passed,
            said=estimate(middle, before),
            naive_s=None if mean is None else max(1.0, mean - passed),
        )


def report(tried: Sequence[Tried]) -> str:
    """The table: by moment, by what was compared with."""
    lines = [
        f"{'':12}{'compared by':17}{'launches':>9}{'within half':>13}{'median error':>14}{'in range':>10}{'naive: within':>15}{'median':>9}"
    ]
    for moment in ("beginning", "mid-build"):
        here = [one for one in tried if one.moment == moment]
        groups: dict[str, list[Tried]] = defaultdict(list)
        for one in here:
            groups[_kind(one)].append(one)
        lines += [_row(moment, kind, groups[kind]) for kind in [*Likeness, "late", "nothing"] if groups[kind]]
        lines.append(_row(moment, "all estimates", [one for one in here if one.error is not None]))
        silent = sum(one.said is None for one in here)
        late = sum(isinstance(one.said, Late) for one in here)
        lines.append(
            f"{moment:12}of {len(here)}: {silent / len(here):.1%} without an estimate, {late / len(here):.1%} told that it takes longer than all"
        )
    named = [one.error for one in tried if one.error is not None]
    lines.append(f"\nwithin half, both moments: {_share(named):.1%} (target {TARGET:.0%})")
    return "\n".join(lines)


def _kind(one: Tried) -> str:
    match one.said:
        case Left():
            return one.said.likeness
        case Late():
            return "late"
        case None:
            return "nothing"


def _row(moment: str, kind: str, tried: Sequence[Tried]) -> str:
    ours = [one.error for one in tried if one.error is not None]
    naive = [one.naive_error for one in tried if one.naive_error is not None]
    said = f"{_share(ours):>13.1%}{statistics.median(ours):>14.1%}" if ours else f"{'-':>13}{'-':>14}"
    inside = f"{sum(one.is_inside for one in tried) / len(tried):>10.1%}" if ours else f"{'-':>10}"
    beside = f"{_share(naive):>15.1%}{statistics.median(naive):>9.1%}" if naive else f"{'-':>15}{'-':>9}"
    return f"{moment:12}{kind:17}{len(tried):>9}{said}{inside}{beside}"


def _share(errors: Sequence[float]) -> float:
    return sum(error < _WITHIN for error in errors) / len(errors) if errors else 0.0


def _error(said_s: float, real_s: float) -> float:
    return abs(said_s - real_s) / real_s


async def _kept(url: str) -> list[Launch]:
    db = await Database(url, max_connections=1).open()
    try:
        async with db.transaction() as tx:
            past = await launch_times.every_one(tx)
    finally:
        await db.close()
    return sorted(
        (Launch(began=_began(one), past=one) for one in past if one.total_s > 0), key=lambda one: one.began
    )


def _began(past: Past) -> datetime:
    return past.at - timedelta(seconds=past.total_s)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.estimate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="so many made-up histories (default: 5)")
    parser.add_argument("--launches", type=int, default=1500, help="in each of them (default: 1500)")
    parser.add_argument("--database", metavar="URL", help="a deployment's own history instead")
    asked = parser.parse_args()
    if asked.database:
        histories = [asyncio.run(_kept(asked.database))]
    else:
        histories = [
            made_up(seed, launches=asked.launches) for seed in range(_FIRST_SEED, _FIRST_SEED + asked.seeds)
        ]
    tried = [one for history in histories for one in replay(history)]
    if not tried:
        print("No launch has become ready yet.")
        return 1
    print(report(tried))
    errors = [one.error for one in tried if one.error is not None]
    return 0 if _share(errors) >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
