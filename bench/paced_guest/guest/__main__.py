"""A guest that builds nothing and takes its time about it: its story is told by a timetable, ``pace.json`` beside this file.

Run as the real one, ``python -m guest STATE_DIR``. Polls are held until there is news, as the agent holds them.
"""

import json
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

AGENT = "agent.binderops.internal"
LAB = {"name": "lab", "title": "JupyterLab", "path": "/lab"}


def timetable(seconds: float, steps: int) -> list[tuple[float, dict]]:
    """What is reported after how many seconds: the build's steps spread evenly, then ready."""
    said: list[tuple[float, dict]] = [(0, {"phase": "setup"}), (0, {"phase": "fetch"})]
    for step in range(1, steps + 1):
        doing = {"phase": "build", "step": [step, steps], "msg": f"RUN part {step} of the build"}
        said.append(((step - 1) * seconds / steps, doing))
    said += [
        (seconds, {"phase": "start"}),
        (seconds, {"phase": "ready", "interfaces": [LAB], "open_path": "/lab"}),
    ]
    return [
        (at, {"v": 1, "n": n, "msg": report["phase"], **report}) for n, (at, report) in enumerate(said, 1)
    ]


class Told:
    """The reports so far."""

    def __init__(self, table: list[tuple[float, dict]]) -> None:
        self._began = time.monotonic()
        self._at = datetime.now(UTC)
        self._table = table

    def after(self, number: int, wait_s: float) -> list[dict]:
        """What came after this number; waits for it so long."""
        until = time.monotonic() + wait_s
        while True:
            passed = time.monotonic() - self._began
            news = [r for at, r in self._table if at <= passed and r["n"] > number]
            left = until - time.monotonic()
            if news or left <= 0:
                return [{**r, "t": self._at.isoformat()} for r in news]
            coming = [at - passed for at, r in self._table if at > passed]
            time.sleep(min([left, *coming]) + 0.001)


def handler(told: Told) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if self.headers.get("Host", "").split(":")[0] != AGENT:
                self.answer(401, b"Press Open in Slack.")
            elif url.path == "/_binder/status":
                asked = parse_qs(url.query)
                news = told.after(int(asked.get("after", ["0"])[0]), float(asked.get("wait", ["0"])[0]))
                now = datetime.now(UTC).isoformat()
                self.answer(200, json.dumps({"now": now, "reports": news}).encode())
            else:
                self.answer(200, b"the whole log")

        def do_PUT(self) -> None:
            self.answer(200, self.rfile.read(int(self.headers.get("Content-Length", "0"))))

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Binderops-Log-Size", str(len(body)))
            self.end_headers()
            with suppress(BrokenPipeError):  # whoever asked has gone
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Whoever listened has gone."""


def main(state: Path) -> None:
    launch = json.loads((state / "launch.json").read_text())
    pace = json.loads(Path(__file__).with_name("pace.json").read_text())
    host, _, port = launch["listen"].rpartition(":")
    Server((host, int(port)), handler(Told(timetable(pace["seconds"], pace["steps"])))).serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
