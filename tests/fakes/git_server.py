"""Git servers for tests: real repositories over smart HTTP on a loopback port, and servers that misbehave as told."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

CLOSED = {
    "PATH": os.environ["PATH"],
    "HOME": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
}


class HttpServer:
    """An HTTP server on a random loopback port; counts what reaches it. ``also_at``: an address at which it is known instead."""

    def __init__(
        self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]], *, also_at: str = ""
    ) -> None:
        self.asked: list[str] = []
        self.reached = asyncio.Event()  # set by the first request
        self.closing = asyncio.Event()
        self._handler = handler
        self._also_at = also_at
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        port = self._runner.addresses[0][1]
        if self._also_at:
            await web.TCPSite(self._runner, self._also_at, port).start()
        self.url = f"http://{self._also_at or '127.0.0.1'}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        self.reached.set()
        return await self._handler(request)


class GitServer(HttpServer):
    """Serves every repository of a folder, by ``git http-backend`` as a CGI program (git-http-backend(1))."""

    def __init__(self, folder: Path) -> None:
        super().__init__(self._backend)
        self.folder = folder

    async def _backend(self, request: web.Request) -> web.Response:
        process = await asyncio.create_subprocess_exec(
            "git",
            "http-backend",
            env=CLOSED | self._variables(request),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            said, _ = await process.communicate(await request.read())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        head, _, body = said.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        status = int(headers.pop("Status", "200").split()[0])
        return web.Response(status=status, headers=headers, body=body)

    def _variables(self, request: web.Request) -> dict[str, str]:
        # aiohttp has unpacked a compressed body already, so its encoding and length are not passed on.
        return {
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "PATH_INFO": request.path,
            "QUERY_STRING": request.query_string,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }


class ClosedGitServer(GitServer):
    """Lets in who sends this very ``Authorization``, and answers everybody else as ``closed`` says."""

    def __init__(self, folder: Path, authorization: str, *, closed: int = 401) -> None:
        super().__init__(folder)
        self.authorization = authorization
        self.sent: list[str] = []  # what was sent with each request; empty: nothing
        self._closed = closed

    async def _backend(self, request: web.Request) -> web.Response:
        self.sent.append(request.headers.get("Authorization", ""))
        if self.sent[-1] != self.authorization:
            headers = {"WWW-Authenticate": "Basic"} if self._closed == 401 else {}
            return web.Response(status=self._closed, headers=headers)
        return await super()._backend(request)


def answering(status: int, body: str = "", **headers: str) -> HttpServer:
    """A server that gives one answer to everything."""

    async def answer(request: web.Request) -> web.Response:
        del request
        return web.Response(status=status, headers=headers, text=body)

    return HttpServer(answer)


def redirecting(target: Callable[[str], str], status: int = 302) -> HttpServer:
    """A server that sends every request elsewhere: from path with query to URL."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": target(request.path_qs)})

    return HttpServer(answer)


class SilentServer(HttpServer):
    """Takes requests and answers none as long as it runs."""

    def __init__(self) -> None:
        super().__init__(self._wait)

    async def _wait(self, request: web.Request) -> web.Response:
        del request
        await self.closing.wait()
        return web.Response(status=503)


class Listener:
    """A loopback port that nobody may connect to: it counts who does."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.connections = 0
        self.port = 0
        self._host = host
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._count, self._host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _count(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        self.connections += 1
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
