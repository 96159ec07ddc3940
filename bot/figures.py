"""What a process counts of itself, by name. Where things are counted, they are handed a method of `Figures`."""

import logging
import re
from collections.abc import Callable, Sequence

from bot.exposition import Counter, Family, Histogram
from provisioning.model import Binder

_CALL_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_PHASE_S = (1, 5, 15, 30, 60, 120, 300, 600, 1200, 2700, 5400)
_EVENT = re.compile(r"[a-z][a-z-]+(?= |$)")  # what our log lines begin with: a constant name


class Figures:
    """The figures of one process. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._slack = Counter(
            "binderops_slack_calls_total", "Calls of Slack, by answer.", ("method", "status")
        )
        self._slack_s = Histogram(
            "binderops_slack_call_seconds", "Seconds of a call of Slack.", ("method",), _CALL_S
        )
        self._cloud = Counter(
            "binderops_cloud_calls_total", "Requests to the cloud, by answer.", ("call", "status")
        )
        self._cloud_s = Histogram(
            "binderops_cloud_call_seconds", "Seconds of a request to the cloud.", ("call",), _CALL_S
        )
        self._phase_s = Histogram(
            "binderops_phase_seconds", "Seconds that a launch was in a phase.", ("phase",), _PHASE_S
        )
        self._events = Counter("binderops_log_events_total", "Log lines of this name.", ("event", "level"))
        self._leases = Counter("binderops_leases_lost_total", "Steps whose lease went to another process.")  # fmt: skip

    def slack_call(self, method: str, status: str, seconds: float) -> None:
        """A call of Slack's Web API or of a response_url ended; ``status``: ok, Slack's error, or why there is none."""
        self._slack.add(method, status)
        self._slack_s.add(seconds, method)

    def cloud_call(self, call: str, status: str, seconds: float) -> None:
        """A request to the cloud ended (`provisioning.clouds.openstack_calls.Observe`)."""
        self._cloud.add(call, status)
        self._cloud_s.add(seconds, call)

    def moved(self, before: Binder, after: Binder) -> None:
        """A binder went on to another phase."""
        self._phase_s.add((after.phase_since - before.phase_since).total_seconds(), before.phase)

    def event(self, name: str, level: str) -> None:
        """A log line of this name was written."""
        self._events.add(name, level)
        if name == "lease-lost":
            self._leases.add()

    def families(self) -> Sequence[Family]:
        """All of them, as they are now."""
        counted = (
            self._slack, self._slack_s, self._cloud, self._cloud_s, self._phase_s, self._events, self._leases,
        )  # fmt: skip
        return [one.family() for one in counted]


class EventCounter(logging.Handler):
    """Counts our own log lines by the constant name that they begin with; of other packages' lines it sees nothing."""

    def __init__(self, count: Callable[[str, str], None]) -> None:
        super().__init__(logging.INFO)
        self._count = count

    def emit(self, record: logging.LogRecord) -> None:
        """Count the line, if it has a name."""
        if record.name.startswith(("bot.", "provisioning.")) and (name := _EVENT.match(str(record.msg))):
            self._count(name.group(), record.levelname.lower())
