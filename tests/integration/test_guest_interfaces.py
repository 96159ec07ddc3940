"""What the agent tells of a server that runs: of a program that comes up late, of one that ends, and of whose activity a look is."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from provisioning.guest.interfaces import Browser
from provisioning.guest.job import Command, Endpoint
from provisioning.guest.jupyter import Activity
from provisioning.guest.logbook import Logbook
from provisioning.guest.orders import parse
from provisioning.guest.processes import Children, StoppedError
from provisioning.guest.reports import Reports
from provisioning.guest.serving import Serving
from tests.fakes.guest_bench import GuestBench

pytestmark = [pytest.mark.integration, pytest.mark.timeout(60)]

LAB, SHINY = "/lab", "/shiny/"
_TRY = 5  # looks from one try of the programs to the next
_MANY = 6 * _TRY


class Stage:
    """A person's server with one program behind jupyter-server-proxy; what answers is told beforehand, state by state."""

    def __init__(self, folder: Path) -> None:
        self.answering: set[str] = set()
        self.clock = 0  # of the server's last activity
        self.told_last: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._children = Children(str(folder))
        endpoint = Endpoint(port=self._server.server_port, token="secret")
        self._log = Logbook(folder / "log")
        self.reports = Reports(folder / "reports.jsonl", self._log, console=lambda line: None)
        self.activity = Activity(endpoint)
        orders = GuestBench(folder / "state", "git://127.0.0.1/x", "0" * 40).orders
        self.serving = Serving(
            orders=parse(orders), endpoint=endpoint, activity=self.activity, reports=self.reports, log=self._log,
            children=self._children, browser=self, pause=self._pause, remember=lambda: None,  # type: ignore[arg-type]
        )  # fmt: skip
        self._folder = folder

    def get(self, path: str) -> bool:
        """As the agent's own browser: a look at a program behind the proxy counts as activity, as jupyter-server-proxy has it."""
        if path == SHINY:
            self.clock += 1
        return path in self.answering

    def told(self, *states: set[str], looks: Sequence[int] = ()) -> list[list[str]]:
        """What was told to answer, report by report, while one state followed the other, each for so many looks."""
        each = [*looks] or [_MANY] * len(states)
        self._states = [state for state, n in zip(states, each, strict=True) for _ in range(n)]
        with suppress(StoppedError):
            self.serving.run(Command(args=["sleep", "600"], env={}, cwd=self._folder), "")
        return [
            [i["path"] for i in r.get("interfaces", [])]
            for r in self.reports.after(0, 0)
            if r["phase"] == "ready"
        ]

    def close(self) -> None:
        self._children.stopping.set()
        self._children.stop_all()
        self._server.shutdown()
        self._server.server_close()

    def _pause(self, _: float) -> None:
        if (said := self.activity.told()) is not None:
            self.told_last.append(said["last"])
        if not self._states:
            raise StoppedError
        self.answering = self._states.pop(0)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stage = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status = {"last_activity": f"moment {stage.clock}", "connections": 0, "kernels": 0}
                proxied = {"server_processes": [{"name": "shiny", "launcher_entry": {"title": "Shiny"}}]}
                is_up = bool(stage.answering)
                self.send_response(200 if is_up else 503)
                self.end_headers()
                self.wfile.write(json.dumps(status if self.path == "/api/status" else proxied).encode())

            def log_message(self, *_: object) -> None:
                """Nothing is of interest."""

        return Handler


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        pytest.param([{LAB}, {LAB, SHINY}], [[LAB], [LAB, SHINY]], id="one that comes late"),
        pytest.param([{LAB, SHINY}, {LAB}], [[LAB, SHINY], [LAB]], id="one that ends"),
        pytest.param([{LAB, SHINY}, {LAB}, {LAB, SHINY}], [[LAB, SHINY], [LAB], [LAB, SHINY]], id="one that comes back"),
        pytest.param([{LAB, SHINY}] * 3, [[LAB, SHINY]], id="all as it was"),
        pytest.param([{LAB}, set(), {LAB}], [[LAB], [], [LAB]], id="a server that is away"),
    ],
)  # fmt: skip
def test_given_a_server_that_runs_when_what_answers_changes_then_that_is_told_once(
    stage: Stage, states: Sequence[set[str]], expected: list[list[str]]
) -> None:
    assert stage.told(*states) == expected


def test_given_a_program_that_was_slow_once_when_looked_at_again_then_nothing_is_told(stage: Stage) -> None:
    told = stage.told({LAB, SHINY}, {LAB}, {LAB, SHINY}, looks=[2 * _TRY, _TRY, 4 * _TRY])

    assert told == [[LAB, SHINY]]


def test_given_nobody_there_when_the_agent_looks_at_programs_then_nobody_was_active(stage: Stage) -> None:
    stage.told({LAB, SHINY}, {LAB}, {LAB, SHINY})

    assert stage.clock > 10
    assert set(stage.told_last) == {"moment 0"}


class SignsIn(BaseHTTPRequestHandler):
    """As RStudio Server without passwords: who has no cookie of its own is led over its sign-in, which sets one."""

    def do_GET(self) -> None:
        has_cookie = "user-id=ada" in self.headers.get("Cookie", "")
        is_sign_in = self.path.startswith("/rstudio/auth-sign-in")
        self.send_response(302 if is_sign_in or not has_cookie else 200)
        if is_sign_in:
            self.send_header("Set-Cookie", "user-id=ada; path=/rstudio; HttpOnly")
        self.send_header("Location", "./" if is_sign_in else "/rstudio/auth-sign-in?appUri=%2F")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is of interest."""


def test_given_a_program_whose_sign_in_sets_a_cookie_when_looked_at_then_it_answers(tmp_path: Path) -> None:
    guest = GuestBench(tmp_path / "state", "git://127.0.0.1/x", "0" * 40)
    server = ThreadingHTTPServer(("127.0.0.1", guest.port), SignsIn)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        assert Browser(parse(guest.orders), lambda: "ticket").get("/rstudio/")
    finally:
        server.shutdown()
        server.server_close()
