"""Every request that leaves through a connection of the SDK, counted where it is sent: one measure for both sides."""

import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from provisioning.clouds.openstack_objects import template

_VERSION = re.compile(r"^/v[0-9.]+(/[0-9a-f]{32})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request with its answer."""

    at: float  # when the answer was there, seconds since the epoch
    label: str  # ``GET compute /servers/{id}``
    status: int

    @property
    def is_about_itself(self) -> bool:
        """Signing in, or asking which versions there are: once for each process, not of a launch."""
        return " identity " in self.label or self.label.endswith(" /")


class RequestsSeen:
    """What a connection sent since it is watched. Appended by many threads."""

    def __init__(self, connection: Any) -> None:
        self.all: list[Asked] = []
        self._services = {
            urlsplit(endpoint["url"]).netloc: str(entry["type"])
            for entry in connection.service_catalog
            for endpoint in entry["endpoints"]
        }
        connection.session.session.hooks["response"].append(self._note)

    def _note(self, response: Any, *_: object, **__: object) -> None:
        url = urlsplit(response.request.url)
        service = self._services.get(url.netloc, url.netloc)
        path = template(_VERSION.sub("", url.path)) or "/"
        label = f"{response.request.method} {service} {path}"
        self.all.append(Asked(at=time.time(), label=label, status=response.status_code))
