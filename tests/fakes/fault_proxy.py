"""A reverse proxy before the services of an OpenStack: it counts every request, and fails, delays or holds the ones it is told to.

It listens in the loop that opens it, so its client must be in another thread (as the driver's calls are) or process. Which
requests there are and what they are called is `proxied_requests`, how an answer goes wrong `proxied_faults`.
"""

import asyncio
import copy
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import openstack
import yaml
from aiohttp import web

from tests.fakes.proxied_faults import Fault, Faults, How, refusal
from tests.fakes.proxied_requests import Routes

__all__ = ["Call", "Fault", "FaultProxy", "Held", "How"]

_FORWARD_S = 120.0  # for one answer of a service
_LEAVE_S = 0.1  # for requests that are under way when it closes; 0 would be for ever
_MOST_BYTES = 64 << 20  # of a request
_OF_A_CONNECTION = {
    "connection",
    "keep-alive",
    "transfer-encoding",
    "te",
    "upgrade",
    "content-length",
    "host",
}
_TEXT = ("application/json", "text/", "application/vnd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request that reached the proxy."""

    label: str
    status: int | None  # what the client was told; None: the connection was closed without an answer
    was_forwarded: bool  # the service has seen it, and answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One request that waits in the proxy until it is released."""

    label: str
    after: bool  # it waits with the service's answer; otherwise the service has not seen it yet
    reached: asyncio.Future[None]  # done as soon as it waits: ``await held.reached``
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Let it go on; one that has not come yet will not wait at all."""
        self._released.set()

    async def wait(self) -> None:
        """What the proxy does with the request."""
        if not self.reached.done():
            self.reached.set_result(None)
        await self._released.wait()


class FaultProxy:
    """``async with FaultProxy(clouds_yaml, folder=tmp_path) as proxy``: a cloud like another, every request by the proxy.

    Nobody needs to know: auth_url leads here, and so does every address that the services name, the catalog first.
    """

    member = "proxied"  # the cloud's name in `clouds_yaml`

    def __init__(self, clouds_yaml: Path, cloud: str = "dev", *, folder: Path) -> None:
        self.calls: list[Call] = []
        self.clouds_yaml = folder / "proxied-clouds.yaml"
        self.url = ""
        self.faults = Faults()
        self._holds: list[Held] = []  # ordered
        self._holding: list[Held] = []  # a request has come for them
        self._real, self._cloud = clouds_yaml, cloud
        self._routes = Routes(url="", endpoints={})
        self._upstream: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Listen, and write the cloud. Raises what openstacksdk raises where the real cloud lets nobody in."""
        endpoints = await asyncio.to_thread(_catalog, self._real, self._cloud)
        application = web.Application(client_max_size=_MOST_BYTES)
        application.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=_LEAVE_S)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._routes = Routes(url=self.url, endpoints=endpoints)
        # A connection is never used twice: aiohttp would send a request again that a closed one swallowed.
        self._upstream = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True, limit=0),
            timeout=aiohttp.ClientTimeout(total=_FORWARD_S),
        )
        self._write_cloud()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._upstream is not None:
            await self._upstream.close()

    def fail(self, label: str, how: How | int, *, times: int | None = 1, skip: int = 0, **more: Any) -> Fault:
        """Order a fault; ``more`` as `Fault` has it."""
        fault = Fault(label, how, times, skip, **more)
        self.faults.add(fault)
        return fault

    def heal(self) -> None:
        """No fault any more, and whatever waits goes on."""
        self.faults.clear()
        for held in self._holds + self._holding:
            held.release()
        self._holds.clear()

    def hold(self, label: str, *, after: bool = False) -> Held:
        """The next request of this label waits, before the service sees it or (``after``) with its answer."""
        held = Held(label=label, after=after, reached=asyncio.get_running_loop().create_future())
        self._holds.append(held)
        return held

    def labels(self) -> list[str]:
        """What was asked, in order of answers, each once."""
        return list(dict.fromkeys(call.label for call in self.calls))

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        label = self._routes.label(request.method, request.path, body)
        held, fault = self._held(label), self.faults.take(label)
        if held is not None and not held.after:
            await held.wait()
        answer = await self._forward(request, body) if fault is None or fault.is_forwarded else None
        if held is not None and held.after:
            await held.wait()
        if fault is not None:
            await asyncio.sleep(fault.seconds)
        if fault is not None and fault.how is not How.SLOW:
            told = refusal(fault, self._routes.service(request.path))
        else:
            told = answer
        status = None if told is None else told.status
        self.calls.append(Call(label=label, status=status, was_forwarded=answer is not None))
        if told is None and request.transport is not None:
            request.transport.close()
        return told or web.Response()  # to nobody

    def _held(self, label: str) -> Held | None:
        for place, held in enumerate(self._holds):
            if held.label == label:
                self._holding.append(self._holds.pop(place))
                return held
        return None

    async def _forward(self, request: web.Request, body: bytes) -> web.Response:
        assert self._upstream is not None
        headers = {n: v for n, v in request.headers.items() if n.lower() not in _OF_A_CONNECTION}
        # Nothing compressed: addresses in the text are changed.
        headers["Accept-Encoding"] = "identity"
        async with self._upstream.request(
            request.method,
            self._routes.upstream(request.raw_path),
            data=body or None,
            headers=headers,
            allow_redirects=False,
        ) as answer:
            content = await answer.read()
            kept = {
                name: self._routes.rewritten(value)
                for name, value in answer.headers.items()
                if name.lower() not in _OF_A_CONNECTION
            }
            if answer.content_type.startswith(_TEXT):
                content = self._routes.rewritten(content.decode()).encode()
            return web.Response(status=answer.status, headers=kept, body=content)

    def _write_cloud(self) -> None:
        cloud = copy.deepcopy(yaml.safe_load(self._real.read_text())["clouds"][self._cloud])
        cloud["auth"]["auth_url"] = self._routes.rewritten(cloud["auth"]["auth_url"])
        self.clouds_yaml.touch(mode=0o600)
        self.clouds_yaml.write_text(yaml.safe_dump({"clouds": {self.member: cloud}}))


def _catalog(clouds_yaml: Path, cloud: str) -> dict[str, str]:
    """The public endpoint of each service type, as Keystone tells this account."""
    config = openstack.config.OpenStackConfig(config_files=[str(clouds_yaml)], load_envvars=False)
    session: Any = config.get_one(cloud=cloud).get_session()
    catalog = session.auth.get_access(session).service_catalog
    endpoints = catalog.get_endpoints(interface="public")
    return {service: found[0]["url"] for service, found in endpoints.items() if found}
