"""The agent's HTTP server on loopback, behind Caddy. Plumbing only: what is answered is in `people` and `calls`."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Mapping, Optional
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Asked:
    """One request; header names in lower case, several lines of one header joined."""

    method: str
    path: str  # with its query
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    status: int
    body: bytes = b""
    kind: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: Optional[Callable[[Any], None]] = None  # writes the body by itself


Respond = Callable[[Asked], Answer]


def serve(respond: Respond) -> ThreadingHTTPServer:
    """Start serving on a free port of loopback; `ThreadingHTTPServer.server_port` says which."""

    class Handler(_Handler):
        answer_to = staticmethod(respond)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True, name="web").start()
    return server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 120
    answer_to: Respond

    def _do(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not re.fullmatch("[0-9]{1,5}", length):
            self.close_connection = True
            self._send(Answer(413))
            return
        body = self.rfile.read(int(length))
        try:
            urlsplit(self.path)
        except ValueError:
            self._send(Answer(400))
            return
        self._send(self.answer_to(Asked(self.command, self.path, self._lower_headers(), body)))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = _do  # noqa: N815  # the base's names

    def _lower_headers(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            joint = "; " if key == "cookie" else ", "
            found[key] = f"{found[key]}{joint}{value}" if key in found else value
        return found

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        headers = {
            "Content-Type": answer.kind,
            **(
                {"Transfer-Encoding": "chunked"}
                if answer.stream
                else {"Content-Length": str(len(answer.body))}
            ),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            **answer.headers,
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.stream:
            answer.stream(self)
            self.wfile.write(b"0\r\n\r\n")  # not where it raised: whoever reads can tell
        elif self.command != "HEAD":
            self.wfile.write(answer.body)

    def write(self, part: bytes) -> int:
        """For what streams."""
        if part:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
        return len(part)

    def flush(self) -> None:
        """Nothing waits."""

    def version_string(self) -> str:
        return "binderops"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Nothing: addresses hold tickets."""
