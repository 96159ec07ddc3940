"""Where a request of an OpenStack client goes, and what it is called: pure. ``DELETE network /ports/{id}`` is such a name."""

import json
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_NAMES = {"block-storage": "volume", "volumev3": "volume", "block-store": "volume"}  # as everybody says
_VERSION = re.compile(r"^/v\d+(\.\d+)?(?=/|$)")
_ID = re.compile(r"(?<=/)(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})(?=/|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """The services' addresses here and there: ``URL/compute/v2.1/servers`` here is Nova's ``/v2.1/servers``."""

    url: str  # the proxy's own
    endpoints: dict[str, str]  # the catalog's address of each service type

    def service(self, path: str) -> str:
        """Which service a path of the proxy means; empty where it means none."""
        name = path.split("/")[1]
        return name if name in self._bases() else ""

    def upstream(self, path: str) -> str:
        """The real address of a path (with its query). Raises `KeyError` where no service is meant."""
        name, slash, rest = path[1:].partition("/")
        return self._bases()[name] + slash + rest

    def rewritten(self, text: str) -> str:
        """The text with every address of a service, as it is here."""
        for name, base in self._bases().items():
            text = re.sub(re.escape(base) + r"(?!\d)", f"{self.url}/{name}", text)
        return text

    def label(self, method: str, path: str, body: bytes) -> str:
        """Method, service and path without version, project and ids; an action also says which."""
        _, service, *rest = path.split("/", 2)
        inside = _VERSION.sub("", "/" + "".join(rest))
        if service == "volume":  # Cinder's paths begin with the project
            inside = re.sub(r"^/[0-9a-f]{32}(?=/|$)", "", inside)
        action = f":{_action(body)}" if method == "POST" and inside.endswith("/action") else ""
        return f"{method} {service} {_ID.sub('{id}', inside) or '/'}{action}"

    def _bases(self) -> dict[str, str]:
        """Scheme, host and port of each service, by the name we give it."""
        parts = {_NAMES.get(service, service): urlsplit(url) for service, url in self.endpoints.items()}
        return {name: f"{part.scheme}://{part.netloc}" for name, part in parts.items()}


def _action(body: bytes) -> str:
    """The name of a server's or a volume's action: the one key of its body."""
    try:
        return next(iter(json.loads(body)))
    except (ValueError, TypeError, StopIteration):
        return "unknown"
