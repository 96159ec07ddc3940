"""The person's Jupyter Server: its command, its token, and what it says about itself."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import socket
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Iterator, Mapping, Optional, Sequence

from .durable import read_json, write_json
from .job import Endpoint

_INSIDE = Path(__file__).with_name("inside") / "jupyter_server_config.py"


def endpoint(state: Path, *, is_published: bool) -> Endpoint:
    """The server's port and token, kept over restarts; another port where the old one is taken.

    ``is_published``: a container holds its port for life, and while the agent was away it may have run on.
    """
    file = state / "server.json"
    kept = read_json(file) or {}
    token = str(kept.get("token") or secrets.token_urlsafe(32))
    port = int(kept.get("port", 0))
    is_ours = port and (is_published or _is_free(port))
    found = Endpoint(port=port if is_ours else _free_port(), token=token)
    write_json(file, {"port": found.port, "token": found.token}, mode=0o600)
    return found


def config_file(state: Path) -> Path:
    """The server's configuration, put where the server may read it."""
    file = state / "jupyter_server_config.py"
    if not file.exists():
        file.write_bytes(_INSIDE.read_bytes())
    return file


def command(program: str, config: Path, root: Path, address: str, port: int) -> list[str]:
    """The server's arguments. Its token comes by JUPYTER_TOKEN, which `inside/` takes out of the environment."""
    settings = {
        "ip": address,
        "port": port,
        "port_retries": 0,
        "root_dir": root,
        "base_url": "/",
        "allow_remote_access": True,  # the Host is the public name; the gate checks it
    }
    args = [program, f"--config={config}", "--no-browser"]
    if os.geteuid() == 0:
        args.append("--allow-root")
    return [*args, *(f"--ServerApp.{name}={value}" for name, value in settings.items())]


def ask(to: Endpoint, path: str, *, timeout_s: float = 10) -> tuple[int, bytes]:
    """GET a page of the server itself, past the gate: its status and content; status 0 where it does not answer."""
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", to.port, timeout=timeout_s)) as connection:
            connection.request("GET", path, headers={"Authorization": f"token {to.token}"})
            answer = connection.getresponse()
            return answer.status, answer.read(2_000_000)
    except (OSError, http.client.HTTPException):
        return 0, b""


def is_up(to: Endpoint) -> bool:
    """Whether the server answers and takes our token."""
    return ask(to, "/api/status")[0] == 200


class Activity:
    """What people do with the server, where a program behind jupyter-server-proxy counts our own looks at it as well."""

    def __init__(self, to: Endpoint) -> None:
        self._to = to
        self._ours = self._before = ""

    def told(self) -> Optional[Mapping[str, Any]]:
        """When somebody last did something, and how many connections and kernels there are; None while it is not up."""
        status, body = ask(self._to, "/api/status")
        if status != 200:
            return None
        said = json.loads(body)
        last = said["last_activity"]
        last = self._before if last == self._ours else last
        return {"last": last, "connections": said["connections"], "kernels": said["kernels"]}

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        """What is asked of the server meanwhile is nobody's activity."""
        before = self.told()
        yield
        self._ours = ""
        if before and (after := self.told()):
            self._ours, self._before = after["last"], before["last"]


def proxied(to: Endpoint) -> Sequence[Mapping[str, Any]]:
    """The programs that jupyter-server-proxy lists; none where it is not installed."""
    status, body = ask(to, "/server-proxy/servers-info")
    if status != 200:
        return ()
    try:
        listed = json.loads(body)["server_processes"]
    except (ValueError, KeyError, TypeError):
        return ()
    return [entry for entry in listed if isinstance(entry, dict) and entry.get("name")]


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
