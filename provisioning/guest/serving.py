"""Running what was built: started, waited for, tried, told ready, and looked after for good."""

from __future__ import annotations

import time
from dataclasses import dataclass
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
_STARTS_GIVEN_UP = 4  # a server that ends so often before it ever answered will not come up
_KEPT_LINES = 200
_STEP = "start the server"  # the bot knows the step by these words


@dataclass(frozen=True)
class Serving:
    """The person's server, from its start on. ``pause`` waits, and raises when the agent is told to end."""

    orders: Orders
    endpoint: Endpoint
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
        opens = self._opens(open_path, found)
        self.remember()
        self._tell_ready(found, opens)
        self._watch(server, opens)

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
        return answering(candidates(jupyter.proxied(self.endpoint)), self.browser.get)

    def _opens(self, wanted: str, found: Sequence[Interface]) -> str:
        """What the first button opens: what was asked for if it answers, else the first interface."""
        if wanted and self.browser.get(wanted):
            return wanted
        if wanted:
            self.log.write("probe", f"{wanted} does not answer; {found[0].path} opens instead")
        return found[0].path

    def _tell_ready(self, found: Sequence[Interface], opens: str) -> None:
        names = ", ".join(interface.title for interface in found)
        listed = [interface.as_json() for interface in found]
        self.reports.say("ready", f"Ready: {names}", interfaces=listed, open_path=opens)

    def _watch(self, server: Service, opens: str) -> None:
        """Tell when the server is away, and when it is back, also where it was away for a moment only."""
        is_told_up, ended = True, server.ended
        while True:
            self.pause(_LOOK_EVERY_S)
            is_up = jupyter.is_up(self.endpoint)
            if is_told_up and (not is_up or server.ended > ended):
                is_told_up, ended = False, server.ended
                words = "Nothing answers at the moment; it is being started again"
                self.reports.say("ready", words, interfaces=[])
            if is_up and not is_told_up and (found := self._found()):
                is_told_up, ended = True, server.ended
                self._tell_ready(found, opens)


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
