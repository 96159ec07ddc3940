"""Requests to the services of one OpenStack project: each sent once, then answered or translated. Everything here blocks.

Which SDK signs in and knows the catalog, and what its exceptions mean, comes from the driver.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from provisioning.clouds import fence, openstack_objects, openstack_words
from provisioning.clouds.openstack_calls import Observe, Pace

log = logging.getLogger(__name__)

_TYPES = {"volume": "block-storage"}  # as the catalog has it, where it is not our word
_SERVICES = {"compute": "compute", "network": "network", "image": "image", "volume": "block_storage"}


class Wire:
    """Requests to the services of one project: each sent once, answered or translated. Everything here blocks."""

    def __init__(
        self,
        connect: Callable[[], Any],
        translated: Callable[[str], AbstractContextManager[None]],
        *,
        pace: Pace,
        answer_within_s: float,
        observe: Observe,
    ) -> None:
        self._connect = connect
        self._translated = translated
        self._pace = pace
        self._answer_within_s = answer_within_s
        self._observe = observe
        self._lock = threading.Lock()
        self._kept: Any = None

    @property
    def connection(self) -> Any:
        """The SDK's connection, made at first use."""
        with self._lock:
            if self._kept is None:
                self._kept = self._connect()
            return self._kept

    def project(self) -> str:
        """The project's id. Raises as a request does where nobody can sign in."""
        with self._translated("sign in"):
            return str(self.connection.current_project_id)

    def has(self, service: str) -> bool:
        """Whether the cloud has this service, by the catalog and clouds.yaml: the SDK's proxy of a missing one breaks when touched."""
        kind = _TYPES.get(service, service)
        with self._translated("read the catalog"):
            config = self.connection.config
            if not config.has_service(kind) or config.get_endpoint(kind):
                return bool(config.has_service(kind))
            return bool(self._endpoints(kind))

    def region(self) -> str:
        """The region that servers are in, as the catalog names it; what clouds.yaml says where the catalog does not tell."""
        with self._translated("read the catalog"):
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

    def listed(self, service: str, path: str, key: str, **params: str) -> list[dict[str, Any]]:
        """Every item of a listing, however many pages. An answer without the list is no empty list."""
        items: list[dict[str, Any]] = []
        asked = f"list {key.replace('_', ' ')}"
        while True:
            self._pace.wait()
            answer = self.asked("GET", service, path, asked=asked, params=params)
            with readable(asked):
                page = answer[key]
                items += [dict(item) for item in page]
                has_more = any(
                    link["rel"] == "next" for link in answer.get(f"{key}_links", [])
                ) or answer.get("next")
                if not has_more or not page:
                    return items
                params = {**params, "marker": page[-1]["id"]}

    def got(self, service: str, path: str, key: str) -> dict[str, Any]:
        """One thing."""
        self._pace.wait()
        asked = f"show {key.replace('_', ' ')}"
        answer = self.asked("GET", service, path, asked=asked)
        with readable(asked):
            return dict(answer[key])

    def posted(
        self, service: str, path: str, body: Mapping[str, Any], key: str, *, asked: str
    ) -> dict[str, Any]:
        """What was created; it has an id, or the answer is none."""
        answer = self.asked("POST", service, path, asked=asked, json=body)
        with readable(asked):
            made = dict(answer[key])
            if not made["id"]:
                raise ValueError(f"{key} without an id")
            return made

    def deleted(self, service: str, path: str, *, asked: str) -> None:
        """The deletion was taken."""
        self.asked("DELETE", service, path, asked=asked)

    def asked(self, method: str, service: str, path: str, *, asked: str, **more: Any) -> dict[str, Any]:
        """Send one request and read its answer's JSON object; an empty body is an empty object."""
        label = f"{method} {service} {openstack_objects.template(path)}"
        with self._translated(asked):
            adapter = self._adapter(service)
            adapter.get_token()  # signing in may take its time: the last look comes after it
            if method != "GET":
                fence.check()
            began = time.monotonic()
            status = "none"
            try:
                answer = adapter.request(path, method, timeout=self._answer_within_s, raise_exc=False, **more)
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

    def _adapter(self, service: str) -> Any:
        return getattr(self.connection, _SERVICES[service])


@contextmanager
def readable(asked: str) -> Iterator[None]:
    """An answer that cannot be read as the API promises is no answer."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise openstack_words.garbled(asked, f"{type(error).__name__}: {error}") from error
