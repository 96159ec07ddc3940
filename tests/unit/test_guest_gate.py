"""Who passes the gate: cookies and where requests come from."""

import pytest

from provisioning.guest import gate
from provisioning.guest.gate import Visit

ORIGIN = "http://b-aaaa.localhost:8123"
KEY = b"k" * 32
NOW = 1_000_000.0
NAVIGATE = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        pytest.param("GET", {}, id="a program without a browser's headers"),
        pytest.param(
            "GET", {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}, id="its own page reads"
        ),
        pytest.param("GET", {"sec-fetch-site": "none", **NAVIGATE}, id="typed into the address bar"),
        pytest.param("GET", {"sec-fetch-site": "cross-site", **NAVIGATE}, id="a link from Slack"),
        pytest.param("POST", {"sec-fetch-site": "same-origin", "origin": ORIGIN}, id="its own page writes"),
        pytest.param("PUT", {"origin": ORIGIN.upper()}, id="an origin in capitals"),
        pytest.param("GET", {"upgrade": "websocket", "origin": ORIGIN}, id="its own page's websocket"),
    ],
)
def test_given_a_request_of_its_own_pages_or_a_navigation_then_it_passes(
    method: str, headers: dict[str, str]
) -> None:
    assert gate.objection(Visit(method, headers), ORIGIN) == ""


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        pytest.param(
            "GET",
            {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
            id="an image of it elsewhere",
        ),
        pytest.param(
            "GET",
            {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
            id="a frame",
        ),
        pytest.param("GET", {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}, id="another binder"),
        pytest.param(
            "POST", {"sec-fetch-site": "cross-site", **NAVIGATE, "origin": ORIGIN}, id="a foreign form"
        ),
        pytest.param("POST", {"origin": "null"}, id="a sandboxed page"),
        pytest.param("DELETE", {}, id="a write without origin"),
        pytest.param("POST", {"origin": ORIGIN + "0"}, id="another port"),
        pytest.param("GET", {"upgrade": "websocket"}, id="a websocket without origin"),
        pytest.param(
            "GET", {"upgrade": "websocket", "origin": "http://evil.example"}, id="a foreign websocket"
        ),
        pytest.param("CONNECT", {"origin": "http://evil.example"}, id="a websocket over HTTP/2"),
        pytest.param(
            "GET",
            {"sec-fetch-site": "cross-site", **NAVIGATE, "upgrade": "websocket", "origin": ORIGIN},
            id="both",
        ),
    ],
)
def test_given_a_request_from_elsewhere_then_it_does_not_pass(method: str, headers: dict[str, str]) -> None:
    assert gate.objection(Visit(method, headers), ORIGIN) != ""


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        pytest.param({"sec-fetch-site": "same-origin", "origin": "null"}, True, id="the door's own form"),
        pytest.param({"origin": ORIGIN}, True, id="an old browser"),
        pytest.param({}, True, id="an old browser without origin"),
        pytest.param({"sec-fetch-site": "cross-site", "origin": "null"}, False, id="a foreign form"),
        pytest.param({"sec-fetch-site": "same-site", "origin": "null"}, False, id="another binder's form"),
        pytest.param({"origin": "http://evil.example"}, False, id="a foreign form of an old browser"),
    ],
)
def test_given_a_ticket_handed_in_then_only_the_doors_own_page_may(
    headers: dict[str, str], passes: bool
) -> None:
    assert (gate.entering_objection(headers, ORIGIN) == "") is passes


def test_given_a_cookie_when_read_in_time_then_it_names_its_person() -> None:
    value = gate.make_cookie(KEY, "aaaa", "T1:U1", 3, NOW)

    assert gate.person_of(value, KEY, "aaaa", 3, NOW + gate.LIFETIME_S) == "T1:U1"


@pytest.mark.parametrize(
    ("key", "binder", "epoch", "later"),
    [
        pytest.param(b"o" * 32, "aaaa", 3, 0.0, id="another instance's key"),
        pytest.param(KEY, "bbbb", 3, 0.0, id="another binder"),
        pytest.param(KEY, "aaaa", 4, 0.0, id="members changed since"),
        pytest.param(KEY, "aaaa", 3, gate.LIFETIME_S + 1.0, id="too old"),
        pytest.param(KEY, "aaaa", 3, -3600.0, id="from the future"),
    ],
)
def test_given_a_cookie_of_another_time_or_place_then_it_names_nobody(
    key: bytes, binder: str, epoch: int, later: float
) -> None:
    value = gate.make_cookie(KEY, "aaaa", "T1:U1", 3, NOW)

    assert gate.person_of(value, key, binder, epoch, NOW + later) is None


@pytest.mark.parametrize("value", ["", ".", "a.b", "e30.", "é.é", "x" * 5000])
def test_given_any_text_as_cookie_then_it_names_nobody(value: str) -> None:
    assert gate.person_of(value, KEY, "aaaa", 0, NOW) is None


def test_given_cookies_of_gates_when_passed_on_then_only_the_persons_own_are_left() -> None:
    header = "a=1; binderops-aaaa=x; __Host-binderops-bbbb=y;  _xsrf=2;__HOST-BINDEROPS-cccc=z"

    assert gate.without_ours(header) == "a=1; _xsrf=2"


@pytest.mark.parametrize(
    ("name", "is_secure", "attributes"),
    [
        pytest.param(
            "__Host-binderops-a", True, "Path=/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure", id="tls"
        ),
        pytest.param(
            "binderops-a", False, "Path=/; Max-Age=43200; HttpOnly; SameSite=Lax", id="the local cloud"
        ),
    ],
)
def test_given_a_way_in_then_the_cookie_is_as_closed_as_it_can_be(
    name: str, is_secure: bool, attributes: str
) -> None:
    assert gate.set_cookie(name, "v.w", is_secure=is_secure) == f"{name}=v.w; {attributes}"
