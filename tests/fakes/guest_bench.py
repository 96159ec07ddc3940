"""A real guest agent as a process, a repository that git serves to it, and a person's browser as far as headers go."""

import asyncio
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from provisioning.clouds import Address
from provisioning.errors import TemporaryError
from provisioning.guest_link import GuestLink
from provisioning.launch_spec import Limits, launch_json
from provisioning.model import Report
from provisioning.tickets import Signer
from tests.fakes.signing import always
from tests.strategies import a_binder, a_plan

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
_READY_S = 120
_CLOSED = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, env={**os.environ, **_CLOSED}, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def a_repository(folder: Path, files: Mapping[str, str]) -> str:
    """A repository with these files; its commit."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=one")
    return git(folder, "rev-parse", "HEAD")


@contextmanager
def git_daemon(base: Path, *, host: str = "") -> Iterator[str]:
    """Serves all repositories below ``base``; yields the URL that they are below. ``host``: an address to serve at as well."""
    port = free_port()
    command = ["git", "daemon", "--export-all", f"--base-path={base}", "--listen=127.0.0.1", f"--port={port}"]
    command += [f"--listen={host}"] if host else []
    daemon = subprocess.Popen([*command, str(base)], stderr=subprocess.DEVNULL)
    try:
        until(lambda: _accepts(port), 10)
        yield f"git://{host or '127.0.0.1'}:{port}/"
    finally:
        daemon.terminate()
        daemon.wait()


@asynccontextmanager
async def echo_server() -> AsyncIterator[int]:
    """A program of the person's: says which headers reach it, and invites every origin. Yields its port."""

    async def echo(request: web.Request) -> web.Response:
        headers = {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Credentials": "true",
            "X-Echo": "yes",
        }
        return web.json_response(dict(request.headers), headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def _accepts(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def until(is_so: Any, limit_s: float) -> None:
    """Wait for a condition of another process; no other sign of it exists."""
    ends = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < ends, "it did not become so"
        time.sleep(0.05)


class GuestBench:
    """One state folder and the agent on it."""

    def __init__(
        self,
        state: Path,
        url: str,
        commit: str,
        *,
        tls: str = "off",
        acme: Mapping[str, object] | None = None,
        awaits_token: bool = False,
        address: Address | None = None,
        **launch: Any,
    ) -> None:
        self.state, self.id = state, launch.pop("binder", "aaaabbbbcc")
        port = free_port()
        self.signer = Signer.generate()
        self.epoch = 0  # that the guest was told last
        scheme = "http" if tls == "off" else "https"
        address = address or Address(
            public_url=f"{scheme}://b-{self.id}.localhost:{port}",
            agent_url=f"{scheme}://127.0.0.1:{port}",
            listen=f"127.0.0.1:{port}",
            tls=tls,
            acme=acme,
        )
        self.public_url, self.agent_url, self.listen = address.public_url, address.agent_url, address.listen
        orders = dict(
            launch_json(
                a_binder(), a_plan(), address, deployment="test", runtime="venv",
                bot_keys=(self.signer.public_key, Signer.generate().public_key),
                allow_exact=(url.rpartition("/")[0] + "/",), limits=Limits(),
            )
        )  # fmt: skip
        source = {
            **dict(orders["source"]),
            "url": url,
            "commit": commit,
            "address": "",
            "awaits_token": awaits_token,
        }  # type: ignore[call-overload]
        state.mkdir(parents=True)
        self.orders = {
            **orders,
            "binder": self.id,
            "path_kind": "none",
            "path": "",
            "source": source,
            **launch,
        }
        (state / "launch.json").write_text(json.dumps(self.orders))
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """Where people come in."""
        return int(self.listen.rpartition(":")[2])

    @classmethod
    def stranger_to(cls, other: "GuestBench") -> "GuestBench":
        """Somebody with keys of their own who knows where the other is."""
        stranger = cls.__new__(cls)
        stranger.__dict__ = {**other.__dict__, "signer": Signer.generate(), "process": None}
        return stranger

    def start(self) -> None:
        environment = {
            key: value
            for key, value in os.environ.items()
            if key.startswith(("PIP_", "UV_", "SSL_CERT_"))
            or key.endswith("_proxy")
            or key in ("HOME", "REQUESTS_CA_BUNDLE")
        }
        environment |= {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "provisioning"),
            "BINDEROPS_SERVER": str(self.state),
        }
        with (self.state / "console").open("ab") as console:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "guest", str(self.state)],
                cwd="/",
                env=environment,
                stdout=console,
                stderr=console,
            )

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def processes(self) -> dict[int, str]:
        """Everything alive that this agent or anything below it started."""
        mark = f"BINDEROPS_SERVER={self.state}".encode()
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                    found[int(entry.name)] = command
            except OSError:
                continue
        return found

    def console(self) -> str:
        return (self.state / "console").read_text()

    async def reports(self, *phases: str, after: int = 0, cert_sha256: str = "") -> list[Report]:
        """Listen as the bot does until a report of one of these phases; all reports after ``after``."""
        until(self.is_up, 20)
        heard: list[Report] = []
        ends = time.monotonic() + _READY_S
        async with self.link() as link:
            while not any(r.phase in phases for r in heard):
                assert time.monotonic() < ends, (
                    heard,
                    self.console(),
                    (self.state / "log").read_text()[-5000:],
                )
                newest = heard[-1].n if heard else after
                with suppress(TemporaryError):  # Caddy may not be there yet
                    heard += await link.status(self.agent_url, self.id, newest, 5, cert_sha256=cert_sha256)
        return heard

    @asynccontextmanager
    async def link(self) -> AsyncIterator[GuestLink]:
        async with a_session() as session:
            yield GuestLink(session, always(self.signer), lambda: datetime.now(UTC))

    async def shut_out(self) -> None:
        """Raise the membership epoch as the bot does, and wait until the guest cut everybody off."""
        before = self._caddy()
        async with self.link() as link:
            await link.configure(self.agent_url, self.id, epoch=self.epoch + 1, keys=[self.signer.public_key])
        self.epoch += 1
        until(lambda: self._caddy() not in (0, before) and self.is_up(), 20)

    def is_up(self) -> bool:
        """Somebody listens where people come in; for a moment nobody does while Caddy is started anew."""
        host, _, port = self.listen.rpartition(":")
        return _accepts(int(port), host)

    def _caddy(self) -> int:
        return next((pid for pid, command in self.processes().items() if " run --config " in command), 0)

    def ticket(self, to: str = "/lab", *, binder: str = "", epoch: int | None = None) -> str:
        return self.signer.ticket(
            binder=binder or self.id,
            team="T1",
            user="U1",
            to=to,
            epoch=self.epoch if epoch is None else epoch,
            now=datetime.now(UTC),
        )

    @asynccontextmanager
    async def browser(self) -> AsyncIterator["Browser"]:
        jar = aiohttp.DummyCookieJar()
        async with a_session(cookie_jar=jar) as session:
            yield Browser(self, session)


@asynccontextmanager
async def a_session(*, says_goodbye: bool = True, **options: Any) -> AsyncIterator[aiohttp.ClientSession]:
    """A session that is over when each of its connections is: TLS says goodbye first, and aiohttp does not wait for all of them.

    ``says_goodbye`` False: to whoever may have gone away and answers none; no connection is used twice then.
    """
    made: list[socket.socket] = []

    def a_socket(info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, *_ = info
        made.append(socket.socket(family, kind, protocol))
        return made[-1]

    connector = aiohttp.TCPConnector(socket_factory=a_socket, force_close=not says_goodbye)
    async with aiohttp.ClientSession(connector=connector, **options) as session:
        yield session
        if not says_goodbye:
            await connector.close(abort_ssl=True)
    async with asyncio.timeout(20):
        while any(one.fileno() != -1 for one in made):  # noqa: ASYNC110  a socket tells nobody that it was closed
            await asyncio.sleep(0.01)


class Browser:
    """One profile: what it sends is what a browser sends. ``url``: where it connects, the guest itself where none is given.

    ``looks_at_certificates`` False: as a person who presses on at the warning.
    """

    def __init__(
        self,
        guest: GuestBench,
        session: aiohttp.ClientSession,
        *,
        url: str = "",
        looks_at_certificates: bool = False,
    ) -> None:
        self.guest, self.session, self.cookie = guest, session, ""
        self.url, self.ssl = url or guest.agent_url, looks_at_certificates
        self.own = {"Host": urlsplit(guest.public_url).netloc}

    def headers(self, **more: str) -> dict[str, str]:
        cookie = {"Cookie": self.cookie} if self.cookie else {}
        return {**self.own, **cookie, **{k.replace("_", "-"): v for k, v in more.items()}}

    async def get(
        self, path: str, method: str = "GET", body: bytes = b"", /, **headers: str
    ) -> tuple[int, str]:
        async with self.session.request(
            method, self.url + path, headers=self.headers(**headers), data=body or None,
            allow_redirects=False, ssl=self.ssl,
        ) as answer:  # fmt: skip
            return answer.status, await answer.text()

    async def enter(self, ticket: str, **headers: str) -> tuple[int, str]:
        """Hand in a ticket as the page does; keeps the cookie. The status and where it leads."""
        sent = {"Sec_Fetch_Site": "same-origin", "Origin": "null", **headers}
        async with self.session.post(
            f"{self.url}/_binder/enter", headers=self.headers(**sent), data={"ticket": ticket},
            allow_redirects=False, ssl=self.ssl,
        ) as answer:  # fmt: skip
            if answer.status == 303:
                self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
            return answer.status, answer.headers.get("Location", "")

    async def work(self) -> tuple[str, dict[str, str]]:
        """The person's work, downloaded: the name that it is saved under, and the files in it. Raises where it is not given."""
        url = f"{self.url}/_binder/work?zip="
        async with self.session.get(url, headers=self.headers(), ssl=self.ssl) as answer:
            assert (answer.status, answer.content_type) == (200, "application/zip"), await answer.text()
            assert answer.content_disposition is not None
            with zipfile.ZipFile(io.BytesIO(await answer.read())) as packed:
                assert packed.testzip() is None
                files = {name: packed.read(name).decode() for name in packed.namelist()}
            return str(answer.content_disposition.filename), files

    async def compute(self, code: str, **headers: str) -> str:
        """Run code in a new kernel over its websocket, and what it prints. Raises where the way is refused."""
        sent = {"Origin": self.guest.public_url, "Sec_Fetch_Site": "same-origin", **headers}
        status, started = await self.get("/api/kernels", "POST", b"{}", **sent)
        assert status == 201, started
        kernel = json.loads(started)["id"]
        url = f"{self.url}/api/kernels/{kernel}/channels"
        async with self.session.ws_connect(url, headers=self.headers(**sent), ssl=self.ssl) as socket_:
            header = {
                "msg_id": "m1",
                "msg_type": "execute_request",
                "username": "",
                "session": "s",
                "version": "5.3",
            }
            content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
            await socket_.send_json(
                {
                    "header": header,
                    "parent_header": {},
                    "metadata": {},
                    "content": content,
                    "channel": "shell",
                }
            )
            async for message in socket_:
                said = message.json()
                if said["msg_type"] == "stream":
                    return str(said["content"]["text"]).strip()
                assert said["msg_type"] != "error", said
        raise AssertionError("the kernel said nothing")
