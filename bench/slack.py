"""How old what Slack shows is while a hundred build at once: the bot's narrator and outbox, and bots that update on each change.

    python -m bench.slack [--builds 100] [--channels 10] [--json FILE]

Each side tells the same changes at the same times (`bench.builds`), one side after the other, to a stand-in Slack of its own
with Slack's rates on. The bot's side is a process with the narrator and the outbox over a database into which the changes are
written; the others (`bench.update_each`) are told each change on their standard input. Every half second is read what the
stand-in holds.

Exit code 0: the bot's newest state in a channel was never older than the target, and all its finals were delivered; 1: not so.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bench.builds import Build, Change, a_class, count_shown, said, shown_in
from bench.slack_figures import Call, Sample, Side, Timeline, report
from bench.stand import Stand, stand
from bench.stories import Stories
from bot.playground.rates import Rates
from provisioning.store.database import Database

_LOOK_EVERY_S = 0.5
#: How often the SDK's handler waits out a refusal of one change: its own default, and for as long as it takes.
_RETRIES = {"updates on each change": 1, "the same, waiting as long as it takes": 1_000_000}

Apply = Callable[[Build, Change], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """``patience_s``: how long after the last change the ends are waited for."""

    builds: int = 100
    channels: int = 10
    step_s: float = 1
    patience_s: float = 120


@dataclass(slots=True, kw_only=True)
class CountedRates(Rates):
    """Slack's rates, with a note of each call that asked for its share."""

    calls: list[Call] = field(default_factory=list)

    def wait_for(self, method: str, tier: str, channel: str, now: Any) -> int | None:
        wait = Rates.wait_for(self, method, tier, channel, now)
        bucket = channel if method == "chat.postMessage" else ""
        self.calls.append(Call(at=time.monotonic(), method=method, bucket=bucket, is_taken=wait is None))
        return wait


class Class:
    """The builds as they go on: makes each change in its time and notes when that was."""

    def __init__(self, builds: tuple[Build, ...]) -> None:
        self.builds = builds
        self.times: list[list[float]] = [[] for _ in builds]
        self.late_s = 0.0

    async def run(self, apply: Apply) -> None:
        """All builds, from their beginning to their end."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(len(self.builds)):
                group.create_task(self._run(number, began, apply))

    async def _run(self, number: int, began: float, apply: Apply) -> None:
        for change in self.builds[number].changes:
            await asyncio.sleep(began + change.at_s - time.monotonic())
            self.late_s = max(self.late_s, time.monotonic() - began - change.at_s)
            await apply(self.builds[number], change)
            self.times[number].append(time.monotonic())


class Watch:
    """Reads what the stand-in's messages say of the builds."""

    def __init__(self, found: Stand, builds: tuple[Build, ...]) -> None:
        self._found = found
        self._numbers = {build.name: number for number, build in enumerate(builds)}
        self._builds = builds
        self.samples: list[Sample] = []
        self._shown = [0] * len(builds)

    @property
    def is_over(self) -> bool:
        """Whether every end is shown."""
        return self._shown == [len(build.changes) for build in self._builds]

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(_LOOK_EVERY_S)

    def look(self) -> None:
        shown = [0] * len(self._builds)
        for line in self._lines():
            if (about := shown_in(line)) is not None:
                number = self._numbers[about[0]]
                shown[number] = max(shown[number], count_shown(self._builds[number], about[1]))
        self._shown = shown
        self.samples.append(Sample(at=time.monotonic(), shown=tuple(shown)))

    def _lines(self) -> Iterator[str]:
        """Each message's text, and the lines of a board."""
        workspace = self._found.playground.site.workspace
        for channel in self._found.channels:
            for message in workspace.channels[channel].messages.values():
                yield message["text"]
                for block in message.get("blocks") or []:
                    text = block["text"]["text"] if block["type"] == "section" else ""
                    if text.startswith("\u2022"):
                        yield from text.splitlines()


def main() -> int:
    """Exit code 0: the target held and all finals were delivered."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.slack", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--builds", type=int, default=100, help="at once")
    parser.add_argument("--channels", type=int, default=10, help="that they are spread over")
    parser.add_argument("--step-seconds", type=float, default=1, help="between two steps of a build")
    parser.add_argument("--patience", type=float, default=120, help="seconds after the last change")
    parser.add_argument("--only-ours", action="store_true", help="without the bots beside it")
    parser.add_argument("--json", type=Path, help="also write all figures there")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: everything is ended
    job = Job(
        builds=options.builds,
        channels=options.channels,
        step_s=options.step_seconds,
        patience_s=options.patience,
    )
    ours, others = asyncio.run(measure(job, is_alone=options.only_ours))
    print(report(ours, others))
    if options.json:
        options.json.write_text(json.dumps([asdict(side) for side in (ours, *others)]))
    return 0 if ours.is_good else 1


async def measure(job: Job, *, is_alone: bool = False) -> tuple[Side, list[Side]]:
    """The bot's side, and those of the bots beside it."""
    ours = await _side("narrator and outbox", job, _telling)
    others = []
    for name, retries in ({} if is_alone else _RETRIES).items():
        others.append(await _side(name, job, partial(_updating, retries=retries)))
    return ours, others


async def _side(name: str, job: Job, start: Callable[[Stand], Any]) -> Side:
    """One side from nothing to nothing."""
    print(f"{name}: {job.builds} builds", file=sys.stderr, flush=True)
    rates = CountedRates(is_on=True)
    lesson = Class(a_class(job.builds, channels=job.channels, step_s=job.step_s))
    async with stand(instances=1, channels=job.channels, rates=rates) as found:
        watch = Watch(found, lesson.builds)
        async with start(found) as apply:
            watching = asyncio.create_task(watch.run())
            await lesson.run(apply)
            with suppress(TimeoutError):
                await found.until(lambda: watch.is_over, within_s=job.patience_s)
            watching.cancel()
            watch.look()
            calls = tuple(rates.calls)
    timelines = tuple(
        Timeline(channel=build.channel, times=tuple(times))
        for build, times in zip(lesson.builds, lesson.times, strict=True)
    )
    return Side(name=name, builds=timelines, samples=tuple(watch.samples), calls=calls, late_s=lesson.late_s)


@asynccontextmanager
async def _telling(found: Stand) -> AsyncIterator[Apply]:
    async with _process(found, "bench.teller"):
        db = await Database(found.url).open()
        try:
            yield Stories(db=db, channels=found.channels).goes_on
        finally:
            await db.close()


@asynccontextmanager
async def _updating(found: Stand, retries: int) -> AsyncIterator[Apply]:
    async with _process(found, "bench.update_each", f"--retries={retries}") as process:

        async def apply(build: Build, change: Change) -> None:
            told = {"name": build.name, "channel": found.channels[build.channel], "text": said(build, change)}
            assert process.stdin is not None
            process.stdin.write(f"{json.dumps(told)}\n".encode())
            await process.stdin.drain()

        yield apply


@asynccontextmanager
async def _process(found: Stand, module: str, *more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A bot that serves; ended when the context ends."""
    log_file = found.folder / f"{module}.log"
    with log_file.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *more, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
            env=os.environ | found.environment(),
        )  # fmt: skip
    try:
        assert process.stdout is not None
        if not await asyncio.wait_for(process.stdout.readline(), 120):
            raise RuntimeError(f"{module} did not start: {log_file.read_text()[-2000:]}")
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 20)
            except TimeoutError:
                process.kill()
                await process.wait()


if __name__ == "__main__":
    sys.exit(main())
