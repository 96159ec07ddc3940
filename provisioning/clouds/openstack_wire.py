"""Requests to the services of one OpenStack project: each sent once, then answered or translated.

Turns are waited for on the event loop, requests block in the threads of `openstack_calls`. Which SDK signs in and knows the
catalog, and what its exceptions mean, comes from the driver.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from provisioning.clouds import fence, openstack_objects, openstack_words
from provisioning.clouds.openstack_calls import Calls, Lane, Observe, Pace, Purpose
from provisioning.clouds.openstack_memory import Memory

log = logging.getLogger(__name__)

T = TypeVar("T")

_TYPES = {"volume": "block-storage"}  # as the catalog has it, where it is not our word
_SERVICES = {"compute": "compute", "network": "network", "image": "image", "volume": "block_storage"}
_IDENTITY = Lane("identity", Purpose.READ)
#: The library sends nothing twice and answers nothing from a cache, whatever clouds.yaml says: a create that was sent again doubles.
_ONCE = {"raise_exc": False, "connect_retries": 0, "status_code_retries": 0, "skip_cache": True}


class Translated(Protocol):
    """The SDK's exceptions in our words. ``is_sent`` false: the request itself had not left, so that nothing was made."""

    def __call__(self, asked: str, *, is_sent: bool = True) -> AbstractContextManager[None]: ...


class Wire:
    """Requests to the services of one project: each sent once, answered or translated."""

    def __init__(
        self,
        connect: Callable[[], Any],
        translated: Translated,
        *,
        calls: Calls,
        pace: Pace,
        now: Callable[[], datetime],
        answer_within_s: float,
        observe: Observe,
    ) -> None:
        self.calls = calls
        self._connect = connect
        self._translated = translated
        self._pace = pace
        self._answer_within_s = answer_within_s
        self._observe = observe
        self._sign_in = Memory(now)
        self._lock = threading.Lock()
        self._kept: Any = None

    @property
    def connection(self) -> Any:
        """The SDK's connection, made at first use; that sends nothing."""
        with self._lock:
            if self._kept is None:
                self._kept = self._connect()
            return self._kept

    async def project(self) -> str:
        """The project's id. Raises as a request does where nobody can sign in."""

        def read() -> str:
            with self._translated("sign in", is_sent=False):
                return str(self.connection.current_project_id)

        await self.signed_in()
        return await self.on_identity(read)

    async def has(self, service: str) -> bool:
        """Whether the cloud has this service, by the catalog and clouds.yaml: the SDK's proxy of a missing one breaks when touched."""
        await self.signed_in()
        return await self.on_identity(lambda: self._has(service))

    async def region(self) -> str:
        """The region that servers are in, as the catalog names it; what clouds.yaml says where the catalog does not tell."""
        await self.signed_in()
        return await self.on_identity(self._region)

    async def signed_in(self) -> None:
        """Have a token, so that no thread of another service waits for Keystone. One signs in for all that wait."""

        def sign_in() -> None:
            with self._translated("sign in", is_sent=False):
                self.connection.session.get_auth_headers()

        await self._sign_in.once(("sign in",), lambda: self.on_identity(sign_in), kept=timedelta(0))

    async def on_identity(self, work: Callable[[], T]) -> T:
        """Run aside what blocks on the identity service."""
        return await self.calls.aside(_IDENTITY, work)

    async def listed(self, service: str, path: str, key: str, **params: str) -> list[dict[str, Any]]:
        """Every item of a listing, however many pages. An answer without the list is no empty list."""
        items: list[dict[str, Any]] = []
        asked = f"list {key.replace('_', ' ')}"
        while True:
            answer = await self.asked("GET", service, path, asked=asked, params=params)
            with readable(asked):
                page = answer[key]
                items += [dict(item) for item in page]
                has_more = any(
                    link["rel"] == "next" for link in answer.get(f"{key}_links", [])
                ) or answer.get("next")
                if not has_more or not page:
                    return items
                params = {**params, "marker": page[-1]["id"]}

    async def got(self, service: str, path: str, key: str) -> dict[str, Any]:
        """One thing."""
        asked = f"show {key.replace('_', ' ')}"
        answer = await self.asked("GET", service, path, asked=asked)
        with readable(asked):
            return dict(answer[key])

    async def posted(
        self, service: str, path: str, body: Mapping[str, Any], key: str, *, asked: str
    ) -> dict[str, Any]:
        """What was created; it has an id, or the answer is none."""
        answer = await self.asked("POST", service, path, asked=asked, json=body)
        with readable(asked):
            made = dict(answer[key])
            if not made["id"]:
                raise ValueError(f"{key} without an id")
            return made

    async def deleted(self, service: str, path: str, *, asked: str) -> None:
        """The deletion was taken."""
        await self.asked("DELETE", service, path, asked=asked)

    async def asked(
        self,
        method: str,
        service: str,
        path: str,
        *,
        asked: str,
        purpose: Purpose | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Send one request and read its answer's JSON object; an empty body is an empty object.

        ``purpose``: by the method, where it is not told. What reads waits for its turn first.
        """
        lane = Lane(service, purpose or (Purpose.READ if method == "GET" else Purpose.MAKE))
        await self.signed_in()
        if lane.purpose is not Purpose.MAKE:
            await self._pace.turn(lane)

        def send() -> dict[str, Any]:
            with self._translated(asked, is_sent=False):
                adapter = self._adapter(service)
                adapter.get_token()  # signing in may take its time: the last look comes after it
            if method != "GET":
                fence.check()
            return self._sent(
                adapter, method, f"{service} {openstack_objects.template(path)}", path, asked, more
            )

        with fence.while_waited_for():
            return await self.calls.aside(lane, send)

    def _sent(
        self, adapter: Any, method: str, where: str, path: str, asked: str, more: Mapping[str, Any]
    ) -> dict[str, Any]:
        label = f"{method} {where}"
        began = time.monotonic()
        status = "none"
        try:
            with self._translated(asked):
                answer = adapter.request(path, method, timeout=self._answer_within_s, **_ONCE, **more)
            status = str(answer.status_code)
        finally:
            self._observe(label, status, time.monotonic() - began)
        request_id = answer.headers.get("x-openstack-request-id", "")
        log.debug("cloud-call call=%r status=%s request_id=%s", label, status, request_id)
        if answer.status_code >= 400:
            log.info("cloud-refused call=%r status=%s request_id=%s", label, status, request_id)
            headers = {name.lower(): value for name, value in answer.headers.items()}
            raise openstack_words.refusal(answer.status_code, answer.text, headers, asked=asked)
        with readable(asked):
            return dict(json.loads(answer.text)) if answer.text else {}

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            if self._kept is not None:
                self._kept.close()

    def _has(self, service: str) -> bool:
        kind = _TYPES.get(service, service)
        with self._translated("read the catalog", is_sent=False):
            config = self.connection.config
            if not config.has_service(kind) or config.get_endpoint(kind):
                return bool(config.has_service(kind))
            return bool(self._endpoints(kind))

    def _region(self) -> str:
        with self._translated("read the catalog", is_sent=False):
            named = [str(found.region_name) for found in self._endpoints("compute") if found.region_name]
            return named[0] if named else str(self.connection.config.get_region_name("compute") or "")

    def _endpoints(self, kind: str) -> list[Any]:
        """The catalog's endpoints that clouds.yaml lets count; the SDK takes the first."""
        config, session = self.connection.config, self.connection.session
        found = session.auth.get_access(session).service_catalog.get_endpoints_data(
            service_type=kind,
            interface=config.get_interface(kind),
            region_name=config.get_region_name(kind),
        )
        return [endpoint for endpoints in found.values() for endpoint in endpoints]

    def _adapter(self, service: str) -> Any:
        return getattr(self.connection, _SERVICES[service])


@contextmanager
def readable(asked: str) -> Iterator[None]:
    """An answer that cannot be read as the API promises is no answer."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise openstack_words.garbled(asked, f"{type(error).__name__}: {error}") from error
