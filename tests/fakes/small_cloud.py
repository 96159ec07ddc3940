"""An OpenStack of a hundred lines: it lets anybody in, answers as told, and can be silent. For how the driver asks, not for what.

It answers in threads of its own, so that a silent request holds up no other one.
"""

import json
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import yaml

#: Where each service is, and what its endpoint says of its versions.
SERVICES = {
    "identity": ("/identity/v3", "v3.14", ""),
    "compute": ("/compute/v2.1", "v2.1", "2.96"),
    "network": ("/network/v2.0", "v2.0", ""),
    "image": ("/image/v2", "v2.15", ""),
    "block-storage": ("/volume/v3", "v3.0", "3.71"),
}
SECRET = "sOlEd0rFjord"

Answer = tuple[int, Any]


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client may leave before its answer: some are told to."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


_CUT = 0  # a status that stands for no answer


@dataclass
class SmallCloud:
    """``with SmallCloud(folder) as cloud``: `clouds_yaml` leads to it. ``more`` stands in clouds.yaml beside the sign-in, ``cache`` beside the clouds."""

    folder: Path
    more: dict[str, Any] = field(default_factory=dict)
    cache: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)  # ``POST /compute/v2.1/servers``, in order of arrival
    sent: list[Any] = field(default_factory=list)  # the bodies of what was posted, sign-in left out
    answers: dict[str, Callable[[], Answer]] = field(default_factory=dict)
    _silent: set[str] = field(default_factory=set)
    _speaks: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                cloud._answer(self, json.loads(self.rfile.read(length)) if length else None)

            do_GET = do_POST = do_DELETE = answer  # noqa: N815  http.server's names

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  http.server's name
                """Say nothing."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        self.clouds_yaml = self.folder / "clouds.yaml"
        auth = {
            "auth_url": f"{self.url}/identity/v3",
            "application_credential_id": "a",
            "application_credential_secret": SECRET,
        }
        told = {"auth_type": "v3applicationcredential", "auth": auth, **self.more}
        self.clouds_yaml.write_text(
            yaml.safe_dump({"clouds": {"small": told}} | ({"cache": self.cache} if self.cache else {}))
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.speak()
        self._server.shutdown()
        self._server.server_close()

    def be_silent(self, asked: str) -> None:
        """Take these requests (``POST /compute/v2.1/servers``), and answer none of them."""
        self._silent.add(asked)

    def speak(self) -> None:
        """Answer everything again, what waits too."""
        self._silent.clear()
        self._speaks.set()

    def count(self, start: str) -> int:
        """How often was asked what begins so."""
        return sum(asked.startswith(start) for asked in list(self.asked))

    def say(self, asked: str, *answers: Answer | None) -> None:
        """What is answered from now on, one after the other, the last one always. None: the connection is cut."""
        left = [(_CUT, None) if one is None else one for one in answers]
        self.answers[asked] = lambda: left.pop(0) if len(left) > 1 else left[0]

    def _answer(self, request: BaseHTTPRequestHandler, body: Any) -> None:
        asked = f"{request.command} {urlsplit(request.path).path.rstrip('/')}"
        self.asked.append(asked)
        if asked in self._silent:
            self._speaks.wait()
        status, said = self._said(asked, body)
        if status == _CUT:
            request.close_connection = True
            return
        text = json.dumps(said).encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(text)))
        request.send_header("Content-Type", "application/json")
        request.send_header("X-Subject-Token", "t")
        request.end_headers()
        request.wfile.write(text)

    def _said(self, asked: str, body: Any) -> Answer:
        if asked in self.answers:
            if body is not None:
                self.sent.append(body)
            return self.answers[asked]()
        if asked == "POST /identity/v3/auth/tokens":
            return 201, {"token": self._token()}
        for path, version, newest in SERVICES.values():
            if asked == f"GET {path}":
                links = [{"rel": "self", "href": f"{self.url}{path}/"}]
                about = {
                    "id": version,
                    "status": "CURRENT",
                    "links": links,
                    "version": newest,
                    "min_version": newest and version[1:],
                }
                return 200, {"version": about}
        return 404, {"itemNotFound": {"code": 404, "message": f"nothing is told of {asked}"}}

    def _token(self) -> dict[str, Any]:
        def endpoint(path: str) -> dict[str, str]:
            return {
                "id": path,
                "interface": "public",
                "region": "R",
                "region_id": "R",
                "url": f"{self.url}{path}",
            }

        catalog = [
            {"id": kind, "type": kind, "name": kind, "endpoints": [endpoint(path)]}
            for kind, (path, _version, _newest) in SERVICES.items()
        ]
        return {
            "methods": ["application_credential"], "issued_at": "2026-01-01T00:00:00.000000Z",
            "expires_at": "2099-01-01T00:00:00.000000Z", "catalog": catalog, "roles": [{"id": "m", "name": "member"}],
            "project": {"id": "p", "name": "p", "domain": {"id": "default", "name": "Default"}},
            "user": {"id": "u", "name": "u", "domain": {"id": "default", "name": "Default"}},
        }  # fmt: skip
