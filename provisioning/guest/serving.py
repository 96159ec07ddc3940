"""Running what was built: started, waited for, tried, told ready, and looked after for good."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import count
from typing import Callable, Sequence

from . import jupyter
from .causes import Cause, FailedError, evidence, last
from .interfaces import Browser, Interface, answering, candidates
from .job import Command, Endpoint
from .logbook import Logbook
from .orders import Orders
from .processes import Children, Service
from .reports import Reports

_LOOK_EVERY_S = 2.0
_TRY_EACH = 5  # looks; some programs come up late, some end
_STARTS_GIVEN_UP = 4  # a server that ends so often before it ever answered will not come up
_KEPT_LINES = 200
_STEP = "start the server"  # the bot knows the step by these words


@dataclass(frozen=True)
class Serving:
    """The person's server, from its start on. ``pause`` waits, and raises when the agent is told to end."""

    orders: Orders
    endpoint: Endpoint
    activity: jupyter.Activity
    reports: Reports
    log: Logbook
    children: Children
    browser: Browser
    pause: Callable[[float], None]
    remember: Callable[[], None]  # how the files are, before anybody comes

    def run(self, command: Command, open_path: str) -> None:
        """Never returns. Raises `FailedError` where nothing ever answers, `StoppedError`."""
        self.reports.say("start", "Starting the server")
        heard: list[str] = []

        def hear(line: str) -> None:
            heard.append(line)
            del heard[:-_KEPT_LINES]
            self.log.write("server", line)

        server = Service("server", self.children, lambda: command.args, command.env, command.cwd, hear)
        server.start()
        self._await_server(server, heard)
        self.reports.say("probe", "Trying what answers")
        found = self._await_interfaces(heard)
        self.remember()
        self._tell_ready(open_path, found)
        self._watch(server, open_path, found)

    def _await_server(self, server: Service, heard: Sequence[str]) -> None:
        ends = time.monotonic() + self.orders.limits.start_s
        while not jupyter.is_up(self.endpoint):
            if server.ended >= _STARTS_GIVEN_UP:
                raise FailedError(_did_not_start(heard))
            if time.monotonic() > ends:
                raise FailedError(_silent(heard, self.orders.limits.start_s))
            self.pause(0.2)

    def _await_interfaces(self, heard: Sequence[str]) -> list[Interface]:
        """What answers at all, once something does: Caddy may be a moment later than the server."""
        ends = time.monotonic() + self.orders.limits.start_s
        while not (found := self._found()):
            if time.monotonic() > ends:
                raise FailedError(_silent(heard, self.orders.limits.start_s))
            self.pause(0.5)
        return found

    def _found(self) -> list[Interface]:
        with self.activity.uncounted():
            return answering(candidates(jupyter.proxied(self.endpoint)), self.browser.get)

    def _tell_ready(self, open_path: str, found: Sequence[Interface]) -> None:
        """What answers, and what the first button opens: what was asked for if it answers, else the first interface."""
        opens = open_path if open_path and self.browser.get(open_path) else found[0].path
        if open_path and opens != open_path:
            self.log.write("probe", f"{open_path} does not answer; {opens} opens instead")
        names = ", ".join(interface.title for interface in found)
        listed = [interface.as_json() for interface in found]
        self.reports.say("ready", f"Ready: {names}", interfaces=listed, open_path=opens)

    def _watch(self, server: Service, open_path: str, told: Sequence[Interface]) -> None:
        """Tell when the server is away, if only for a moment, and what answers, once that is another twice in a row."""
        seen, ended = told, server.ended
        for look in count(1):
            self.pause(_LOOK_EVERY_S)
            is_up = jupyter.is_up(self.endpoint)
            if told and (not is_up or server.ended > ended):
                words = "Nothing answers at the moment; it is being started again"
                self.reports.say("ready", words, interfaces=[])
                told = []
            ended = server.ended
            if is_up and (not told or look % _TRY_EACH == 0):
                before, seen = seen, self._found()
                if seen and seen != told and (seen == before or not told):
                    self._tell_ready(open_path, seen)
                    told = seen


def _did_not_start(heard: Sequence[str]) -> Cause:
    return Cause(
        "server-did-not-start",
        "What was built ends again as soon as it is started.",
        'The lines below are its last words. A start script must end with exec "$@".',
        lines=last(heard),
        step=_STEP,
        evidence=evidence(heard),
    )


def _silent(heard: Sequence[str], limit_s: int) -> Cause:
    return Cause(
        "server-silent",
        f"What was built runs, but nothing answered within {limit_s // 60} minutes.",
        'A start script must end with exec "$@"; a Dockerfile\'s server must be Jupyter on the port that it is given.',
        lines=last(heard),
        step=_STEP,
        evidence=evidence(heard),
    )
