"""A stand-in for Exosphere's User Application Proxy, as its documentation configures nginx (docs/user-app-proxy.md there).

``https://http-192-0-2-7-80.PROXY_HOST/x`` goes to ``http://192.0.2.7:80/x``; with ``https-`` or no word before the address it goes
by TLS, without a look at the certificate. Upstream gets ``Host`` without a port, ``X-Forwarded-Proto: https``, and whatever
else the client sent, its own ``X-Forwarded-For`` too. Plain requests go on in HTTP/1.0, which is nginx's way unless it is told
another. The documented configuration does not show how websockets pass; here as nginx is usually told (``Upgrade``, HTTP/1.1).
"""

import asyncio
import re
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

PROXY_HOST = "proxy.example"
_NAME = re.compile(
    rf"(?:(https?)-)?(\d{{1,3}})-(\d{{1,3}})-(\d{{1,3}})-(\d{{1,3}})-(\d+)\.{re.escape(PROXY_HOST)}"
)
_OF_A_CONNECTION = {"host", "connection", "keep-alive", "upgrade", "x-forwarded-proto"}
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where a name of the proxy's leads."""

    is_tls: bool
    host: str
    port: int


def upstream_of(host: str) -> Upstream | None:
    """Where this host name leads; None where it is no name of the proxy's."""
    if not (found := _NAME.fullmatch(host.lower())):
        return None
    scheme, *octets, port = found.groups()
    return Upstream(is_tls=scheme != "http", host=".".join(octets), port=int(port))


class AppProxy:
    """It runs while its context lasts. ``browsing`` is a session of somebody whose names lead here and who trusts its certificate."""

    def __init__(self, folder: Path) -> None:
        self._certificate, self._key = folder / "proxy.crt", folder / "proxy.key"
        self.port = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator["AppProxy"]:
        await asyncio.to_thread(self._make_certificate)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self._certificate, self._key)
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self
            server.close()

    @asynccontextmanager
    async def browsing(self) -> AsyncIterator[aiohttp.ClientSession]:
        trust = ssl.create_default_context(cafile=str(self._certificate))
        connector = aiohttp.TCPConnector(resolver=_Names(self.port), ssl=trust, force_close=True)
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield session

    def _make_certificate(self) -> None:
        args = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ]
        args += ["-subj", f"/CN={PROXY_HOST}", "-addext", f"subjectAltName=DNS:*.{PROXY_HOST}"]
        subprocess.run(
            [*args, "-keyout", self._key, "-out", self._certificate], check=True, capture_output=True
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request of a client: every connection has one."""
        with suppress(OSError, asyncio.IncompleteReadError):
            try:
                await self._pass_on(reader, writer)
            finally:
                writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, headers = _parsed(await reader.readuntil(_END))
        asked = {name.lower(): value for name, value in headers}
        method, target, _ = line.split(" ", 2)
        host = asked.get("host", "").partition(":")[0]
        upstream = upstream_of(host)
        if upstream is None:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return
        upgrade = asked.get("upgrade")
        told = [("Host", host), ("X-Forwarded-Proto", "https")]
        told += [("Upgrade", upgrade), ("Connection", "upgrade")] if upgrade else [("Connection", "close")]
        told += [(name, value) for name, value in headers if name.lower() not in _OF_A_CONNECTION]
        there, to = await asyncio.open_connection(
            upstream.host, upstream.port, ssl=_blind() if upstream.is_tls else None
        )
        try:
            to.write(_head(f"{method} {target} HTTP/{'1.1' if upgrade else '1.0'}", told))
            to.write(await reader.readexactly(int(asked.get("content-length", "0"))))
            status, answered = _parsed(await there.readuntil(_END))
            if " 101 " not in status:
                answered = [(n, v) for n, v in answered if n.lower() not in _OF_A_CONNECTION]
                answered.append(("Connection", "close"))
            writer.write(_head(re.sub(r"^HTTP/1\.0", "HTTP/1.1", status), answered))
            if " 101 " in status:
                await _both_ways((reader, to), (there, writer))
            else:
                await _pump(there, writer)
        finally:
            to.close()


class _Names(AbstractResolver):
    """Every name leads to the proxy; its port is not 443 here."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        assert host.endswith(f".{PROXY_HOST}"), host
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=self._port, family=family, proto=0, flags=socket.AI_NUMERICHOST
            )
        ]  # fmt: skip

    async def close(self) -> None:
        return


def _parsed(head: bytes) -> tuple[str, list[tuple[str, str]]]:
    first, *rest = head.removesuffix(_END).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in rest)
    return first, [(name, value.strip()) for name, _, value in pairs]


def _head(first: str, headers: Sequence[tuple[str, str]]) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join(lines).encode("latin-1") + _END


def _blind() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _both_ways(*ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    """Until one of them ends."""
    tasks = [asyncio.create_task(_pump(source, sink)) for source, sink in ways]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while piece := await source.read(65_536):
        sink.write(piece)
        await sink.drain()
