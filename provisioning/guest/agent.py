"""The agent: its phases in their order, what it takes up again after a restart, and its end.

Setup, fetch, build, start, probe, ready; or failed, and then it stays to show the log. It retries nothing that cannot
succeed: a new try is a new instance. What is done is marked by a file, so a restart goes on from there.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback
from contextlib import suppress
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Optional, Sequence

from . import caddy, certificate, fetch, jupyter, paths, volume
from .build_docker import DockerRuntime
from .calls import Calls
from .causes import Cause, FailedError
from .durable import read_json, write_json
from .environment import for_tools
from .handed import Handed, Token
from .interfaces import Browser
from .job import Job, Runtime
from .logbook import Logbook
from .orders import AGENT_HOST, BadOrdersError, parse
from .people import People
from .processes import Children, Finished, Service, StoppedError
from .progress import Progress
from .reports import Reports
from .serving import Serving
from .standing import Config, cookie_key
from .tickets import BusyError, Verifier
from .trees import FolderTree
from .web import Answer, Asked, serve
from .work import Work

_LOOK_EVERY_S = 5.0
_REPEAT_EVERY_S = 60.0
_ANSWERED_S = 0.5


class Agent:
    """One instance's agent, on one state folder."""

    def __init__(self, state: Path) -> None:
        self._state = state
        state.chmod(0o700)
        (state / "home").mkdir(exist_ok=True)
        self._environ = dict(os.environ)
        self._tools = for_tools(self._environ)
        self._log = Logbook(state / "log")
        self._reports = Reports(state / "reports.jsonl", self._log)
        self._children = Children(str(state))
        self._repeated = time.monotonic()

    def run(self) -> int:
        """Run until told to stop. Returns the exit code."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        try:
            self._live()
        except StoppedError:
            pass
        except BadOrdersError as error:
            hint = "Tell whoever runs the bot: agent and bot do not fit together."
            self._fail(Cause("orders-unreadable", str(error), hint))
            return 1
        finally:
            self._children.stop_all()
        return 0

    def _stop(self, *_: object) -> None:
        """Told to end: the programs end at once, whatever the agent itself waits for at this moment."""
        self._children.stopping.set()
        threading.Thread(target=self._children.stop_all, daemon=True, name="stop").start()

    def _live(self) -> None:
        last = self._reports.last
        self._set_up()
        if last and last["phase"] == "failed":
            self._log.write("agent", "started again; it had failed, which stands")
            self._rest()
        try:
            job, chosen = self._build()
            self._serve(job, chosen)
        except FailedError as error:
            self._fail(error.cause)
            self._rest()
        except (StoppedError, BadOrdersError):
            raise
        except Exception as error:  # noqa: BLE001  # the last resort: said to the people, with the trace in the log
            for line in traceback.format_exc().splitlines():
                self._log.write("agent", line)
            words = f"The agent itself broke: {type(error).__name__}."
            hint = "Press Retry; if it happens again, tell whoever runs the bot."
            self._fail(Cause("agent-broke", words, hint))
            self._rest()

    def _set_up(self) -> None:
        self._orders = orders = parse(read_json(self._state / "launch.json"))
        if leftovers := self._children.end_leftovers():
            self._log.write("agent", f"started again; ended {leftovers} programs of the agent before")
        self._endpoint = jupyter.endpoint(self._state, is_published=orders.runtime == "docker")
        self._activity = jupyter.Activity(self._endpoint)
        self._config = Config(self._state, orders)
        self._verifier = Verifier(self._state, self._children, self._tools)
        if orders.tls != "off":
            _, _, self._reports.cert_sha256 = certificate.ensure(self._state, self._children, self._tools)
        if self._reports.last is None:
            self._reports.say("setup", "The instance is up")
        self._work = Work(self._state / "work.json")
        self._people = People(
            orders, self._config, self._verifier, cookie_key(self._state), self._endpoint, self._work
        )
        self._handed = Handed()
        self._calls = Calls(
            orders,
            self._config,
            self._verifier,
            self._reports,
            self._log,
            self._activity,
            self._handed,
            self._work,
            self._cut_off,
        )
        self._web: ThreadingHTTPServer = serve(self._answer)
        self._start_caddy(self._web.server_port)

    def _answer(self, asked: Asked) -> Answer:
        host = asked.headers.get("host", "").partition(":")[0]
        try:
            return self._calls.answer(asked) if host == AGENT_HOST else self._people.answer(asked)
        except (StoppedError, BusyError):
            return Answer(503)
        except Exception:  # noqa: BLE001  # one request must not end the thread without an answer
            for line in traceback.format_exc().splitlines():
                self._log.write("web", line)
            return Answer(500)

    def _start_caddy(self, agent_port: int) -> None:
        home = self._state / "caddy"
        home.mkdir(exist_ok=True)
        file = self._state / "caddy.json"
        upstreams = caddy.Upstreams(agent_port, self._endpoint.port)
        certificates = {"certificate": self._state / "agent.crt", "key": self._state / "agent.key"}
        write_json(file, caddy.config(self._orders, upstreams, home=home, **certificates), mode=0o600)
        args = [self._environ.get("CADDY_BIN", "caddy"), "run", "--config", str(file)]
        env = {**self._tools, "HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
        self._caddy = Service("caddy", self._children, lambda: args, env, home, self._hear_caddy)
        self._caddy.start()

    def _hear_caddy(self, line: str) -> None:
        self._log.write("caddy", line)
        if "get certificate from issuer" in line:
            self._reports.uncertified = line

    def _cut_off(self) -> None:
        """End the connections that are open: Caddy asks about a websocket once. First the bot's call gets its answer."""
        timer = threading.Timer(_ANSWERED_S, self._caddy.renew)
        timer.daemon = True
        timer.start()

    def _logger(self, source: str) -> Any:
        return lambda line: self._log.write(source, line)

    def _build(self) -> tuple[Job, paths.Chosen]:
        """Fetch and build what is not there yet."""
        orders = self._orders
        fetched, built = self._state / "fetched.json", self._state / "built.json"
        repository = self._state / "repo"
        if orders.volume:
            volume.attach(orders.disk, self._state / "volume", self._tool, self._pause)
        if not fetched.exists():
            token = self._token()
            self._reports.say("fetch", f"Fetching {orders.source.ref or orders.source.short_id}")
            fetch.fetch(
                orders.source, orders.limits, state=self._state, children=self._children, environ=self._environ,
                on_line=self._logger("fetch"), token=token,
            )  # fmt: skip
            del token
            write_json(fetched, {"commit": orders.source.commit})
        tree = FolderTree(repository)
        kept = read_json(built)
        chosen = (
            paths.Chosen(**kept["chosen"])
            if kept
            else paths.choose(orders.path_kind, orders.path, orders.open_url, tree)
        )
        job = self._job(repository, chosen, tree)
        if not kept:
            self._reports.say("fetch", f"Fetched {orders.source.short_id}", note=chosen.note)
            note = self._runtime.build(job)
            if orders.volume:
                note += f" The volume {orders.volume} is in the folder {volume.name(job)}."
            write_json(built, {"chosen": vars(chosen)})
            self._reports.say("build", "Built", note=note)
        return job, chosen

    def _tool(self, args: Sequence[str]) -> Finished:
        return self._children.run(args, env=self._tools, limit_s=600, on_line=self._logger(args[0]))

    def _token(self) -> Optional[Token]:
        if not self._orders.source.awaits_token:
            return None
        return self._handed.wait(
            lambda: self._reports.say("fetch", "Waiting for the token", awaits="token"), self._pause
        )

    def _job(self, repository: Path, chosen: paths.Chosen, tree: FolderTree) -> Job:
        progress = Progress(self._reports, self._log)
        return Job(
            orders=self._orders,
            state=self._state,
            repository=repository,
            root=repository / chosen.root,
            configuration=repository / paths.configuration_folder(tree, chosen.root),
            children=self._children,
            environ=self._environ,
            say=progress.say,
            on_line=progress.hear,
        )

    @property
    def _runtime(self) -> Runtime:
        if self._orders.runtime == "docker":
            return DockerRuntime()
        from .build_venv import VenvRuntime  # noqa: PLC0415  user data, which is for Docker, comes without it

        return VenvRuntime()

    def _serve(self, job: Job, chosen: paths.Chosen) -> None:
        self._work.place = lambda: self._runtime.place(job)
        Serving(
            orders=self._orders,
            endpoint=self._endpoint,
            activity=self._activity,
            reports=self._reports,
            log=self._log,
            children=self._children,
            browser=Browser(self._orders, lambda: self._people.cookie_for("agent")),
            pause=self._pause,
            remember=self._work.remember,
        ).run(self._runtime.server(job, self._endpoint), chosen.open_path)

    def _rest(self) -> None:
        """Stay for whoever wants to see the log."""
        while True:
            self._pause(_LOOK_EVERY_S)

    def _pause(self, seconds: float) -> None:
        """Wait a little, and do what is due meanwhile. Raises `StoppedError`."""
        if self._children.stopping.wait(seconds):
            raise StoppedError
        self._children.reap()
        if not self._verifier.was_called and time.monotonic() - self._repeated > _REPEAT_EVERY_S:
            self._repeated = time.monotonic()
            self._reports.repeat()

    def _fail(self, cause: Cause) -> None:
        with suppress(OSError):  # a full disk must not hide why
            self._reports.say("failed", cause.message, failure=cause.as_json())
