"""A running ``binderops try``, and a person in it: what acceptance tests share."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError

from provisioning.store.postgres import EmbeddedPostgres

CHROMIUM = "/usr/bin/chromium"
# Root needs --no-sandbox; the rest keeps the browser from looking for its maker's hosts.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Playing:
    """A playground that runs, spoken to by its person API."""

    url: str
    home: Path
    process: "subprocess.Popen[bytes]"

    def get(self, path: str) -> Any:
        """What the person API shows."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=30) as answer:
            return json.load(answer)

    def post(self, path: str, body: object, **headers: str) -> Any:
        """What a person does; raises ``HTTPError`` where it is refused."""
        data = json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}{path}", data, {"Content-Type": "application/json", **headers}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def status_of(self, path: str, body: bytes, **headers: str) -> int:
        """The HTTP status of a POST that may be refused."""
        request = urllib.request.Request(f"{self.url}{path}", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except HTTPError as refused:
            return refused.code

    def until(self, look: Callable[[], T | None], *, within_s: float = 240) -> T:
        """What ``look`` finds, sooner or later."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            found = look()
            if found:
                return found
            assert self.process.poll() is None, "binderops try has ended"
            time.sleep(0.3)
        raise AssertionError(f"not seen within {within_s} s")

    def message(
        self, channel: str, has: Callable[[dict[str, Any]], bool]
    ) -> Callable[[], dict[str, Any] | None]:
        """A look for a message in a channel or its threads."""
        return lambda: next((m for m in self.get(f"/person/channel/{channel}")["messages"] if has(m)), None)


def buttons_of(message: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """A message's buttons, by action id."""
    blocks = message.get("blocks") or []
    return {
        e["action_id"]: {**e, "block_id": b["block_id"]}
        for b in blocks
        if b["type"] == "actions"
        for e in b["elements"]
    }


def private_links(room: Playing, user: str) -> list[str]:
    """All that this person was shown so far."""
    shown = map(buttons_of, room.get(f"/person/inbox/{user}")["ephemerals"])
    return [buttons["binder.enter"]["url"] for buttons in shown if "binder.enter" in buttons]


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def playing(home: Path, log: Path, *options: str, **environment: str) -> Iterator[Playing]:
    """``binderops try`` from start to Ctrl-C."""
    port = free_port()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "try", "--port", str(port), *options], stdout=output, stderr=output,
            env={**os.environ, "BINDEROPS_HOME": str(home), **environment}, start_new_session=True,
        )  # fmt: skip
        found = Playing(f"http://127.0.0.1:{port}", home, process)
        try:
            found.until(lambda: _answers(found), within_s=180)
            yield found
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(60)
            server = EmbeddedPostgres(home)  # as root it lies outside of the home
            server.stop_if_unused()
            shutil.rmtree(server.folder, ignore_errors=True)


def _answers(found: Playing) -> bool:
    try:
        return bool(found.get("/person/state")["bot_connected"])
    except OSError:
        return False
