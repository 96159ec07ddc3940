"""What one side of `bench.ack` showed, and both sides as text: figures, and what matters, the ratios. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.load import LAUNCH, SLACKS_PATIENCE_S, Heard
from bench.shares import percentile

TARGET_S = 0.3  # p99 of an ack


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One app under the load. ``live``: environments that were up all the while."""

    name: str
    heard: Heard
    took_s: float
    most_mib: float
    cpu_s: float
    transactions: int
    live: int = 0

    @property
    def p99_s(self) -> float:
        return percentile(self.heard.all_s, 99)

    @property
    def is_good(self) -> bool:
        """Whether every command was taken and answered."""
        return not self.heard.not_taken and not self.heard.unanswered

    @property
    def late(self) -> int:
        """Acks that came when Slack had told the person already that the app does not answer."""
        return sum(s > SLACKS_PATIENCE_S for s in self.heard.all_s)


def report(bot: Side, plain: Side) -> str:
    """Everything there is to say."""
    held = "held" if bot.p99_s <= TARGET_S else "missed"
    verdict = f"\nack p99 {_ms(bot.p99_s)} with {bot.live} live (target {_ms(TARGET_S)} or less: {held})"
    return "\n".join([*_each(bot), *_each(plain), *_ratios(bot, plain), verdict])


def _each(side: Side) -> Iterator[str]:
    heard, count = side.heard, len(side.heard.all_s)
    yield f"\n== {side.name}: {count} commands, {side.live} environments live"
    words = [("all", heard.all_s), *sorted(heard.acks_s.items())]
    for word, found in words:
        yield (
            f"   ack {word:12} p50 {_ms(percentile(found, 50)):>9}, p99 {_ms(percentile(found, 99)):>9}, "
            f"longest {_ms(max(found, default=0)):>9}  ({len(found)})"
        )
    refused = ", ".join(f"{why}: {n}" for why, n in sorted(heard.not_taken.items())) or "none"
    yield f"   later than Slack's {SLACKS_PATIENCE_S:g} s: {side.late}; not taken: {refused}"
    answers = heard.answers_s
    yield (
        f"   answer by response_url: p50 {_ms(percentile(answers, 50))}, p99 {_ms(percentile(answers, 99))}; "
        f"{heard.unanswered} missing"
    )
    yield f"   memory {side.most_mib:.0f} MiB at most, CPU {side.cpu_s:.1f} s of {side.took_s:.0f} s"
    yield f"   database: {side.transactions} transactions, {side.transactions / side.took_s:.1f} a second"
    yield f"   the sender itself was late by {_ms(heard.behind_s)} at most"


def _ratios(bot: Side, plain: Side) -> Iterator[str]:
    yield f"\n== ratios, {plain.name} : {bot.name}"
    ours, theirs = bot.heard, plain.heard
    rows = [
        ("ack p50, ms", *(percentile(h.all_s, 50) * 1000 for h in (theirs, ours))),
        ("ack p99, ms", *(percentile(h.all_s, 99) * 1000 for h in (theirs, ours))),
        ("ack of a launch p50, ms", *(percentile(_launches(h), 50) * 1000 for h in (theirs, ours))),
        ("ack of a launch p99, ms", *(percentile(_launches(h), 99) * 1000 for h in (theirs, ours))),
        ("memory at most, MiB", plain.most_mib, bot.most_mib),
        ("CPU seconds", plain.cpu_s, bot.cpu_s),
        ("transactions a second", plain.transactions / plain.took_s, bot.transactions / bot.took_s),
    ]
    for words, other, own in rows:
        yield f"   {other / own if own else float('inf'):8.2f}  {words} ({other:.1f} : {own:.1f})"


def _launches(heard: Heard) -> list[float]:
    return heard.acks_s.get(LAUNCH, [])


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
