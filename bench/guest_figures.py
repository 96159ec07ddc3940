"""What `bench.guest` saw of each launch and of each way to the server, and all of it as text: seconds and, what matters, ratios. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from bench.shares import percentile

BUILD_TARGET = 1.05  # our build to the one by hand
LIVE_TARGET_S = 5.0  # from the last step of the build to the button
# BuildKit ends each step so, the export of the image as well; a line of repo2docker's JSON or of the agent's log has it in it.
_STEP_DONE = re.compile(r"#\d+ DONE \d")


class Who(StrEnum):
    """Whose launch it was."""

    BY_HAND = "by hand"
    OURS = "ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """When what had happened, in seconds of the machine's clock, which guests share."""

    who: Who
    asked: float  # by hand: the request to create; ours: the typed command
    booted: float  # the guest's first process
    began: float  # everything is there: repo2docker begins
    last_step: float  # the build's last step is done
    built: float  # repo2docker has ended
    live: float  # by hand: /lab answers at the floating IP; ours: the button is there

    @property
    def boot_s(self) -> float:
        """Until the guest runs."""
        return self.booted - self.asked

    @property
    def setup_s(self) -> float:
        """In the guest, before the build: packages, repo2docker, the repository."""
        return self.began - self.booted

    @property
    def build_s(self) -> float:
        """Of repo2docker."""
        return self.built - self.began

    @property
    def live_s(self) -> float:
        """From the last step of the build until it can be opened."""
        return self.live - self.last_step

    @property
    def whole_s(self) -> float:
        return self.live - self.asked

    @property
    def spans(self) -> dict[str, float]:
        """All that is told of it, in words and seconds."""
        return {
            "asked -> guest boots": self.boot_s,
            "set-up": self.setup_s,
            "build": self.build_s,
            "last step -> live": self.live_s,
            "the whole": self.whole_s,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a log, and when it was seen there."""

    at: float
    text: str


def last_step(lines: Iterable[Line]) -> float:
    """When the last step of a build was done. Raises ValueError where the log shows no step."""
    done = [line.at for line in lines if _STEP_DONE.search(line.text)]
    if not done:
        raise ValueError("the build's log shows no step that was done")
    return done[-1]


def marks(text: str) -> dict[str, float]:
    """What a guest noted by hand: lines of a time and a name."""
    return {name: float(at) for at, name in (line.split() for line in text.splitlines())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What was measured along one way to the person's server."""

    name: str
    mib_s: Sequence[float]  # of each download
    pings_s: Sequence[float]  # of each websocket ping, which the server itself answers
    kernel_s: Sequence[float]  # of each question to a kernel over the same websocket


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One run. ``ways``: the direct one first. ``opened_s``: from each press of the button to /lab in that browser."""

    launches: Sequence[Launch]
    ways: Sequence[Way]
    opened_s: Sequence[float]

    def of(self, who: Who) -> list[Launch]:
        return [launch for launch in self.launches if launch.who is who]

    def middle(self, who: Who) -> dict[str, float]:
        """Each span's median."""
        each = [launch.spans for launch in self.of(who)]
        return {name: median(spans[name] for spans in each) for name in each[0]}

    @property
    def build_ratio(self) -> float:
        """Our build to the one by hand."""
        return self.middle(Who.OURS)["build"] / self.middle(Who.BY_HAND)["build"]

    @property
    def missed(self) -> list[str]:
        """The targets that were, in words."""
        live_s = self.middle(Who.OURS)["last step -> live"]
        found = []
        if self.build_ratio > BUILD_TARGET:
            found.append(f"build ratio {self.build_ratio:.3f}, target at most {BUILD_TARGET:g}")
        if live_s > LIVE_TARGET_S:
            found.append(f"last step -> button {live_s:.2f} s, target at most {LIVE_TARGET_S:g} s")
        return found


def report(figures: Figures) -> str:
    """Everything there is to say."""
    verdict = "; ".join(figures.missed) or "none"
    lines = [*_launches(figures), *_ratios(figures), *_ways(figures.ways)]
    return "\n".join([*lines, f"\ntargets missed: {verdict}"])


def _launches(figures: Figures) -> Iterator[str]:
    for who in Who:
        yield f"\n== {who}: median (each), seconds"
        for name, middle in figures.middle(who).items():
            each = ", ".join(f"{launch.spans[name]:.2f}" for launch in figures.of(who))
            yield f"   {name:22} {middle:8.2f}  ({each})"
    opened = ", ".join(f"{seconds:.2f}" for seconds in figures.opened_s)
    yield f"   button -> /lab in a browser {median(figures.opened_s):5.2f}  ({opened})"


def _ratios(figures: Figures) -> Iterator[str]:
    yield "\n== ratios, ours : by hand"
    theirs = figures.middle(Who.BY_HAND)
    for name, seconds in figures.middle(Who.OURS).items():
        yield f"   {seconds / theirs[name]:8.3f}  {name} ({seconds:.2f} : {theirs[name]:.2f})"


def _ways(ways: Sequence[Way]) -> Iterator[str]:
    direct, *through = ways
    for way in ways:
        yield f"\n== {way.name}"
        yield f"   download {median(way.mib_s):7.0f} MiB/s, median of {len(way.mib_s)}"
        for words, found in (("websocket ping", way.pings_s), ("kernel's answer", way.kernel_s)):
            p50, p99 = (percentile(found, share) * 1000 for share in (50, 99))
            yield f"   {words:15} p50 {p50:7.2f} ms, p99 {p99:7.2f} ms ({len(found)})"
    for way in through:
        yield f"\n== ratios, {way.name} : {direct.name}"
        yield f"   {median(way.mib_s) / median(direct.mib_s):8.3f}  download's rate"
        for words, own, other in (
            ("websocket ping", way.pings_s, direct.pings_s),
            ("kernel's answer", way.kernel_s, direct.kernel_s),
        ):
            for share in (50, 99):
                a, b = percentile(own, share), percentile(other, share)
                yield f"   {a / b:8.3f}  {words} p{share} ({(a - b) * 1000:+.2f} ms)"
