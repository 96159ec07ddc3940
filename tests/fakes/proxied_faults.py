"""What can go wrong between a client and an OpenStack service, and when: pure but for the counting."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import web


class How(StrEnum):
    """A fault other than a plain refusal, which is an HTTP status."""

    WORKED_BUT_500 = "worked-but-500"  # carried out, then 500
    NO_ANSWER = "no-answer"  # carried out, then the connection is closed
    CUT = "cut"  # the connection is closed, and the service knows nothing
    GARBAGE = "garbage"  # 200 with what is no JSON; the service knows nothing
    WORKED_BUT_GARBAGE = "worked-but-garbage"  # carried out, then 200 with what is no JSON
    SLOW = "slow"  # carried out and answered as it is, late


_FORWARDED = (How.WORKED_BUT_500, How.NO_ANSWER, How.WORKED_BUT_GARBAGE, How.SLOW)
_GARBAGE = "<html><body>It works!</body></html>"
_GATEWAY = (502, 504)  # what stands before the services says these, in HTML

# The key of the error in Nova's and Cinder's bodies, by status.
_KINDS = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    409: "conflictingRequest",
    413: "overLimit",
    429: "overLimit",
    503: "serviceUnavailable",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Which requests fail, and how."""

    label: str
    how: How | int  # an int is the status of a refusal: the service knows nothing
    times: int | None = 1  # None: always
    skip: int = 0  # so many requests pass before
    text: str = "The proxy of the tests says so."  # of a refusal, in the service's JSON
    headers: Mapping[str, str] = field(default_factory=dict)  # of a refusal, such as Retry-After
    seconds: float = 0.0  # how late a forwarded request is answered

    @property
    def is_forwarded(self) -> bool:
        """Whether the service gets the request."""
        return self.how in _FORWARDED


class Faults:
    """The faults that are ordered. Several of one label act one after the other."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []
        self._seen: dict[int, int] = {}  # requests counted, by the fault's place

    def add(self, fault: Fault) -> None:
        """Order one more."""
        self._ordered.append(fault)

    def clear(self) -> None:
        """Order none."""
        self._ordered.clear()
        self._seen.clear()

    def take(self, label: str) -> Fault | None:
        """The fault that this request meets."""
        for place, fault in enumerate(self._ordered):
            seen = self._seen.get(place, 0)
            if fault.label != label or (fault.times is not None and seen >= fault.skip + fault.times):
                continue
            self._seen[place] = seen + 1
            if seen >= fault.skip:
                return fault
        return None


def refusal(fault: Fault, service: str) -> web.Response | None:
    """What the client is told instead of the service's answer; None: nothing, the connection is closed."""
    match fault.how:
        case How.NO_ANSWER | How.CUT:
            return None
        case How.GARBAGE | How.WORKED_BUT_GARBAGE:
            return web.Response(text=_GARBAGE, content_type="text/html")
        case How.WORKED_BUT_500:
            status = 500
        case How.SLOW:
            raise ValueError("a slow answer is the service's own")
        case int(status):
            pass
    headers = {"x-openstack-request-id": "req-00000000-0000-4000-8000-0000000fa017", **fault.headers}
    if status in _GATEWAY:
        page = f"<html><body><h1>{status} Bad Gateway</h1>\n{fault.text}\n</body></html>\n"
        return web.Response(status=status, text=page, content_type="text/html", headers=headers)
    return web.json_response(_body(service, status, fault.text), status=status, headers=headers)


def _body(service: str, status: int, text: str) -> dict[str, object]:
    """An error as each service writes it."""
    match service:
        case "network":
            return {"NeutronError": {"type": "ProxyFault", "message": text, "detail": ""}}
        case "identity":
            return {"error": {"code": status, "title": "Proxy fault", "message": text}}
        case "image":
            return {"code": f"{status} Proxy fault", "title": "Proxy fault", "message": text}
        case "placement":
            return {"errors": [{"status": status, "title": "Proxy fault", "detail": text}]}
        case _:
            fallback = "volumeFault" if service == "volume" else "computeFault"
            return {_KINDS.get(status, fallback): {"code": status, "message": text}}
