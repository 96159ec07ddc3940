"""Several bots on one database while environments come up: one is killed, one stopped, the database restarted under all.

    python -m bench.replicas [--binders 200] [--processes 2|3] [--stop-seconds 60]

With two processes they fall one after the other, and a fresh one takes the killed one's place; with three one is killed and another
stopped in the same moment. Launches go on all the while. Measured is, for everything that the fallen process held a lease on (a
step, a guest that is listened to, a message, an intent), the time until another process holds it.

Lost: launches that were taken and did not become ready. Doubled: messages, environments or cloud objects that are there twice.
Exit code 0: none lost, none doubled, every thread complete; 1: not so.
"""

import argparse
import asyncio
import logging
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bench.stand import Replica, Stand, stand
from bench.takeover import Takeover, held_by, watch
from provisioning.reports import LISTENS_IN

TARGET_S = 20.0
_PENDING = """
    select (select count(*) from binders where story_rev > told_rev)
        + (select count(*) from outbox where body_rev > sent_rev)
        + (select count(*) from intents where state <> 'done')
"""
_HEARD = "select count(*) from binders where listener is not null and phase = any(%s)"
_SLOTS = ("root", "progress", "ready")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """``end_s``: how long everything may take that is left when the last disturbance is over."""

    binders: int
    processes: int = 2
    stop_s: float = 60
    channels: int = 10
    every_s: float = 0.5  # between two launches
    build_s: float = 15
    end_s: float = 1800


@dataclass(kw_only=True)
class Outcome:
    """What came out. ``lost`` and ``doubled`` name each case."""

    takeovers: list[Takeover] = field(default_factory=list)
    database_s: float = 0
    end_s: float = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    complete: int = 0
    threads: int = 0

    @property
    def is_good(self) -> bool:
        return not self.lost and not self.doubled and self.complete == self.threads


def main() -> int:
    """Exit code 0: the promise held."""
    parser = argparse.ArgumentParser(prog="python -m bench.replicas", description=_first_line())
    parser.add_argument("--binders", type=int, default=200)
    parser.add_argument("--processes", type=int, choices=(2, 3), default=2)
    parser.add_argument("--stop-seconds", type=float, default=60)
    parser.add_argument("--channels", type=int, default=10, help="that the launches are spread over")
    parser.add_argument(
        "--give-up-after", type=float, default=1800, help="seconds for what is left at the end"
    )
    options = parser.parse_args()
    logging.getLogger("asyncio").setLevel(
        logging.ERROR
    )  # it warns of git processes that somebody else waited for
    outcome = asyncio.run(
        measure(
            Job(
                binders=options.binders, processes=options.processes, stop_s=options.stop_seconds,
                channels=options.channels, end_s=options.give_up_after,
            )
        )
    )  # fmt: skip
    print(report(outcome))
    return 0 if outcome.is_good else 1


def _first_line() -> str:
    return (__doc__ or "").split("\n\n")[0]


async def measure(job: Job) -> Outcome:
    """One whole run."""
    outcome = Outcome()
    async with stand(instances=job.binders + 10, channels=job.channels, build_s=job.build_s) as found:
        bots = [await found.start() for _ in range(job.processes)]
        connections = found.playground.socket.connections
        await found.until(lambda: len(connections) == job.processes, within_s=60)
        typing = asyncio.create_task(found.launch_all(range(job.binders), every_s=job.every_s))
        await _disturb(found, job, bots, outcome)
        await asyncio.wait_for(typing, job.end_s)
        began = time.monotonic()
        try:
            await found.until(lambda: _is_over(found, job.binders), within_s=job.end_s, every_s=1)
        except TimeoutError:
            print("not everything came to its end", file=sys.stderr)
        outcome.end_s = time.monotonic() - began
        await _count(found, job, outcome)
    return outcome


async def _disturb(found: Stand, job: Job, bots: list[Replica], outcome: Outcome) -> None:
    """The disturbances, each with a share of the launches under way."""
    shares = 4 if job.processes == 2 else 3
    await _launched(found, job.binders // shares)
    bots = await _busiest_first(found, bots)
    if job.processes == 3:
        outcome.takeovers += await asyncio.gather(
            _killed(found, bots[0]), _stopped(found, bots[1], job.stop_s)
        )
        alive = bots[1:]
    else:
        outcome.takeovers.append(await _killed(found, bots[0]))
        alive = [bots[1], await found.start()]
        await _launched(found, 2 * job.binders // shares)
        outcome.takeovers.append(await _stopped(found, bots[1], job.stop_s))
    await _launched(found, (shares - 1) * job.binders // shares)
    began, at = time.monotonic(), time.time()
    await found.restart_database()
    await found.until(lambda: all(_works_since(bot, at) for bot in alive), within_s=120)
    outcome.database_s = time.monotonic() - began


async def _busiest_first(found: Stand, bots: list[Replica]) -> list[Replica]:
    """Who listens to the most guests falls first, of equals who holds the most: one that holds nothing would show nothing."""

    def weight(held: set[tuple[str, str]]) -> tuple[int, int]:
        return sum(kind == "listen" for kind, _ in held), len(held)

    weights = {bot.name: weight(await held_by(found, bot.notes)) for bot in bots}
    return sorted(bots, key=lambda bot: weights[bot.name], reverse=True)


async def _launched(found: Stand, count: int) -> None:
    """Wait until so many environments are asked for, and the first ones listened to."""

    async def are() -> bool:
        binders = await found.value("select count(*) from binders") or 0
        heard = await found.value(_HEARD, [str(phase) for phase in LISTENS_IN]) or 0
        return bool(binders >= count and heard > 0)

    await found.until(are, within_s=600)


async def _killed(found: Stand, bot: Replica) -> Takeover:
    began = time.monotonic()
    bot.signal(signal.SIGKILL)
    return await watch(found, "killed", bot.notes, began)


async def _stopped(found: Stand, bot: Replica, stop_s: float) -> Takeover:
    began = time.monotonic()
    bot.signal(signal.SIGSTOP)
    try:
        takeover = await watch(found, f"stopped for {stop_s:g} s", bot.notes, began, within_s=stop_s)
        await asyncio.sleep(max(0.0, began + stop_s - time.monotonic()))
    finally:
        bot.signal(signal.SIGCONT)
    return takeover


def _works_since(bot: Replica, at: float) -> bool:
    """Whether it took anything on since."""
    lines = bot.notes.read_text().splitlines()
    return bool(lines) and float(lines[-1].split()[0]) > at


async def _is_over(found: Stand, count: int) -> bool:
    return await found.are_ready(count) and await found.value(_PENDING) == 0


async def _count(found: Stand, job: Job, outcome: Outcome) -> None:
    rows = await found.rows("select id, phase, attempt, request -> 'options' ->> 'name' from binders")
    ready = Counter(name for _, phase, _, name in rows if phase == "ready")
    made = Counter(name for *_, name in rows)
    outcome.lost = [f"n{n}" for n in range(job.binders) if not ready[f"n{n}"]]
    outcome.doubled = [f"environment {name}" for name, count in made.items() if count > 1]
    objects = Counter((o.kind, o.mark.binder) for o in (await found.cloud().listing()).objects)
    outcome.doubled += [f"{kind} of {binder}" for (kind, binder), count in objects.items() if count > 1]
    messages = _messages(found)
    outcome.doubled += [f"message {key}" for key, shown in messages.items() if len(shown) > 1]
    outcome.threads = len(rows)
    outcome.complete = sum(_is_complete(binder, messages) for binder, *_ in rows)


def _messages(found: Stand) -> dict[str, list[dict[str, Any]]]:
    """All messages of binders in the channels, by their keys."""
    shown: dict[str, list[dict[str, Any]]] = {}
    for channel in found.channels:
        for message in found.playground.site.workspace.channel(channel).messages.values():
            key = (message.get("metadata") or {}).get("event_payload", {}).get("key", "")
            if key.startswith("binder:"):
                shown.setdefault(key, []).append(message)
    return shown


def _is_complete(binder: str, messages: dict[str, list[dict[str, Any]]]) -> bool:
    """Root, progress and ready are there, each says ready, and the thread hangs together."""
    found = [messages.get(f"binder:{binder}:{slot}", [{}])[0] for slot in _SLOTS]
    root_ts = found[0].get("ts")
    says_ready = all(str(m.get("text", "")).startswith("Ready") for m in found)
    return says_ready and all(m.get("thread_ts") == root_ts for m in found[1:])


def report(outcome: Outcome) -> str:
    """For people."""
    longest = max((t.longest_s for t in outcome.takeovers), default=0.0)
    return "\n".join(
        [
            *(takeover.line() for takeover in outcome.takeovers),
            f"database restarted: every process at work again after {outcome.database_s:.1f} s",
            f"everything told {outcome.end_s:.0f} s after the last launch was taken",
            f"takeover {longest:.1f} s (target {TARGET_S:g} s or less: {'held' if longest <= TARGET_S else 'missed'})",
            f"lost {len(outcome.lost)} {outcome.lost[:10] or ''}".rstrip(),
            f"doubled {len(outcome.doubled)} {outcome.doubled[:10] or ''}".rstrip(),
            f"threads complete {outcome.complete} of {outcome.threads}",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
