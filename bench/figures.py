"""The two sides as text: each one's figures, and what matters, the ratios. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence

from bench.job import Side
from bench.shares import BEHIND, OWN, THE_CLOUDS, WORK, Share, of, percentile

_WORDS = {
    Share.ANSWER: "the cloud's answers to its own requests",
    Share.LOOKUP: "what names mean (paced)",
    Share.LISTING: "the next listing (paced)",
    Share.QUOTA: "the next reading of the quota (paced)",
    Share.ASLEEP: "put off until the next look",
    Share.QUEUE: "due, and all loops had others",
    Share.UNNOTICED: "due, and an idle loop did not know it",
    Share.THREAD: "no turn or thread free for its call",
    Share.DATABASE: "the database",
    Share.REST: "deciding, waking up",
}


def report(sides: list[Side]) -> str:
    """Everything there is to say."""
    return "\n".join(line for part in (_each(sides), _shares(sides), _ratios(sides)) for line in part)


def _each(sides: list[Side]) -> Iterator[str]:
    for side in sides:
        yield f"\n== {side.name}: {side.launched} launched, {len(side.failed)} failed, {len(side.not_deleted)} not deleted"
        for words, number in Counter(side.failed).most_common(5):
            yield f"   failed {number:4}  {words[:200]}"
        for words, number in Counter(side.not_deleted).most_common(5):
            yield f"   not deleted {number:4}  {words[:200]}"
        yield f"   all ACTIVE after {side.all_active_s:.1f} s, then all gone after {side.all_gone_s:.1f} s"
        yield f"   one launch: p50 {percentile(side.launch_s, 50):.1f} s, p99 {percentile(side.launch_s, 99):.1f} s"
        per_s = side.sent / side.all_active_s if side.all_active_s else 0.0
        yield (
            f"   requests while launching: {side.sent}, {per_s:.2f} a second, {side.busiest_second} in the busiest; "
            f"refused: {side.refused or 'none'}"
        )
        for label, number in sorted(side.requests.items(), key=lambda item: -item[1]):
            yield f"   {number:6} {number / side.all_active_s:7.2f}/s  {label}"
        yield f"   requests while deleting: {sum(side.deletion_requests.values())}"
        for label, number in sorted(side.deletion_requests.items(), key=lambda item: -item[1]):
            yield f"   {number:6}  {label}"
        beside = f", PostgreSQL beside it {side.beside_mib:.0f} MiB" if side.beside_mib else ""
        yield f"   memory: {side.idle_mib:.0f} MiB before, {side.most_mib:.0f} MiB at most{beside}; CPU {side.cpu_s:.1f} s"


def _shares(sides: list[Side]) -> Iterator[str]:
    for side in (s for s in sides if s.shares):
        yield f"\n== {side.name}: where a launch's time goes (seconds: p50, p99, mean)"
        found = [{Share(k): v for k, v in one.items() if k != BEHIND} for one in side.shares]
        for share, words in _WORDS.items():
            yield _row([one[share] for one in found], words)
        yield _row([of(one, THE_CLOUDS) for one in found], "THE CLOUD'S, together")
        yield _row([of(one, OWN) for one in found], "all the rest")
        behind = [one[BEHIND] for one in side.shares]
        yield _row(behind, "of it queueing while requests of others were with the cloud")
        own = [of(one, OWN) - late for one, late in zip(found, behind, strict=True)]
        yield _row(own, "OWN SHARE: the rest without that")
        yield _row([of(one, WORK) for one in found], "of it the database, deciding, waking up")
        total = sum(side.loops_s.values()) or 1.0
        ordered = sorted(side.loops_s.items(), key=lambda item: -item[1])
        spent = ", ".join(f"{share} {seconds / total:.0%}" for share, seconds in ordered)
        yield f"   what the loops spent their time on: {spent}"


def _row(values: Sequence[float], words: str) -> str:
    mean = sum(values) / len(values)
    return f"   {percentile(values, 50):8.2f} {percentile(values, 99):8.2f} {mean:8.2f}  {words}"


def _ratios(sides: list[Side]) -> Iterator[str]:
    if len(sides) < 2:
        return
    bot, loops = sides
    yield f"\n== ratios, {loops.name} : {bot.name}"
    rows: list[tuple[str, float, float]] = [
        ("requests for each launch", _each_launch(loops, loops.sent), _each_launch(bot, bot.sent)),
        ("reads (GET) for each launch", _each_launch(loops, loops.reads), _each_launch(bot, bot.reads)),
        ("requests in the busiest second", loops.busiest_second, bot.busiest_second),
        ("requests of a deletion", _each_deletion(loops), _each_deletion(bot)),
        ("seconds until all are ACTIVE", loops.all_active_s, bot.all_active_s),
        ("seconds until all are gone", loops.all_gone_s, bot.all_gone_s),
        ("memory that launching adds, MiB", loops.most_mib - loops.idle_mib, bot.most_mib - bot.idle_mib),
        ("memory at most, with what it needs beside, MiB", loops.most_mib, bot.most_mib + bot.beside_mib),
        ("CPU seconds", loops.cpu_s, bot.cpu_s),
    ]  # fmt: skip
    for words, theirs, ours in rows:
        yield f"   {theirs / ours if ours else float('inf'):8.2f}  {words} ({theirs:.1f} : {ours:.1f})"


def _each_launch(side: Side, number: float) -> float:
    return number / max(1, side.launched)


def _each_deletion(side: Side) -> float:
    return _each_launch(side, sum(side.deletion_requests.values()))
