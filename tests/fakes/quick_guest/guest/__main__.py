"""A guest that builds nothing: tells the whole story at once and answers as the agent does. For tests of the bot's side.

Run as the real one: ``python -m guest STATE_DIR``. A source whose URL holds ``broken`` fails its build.
"""

import json
import sys
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

AGENT = "agent.binderops.internal"
LAB = {"name": "lab", "title": "JupyterLab", "path": "/lab"}
FAILURE = {
    "code": "package-not-found",
    "message": "No such package.",
    "hint": "Correct its name.",
    "lines": ["ERROR: no-such"],
}


def story(launch: dict) -> list[dict]:
    at = datetime.now(UTC).isoformat()
    lines = [("setup", {}), ("fetch", {}), ("build", {"step": [1, 2]}), ("build", {"step": [2, 2]})]
    if "broken" in launch["source"]["url"]:
        lines += [("failed", {"failure": FAILURE})]
    else:
        lines += [("start", {}), ("ready", {"interfaces": [LAB], "open_path": "/lab"})]
    return [
        {"v": 1, "n": n, "t": at, "phase": p, "msg": p, **more} for n, (p, more) in enumerate(lines, start=1)
    ]


def handler(reports: list[dict]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if self.headers.get("Host", "").split(":")[0] != AGENT:
                self.answer(401, "text/html", "Press Open in Slack.")
            elif url.path == "/_binder/status":
                after = int(parse_qs(url.query).get("after", ["0"])[0])
                news = [r for r in reports if r["n"] > after]
                self.answer(
                    200,
                    "application/json",
                    json.dumps({"now": datetime.now(UTC).isoformat(), "reports": news}),
                )
            else:
                self.answer(200, "text/plain", "the whole log")

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.path == "/_binder/config":
                self.answer(200, "application/json", body)
            else:
                self.answer(404, "text/plain", "nothing here takes that")

        def answer(self, status: int, kind: str, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Binderops-Log-Size", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def main(state: Path) -> None:
    launch = json.loads((state / "launch.json").read_text())
    host, _, port = launch["listen"].rpartition(":")
    ThreadingHTTPServer((host, int(port)), handler(story(launch))).serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
