"""The agent's whole surface against whatever comes: it answers each request, with no error of its own, and goes on."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioning.guest.orders import AGENT_HOST
from provisioning.tickets import SIGNATURE_HEADER
from tests.fakes.guest_bench import GuestBench, free_port, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

_OPTIONS = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_KNOWN = (
    "/_binder/enter", "/_binder/work", "/_binder/work?zip=", "/_binder/status", "/_binder/log", "/_binder/activity", "/_binder/config",
    "/_binder/token", "/auth", "/", "/lab", "http://[", "*", "//x", "/%", "/\\x00",
)  # fmt: skip
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
_LATIN = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=40)
_VALUES = st.sampled_from(
    ("", "0", "-1", "nan", "inf", "1e400", "9" * 30, "9" * 900, "70000", "\xb2", "null", "a.b", "a.b.c")
)
_NAMES = (
    "Cookie", "Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Content-Length", "Content-Type", "X-Forwarded-Method", "X-Forwarded-Uri",
    "X-Forwarded-Host", "Upgrade", "Authorization", "Referer", "Range", "Expect", SIGNATURE_HEADER,
)  # fmt: skip


@st.composite
def targets(draw: st.DrawFn) -> str:
    """A known path or any other, with what could be asked there."""
    path = draw(st.sampled_from(_KNOWN) | _LATIN.map(lambda text: "/" + text.replace(" ", "+")))
    names = st.sampled_from(("ticket", "after", "wait", "offset", "zip", "x"))
    query = draw(st.lists(st.tuples(names, _VALUES | _LATIN), max_size=3))
    return path + "".join(
        f"{'&' if n else '?'}{key}={value}" for n, (key, value) in enumerate(query)
    ).replace(" ", "+")


HEADERS = st.lists(st.tuples(st.sampled_from(_NAMES), _VALUES | _LATIN), max_size=5)
BODIES = st.binary(max_size=200) | st.sampled_from(
    (b"[" * 20_000, b"ticket=", b"ticket=a.b", b'{"epoch": 1e999, "keys": [[]]}', b'{"authorization": 1}', b"\xff", b"{}", b"[]", b"null")
)  # fmt: skip


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuestBench]:
    """A guest whose launch has failed, since nobody serves its repository: it stays, and answers as any other."""
    bench = GuestBench(
        tmp_path_factory.mktemp("fuzzed") / "state", f"git://127.0.0.1:{free_port()}/gone", "0" * 40
    )
    bench.start()
    until(lambda: '"failed"' in bench.console(), 60)
    until(bench.is_up, 20)  # Caddy comes up beside the launch
    yield bench
    assert bench.stop() == 0
    assert "Traceback" not in (bench.state / "log").read_text() + bench.console()


def asked(
    port: int, method: str, target: str, headers: list[tuple[str, str]], body: bytes, *, ends: bool = False
) -> int:
    """The status of one request, as it stands; 0 where the connection ended without any. ``ends``: nothing more will be sent."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    if not any(name == "Content-Length" for name, _ in headers):
        lines.append(f"Content-Length: {len(body)}")
    sent = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(sent)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").readline()
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.") else 0


def own_port(guest: GuestBench) -> int:
    """Where the agent itself listens, behind Caddy."""
    config = (guest.state / "caddy.json").read_text()
    return int(config.partition('"dial": "127.0.0.1:')[2].partition('"')[0])


@pytest.mark.parametrize("is_agents", [True, False], ids=["the bot's site", "people's site"])
@_OPTIONS
@given(method=st.sampled_from(_METHODS), target=targets(), headers=HEADERS, body=BODIES)
def test_given_any_request_then_it_is_answered_and_never_by_a_broken_agent(
    guest: GuestBench, is_agents: bool, method: str, target: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    host = AGENT_HOST if is_agents else f"b-{guest.id}.localhost:{guest.port}"

    honest = [(name, value) for name, value in headers if name not in ("Content-Length", "Expect", "Upgrade")]
    through_caddy = asked(guest.port, method, target, [("Host", host), *honest], body)
    directly = asked(own_port(guest), method, target, [("Host", host), *headers], body, ends=True)

    assert 200 <= through_caddy < 600
    assert through_caddy != 500
    assert 200 <= directly < 500 or directly in (
        501,
        503,
    )  # 501: a method that it has not; 503: no turn, or no server yet


@_OPTIONS
@given(
    call=st.sampled_from(
        [("GET", "/_binder/status"), ("GET", "/_binder/log"), ("GET", "/_binder/activity"), ("GET", "/_binder/work"), ("PUT", "/_binder/config"), ("PUT", "/_binder/token")]
    ),
    query=st.lists(st.tuples(st.sampled_from(("after", "offset", "x")), _VALUES), max_size=2),
    body=BODIES | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("epoch", "keys", "authorization", "refused")), inner, max_size=4),
    ).map(lambda value: json.dumps(value).encode()),
)  # fmt: skip
def test_given_any_call_that_the_bot_signed_then_it_is_answered_and_never_by_a_broken_agent(
    guest: GuestBench, call: tuple[str, str], query: list[tuple[str, str]], body: bytes
) -> None:
    method, path = call
    target = path + "".join(f"{'&' if n else '?'}{key}={value}" for n, (key, value) in enumerate(query))
    signature = guest.signer.signature(
        binder=guest.id, method=method, path=target, body=body, now=datetime.now(UTC)
    )

    status = asked(guest.port, method, target, [("Host", AGENT_HOST), (SIGNATURE_HEADER, signature)], body)

    assert status in (200, 400, 401, 413, 503)
