"""Bare repositories over git's smart HTTP protocol, read only, by ``git http-backend`` as a CGI program.

Source: git-http-backend(1). Shallow fetches and fetches of an exact commit work as on the big hosts.
"""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

PIECE = 64 * 1024
CLOSED = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """What git sees: the search path and what is named here, nothing of the user's own settings."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": os.devnull, **CLOSED, **more}


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHttp:
    """The repositories in ``folder``, each by its name there."""

    folder: Path
    names: tuple[str, ...]

    def routes(self) -> list[web.RouteDef]:
        """Reading only: a push asks for ``git-receive-pack`` and finds nothing."""
        place = f"/{{repository:{'|'.join(name.replace('.', '[.]') for name in self.names)}}}"
        return [
            web.get(place + "/{rest:.*}", self._serve),
            web.post(place + "/{rest:git-upload-pack}", self._serve),
        ]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if "receive-pack" in request.path_qs:
            raise web.HTTPForbidden(text="This repository is for reading only.\n")
        process = await asyncio.create_subprocess_exec(
            "git",
            "http-backend",
            env=environment(self._request_variables(request)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            body = asyncio.ensure_future(_feed(request, process))
            response = await _relay(request, process)
            await body
            return response
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def _request_variables(self, request: web.Request) -> dict[str, str]:
        found = {
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": request.path,
            "QUERY_STRING": request.query_string,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        # aiohttp has unpacked a compressed body already, so neither its length nor its encoding are passed on
        if protocol := request.headers.get("Git-Protocol"):
            found["GIT_PROTOCOL"] = protocol
        return found


async def _feed(request: web.Request, process: asyncio.subprocess.Process) -> None:
    stdin = process.stdin
    if stdin is None:
        return
    try:
        async for piece in request.content.iter_chunked(PIECE):
            stdin.write(piece)
            await stdin.drain()
    except ConnectionError:
        return  # git has read enough
    finally:
        stdin.close()


async def _relay(request: web.Request, process: asyncio.subprocess.Process) -> web.StreamResponse:
    output = process.stdout
    if output is None:
        raise web.HTTPBadGateway
    response = web.StreamResponse()
    while line := (await output.readline()).decode().strip():
        name, _, value = line.partition(":")
        if name.lower() == "status":
            response.set_status(int(value.split()[0]))
        else:
            response.headers[name] = value.strip()
    await response.prepare(request)
    while piece := await output.read(PIECE):
        await response.write(piece)
    await response.write_eof()
    return response
