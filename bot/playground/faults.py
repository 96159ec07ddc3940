"""The switches that break Slack: each for the next ``count`` calls, optionally of one method only.

Kinds: ``429`` (with ``retry_after`` seconds), ``500``, ``slow`` (``seconds``), ``cut`` (the call takes effect, the answer is
lost), ``twice`` (an envelope is delivered two times). ``disconnect`` acts at once and is not kept.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from bot.playground.refusals import SlackError
from bot.playground.shapes import Json

KINDS = ("429", "500", "slow", "cut", "twice")
REASONS = ("warning", "refresh_requested", "link_disabled", "too_many_websockets")


@dataclass(slots=True, kw_only=True)
class Fault:
    """One switch. ``method`` empty: any; ``response_url`` and ``upload`` count as methods."""

    kind: str
    count: int = 1
    method: str = ""
    retry_after: int = 1
    seconds: float = 5.0

    @classmethod
    def read(cls, body: Json) -> Self:
        """From what a person asked for. Raises ``invalid_fault``."""
        try:
            fault = cls(
                kind=str(body["kind"]),
                count=int(body.get("count") or 1),
                method=str(body.get("method") or ""),
                retry_after=int(body.get("retry_after") or 1),
                seconds=float(body.get("seconds") or 5.0),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SlackError("invalid_fault") from error
        if fault.kind not in KINDS or not 1 <= fault.count <= 1000 or not 0 <= fault.seconds <= 120:
            raise SlackError("invalid_fault", kinds=[*KINDS, "disconnect", "clear"])
        return fault

    def shown(self) -> Json:
        """As the page shows it."""
        names = ("kind", "count", "method", "retry_after", "seconds")
        return {name: getattr(self, name) for name in names}


@dataclass(slots=True, kw_only=True)
class Faults:
    """The switches that are set, in order; ``asked``: how often each method was called, broken or not."""

    waiting: list[Fault] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)

    def take(self, method: str) -> Fault | None:
        """The fault of this call, counted down."""
        self.asked[method] += 1
        return self._next(lambda f: f.kind != "twice" and f.method in ("", method))

    def take_twice(self) -> bool:
        """Whether this envelope is delivered two times."""
        return self._next(lambda f: f.kind == "twice") is not None

    def _next(self, is_meant: Callable[[Fault], bool]) -> Fault | None:
        fault = next(filter(is_meant, self.waiting), None)
        if fault is not None:
            fault.count -= 1
            if fault.count == 0:
                self.waiting.remove(fault)
        return fault
