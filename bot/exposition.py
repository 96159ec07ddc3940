"""Counters and histograms of this process, and their text for Prometheus. Knows no figure by name.

Format: prometheus.io/docs/instrumenting/exposition_formats. Counting is safe from any thread.
"""

import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One line; ``suffix`` is appended to the family's name."""

    labels: Mapping[str, str]
    value: float
    suffix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """All lines of one name."""

    name: str
    kind: str  # counter, gauge, histogram
    meaning: str
    samples: Sequence[Sample]


class Counter:
    """Counts, by labels."""

    def __init__(self, name: str, meaning: str, labels: Sequence[str] = ()) -> None:
        self._name, self._meaning, self._labels = name, meaning, tuple(labels)
        self._counts: dict[tuple[str, ...], float] = {} if labels else {(): 0}
        self._lock = threading.Lock()

    def add(self, *labels: str) -> None:
        """Count one."""
        with self._lock:
            self._counts[labels] = self._counts.get(labels, 0) + 1

    def family(self) -> Family:
        """The counts so far."""
        with self._lock:
            samples = [
                Sample(labels=dict(zip(self._labels, values, strict=True)), value=count)
                for values, count in sorted(self._counts.items())
            ]
        return Family(name=self._name, kind="counter", meaning=self._meaning, samples=samples)


class Histogram:
    """Sorts values into buckets, by labels."""

    def __init__(self, name: str, meaning: str, labels: Sequence[str], bounds: Sequence[float]) -> None:
        self._name, self._meaning, self._labels = name, meaning, tuple(labels)
        self._bounds = tuple(sorted(bounds))
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}
        self._lock = threading.Lock()

    def add(self, value: float, *labels: str) -> None:
        """Sort one value in."""
        with self._lock:
            counts = self._counts.setdefault(labels, [0] * (len(self._bounds) + 1))
            counts[bisect_left(self._bounds, value)] += 1
            self._sums[labels] = self._sums.get(labels, 0.0) + value

    def family(self) -> Family:
        """The values so far."""
        with self._lock:
            samples = [s for values in sorted(self._counts) for s in self._samples(values)]
        return Family(name=self._name, kind="histogram", meaning=self._meaning, samples=samples)

    def _samples(self, values: tuple[str, ...]) -> Iterator[Sample]:
        labels = dict(zip(self._labels, values, strict=True))
        total = 0
        for bound, count in zip((*self._bounds, float("inf")), self._counts[values], strict=True):
            total += count
            yield Sample(labels={**labels, "le": _number(bound)}, value=total, suffix="_bucket")
        yield Sample(labels=labels, value=self._sums[values], suffix="_sum")
        yield Sample(labels=labels, value=total, suffix="_count")


def render(families: Iterable[Family]) -> str:
    """The text of all families."""
    return "".join(f"{line}\n" for family in families for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    meaning = family.meaning.replace("\\", r"\\").replace("\n", r"\n")
    yield f"# HELP {family.name} {meaning}"
    yield f"# TYPE {family.name} {family.kind}"
    for sample in family.samples:
        labels = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in sample.labels.items())
        yield f"{family.name}{sample.suffix}{f'{{{labels}}}' if labels else ''} {_number(sample.value)}"


def _number(value: float) -> str:
    if value == float("inf"):
        return "+Inf"
    return str(int(value)) if value == int(value) else repr(value)
