"""Certificates by ACME: obtained, renewed, and done without, by the guest's real Caddy from a real ACME server."""

import http.server
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from provisioning.cloud_objects import CloudId, CloudObject, Kind, Mark, Status
from provisioning.clouds.openstack import OpenStackCloud, OpenStackSettings
from provisioning.guest import caddy, certificate
from provisioning.guest.orders import parse
from provisioning.guest.processes import Children
from provisioning.model import BinderId
from tests.beds.left_out import missing
from tests.fakes import acme_town
from tests.fakes.guest_bench import GuestBench, a_repository, free_port, git_daemon, until
from tests.unit.test_guest_orders import launch_at

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

MARK = Mark(deployment="team", binder=BinderId("abcdefgh23"), attempt=1)


@pytest.mark.parametrize(
    ("settings", "host", "kind"),
    [
        pytest.param({"tls": "domain", "domain": "b-{id}.binder.test"}, "b-abcdefgh23.binder.test", "DNS", id="a name"),
        pytest.param({"tls": "ip"}, "127.0.0.1", "IP Address", id="an address"),
    ],
)  # fmt: skip
def test_given_an_acme_server_then_the_guest_has_its_certificate_and_renews_it(
    tmp_path: Path, settings: dict[str, str], host: str, kind: str
) -> None:
    if not acme_town.is_possible():
        missing("network namespaces", "run as root, or allow user namespaces to everybody (Linux)")
    config = _guest(tmp_path, OpenStackSettings(acme_directory=acme_town.DIRECTORY, **settings))
    _make_always_due(config)

    shown = acme_town.run(config, tmp_path, host, certificates=3)

    assert [one["names"]["subjectAltName"] for one in shown] == [[[kind, host]]] * 3
    assert len({one["certificate"] for one in shown}) == 3
    assert {port for one in shown for port in one["ports"]} <= {443, 80}
    assert "ERROR" not in (tmp_path / "guest.log").read_text().partition("context canceled")[0]


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        pytest.param("rateLimited", ("as many certificates as it does for now", "in the last 168h"), id="the week's limit"),
        pytest.param("", ("was not reached",), id="nobody there"),
    ],
)  # fmt: skip
async def test_given_no_certificate_by_acme_then_the_guest_shows_its_own_and_its_ready_report_says_why(
    tmp_path: Path, problem: str, words: tuple[str, ...]
) -> None:
    commit = a_repository(tmp_path / "git" / "a", {"a.txt": "a"})
    with git_daemon(tmp_path / "git") as url, _refusing(problem) as directory:
        guest = GuestBench(tmp_path / "state", f"{url}a", commit, tls="domain", acme={"ca": directory})
        guest.start()
        until(lambda: "cert_sha256" in guest.console(), 20)
        pin = guest.console().partition('"cert_sha256":"')[2][:64]
        try:
            ready = (await guest.reports("ready", "failed", cert_sha256=pin))[-1]
            async with guest.browser() as browser:
                entered = await browser.enter(guest.ticket())
        finally:
            guest.stop()

    assert (ready.phase, entered[0]) == ("ready", 303)
    assert ready.uncertified.startswith("Browsers warn before they open it")
    assert all(word in ready.uncertified for word in words)


def _guest(home: Path, settings: OpenStackSettings) -> dict[str, Any]:
    """What the agent would configure at this address, with what the driver and the bot tell it."""
    port, floating_ip = (
        CloudObject(kind=kind, id=CloudId(f"{kind}"), mark=MARK, status=Status.ACTIVE, address=address)
        for kind, address in ((Kind.PORT, "10.0.0.7"), (Kind.FLOATING_IP, "127.0.0.1"))
    )
    address = OpenStackCloud(settings, deployment="team").address(MARK, port, floating_ip)
    made, key, _ = certificate.ensure(home, Children(str(home)), os.environ)
    (home / "caddy").mkdir()
    orders = parse(launch_at(address))
    return caddy.config(orders, caddy.Upstreams(1, 2), home=home / "caddy", certificate=made, key=key)


def _make_always_due(config: dict[str, Any]) -> None:
    """Renew at each look, and look each second: no certificate of this server is shorter than five minutes."""
    automation = config["apps"]["tls"]["automation"]
    automation["renew_interval"] = "1s"
    automation["policies"][0]["renewal_window_ratio"] = 0.99


@contextmanager
def _refusing(problem: str) -> Iterator[str]:
    """An ACME server that answers every order with this problem; without one, nobody listens. Yields its directory."""
    if not problem:
        yield f"http://127.0.0.1:{free_port()}/directory"
        return
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    _Refusing.problem, _Refusing.base = problem, f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"{_Refusing.base}/directory"
    finally:
        server.shutdown()
        server.server_close()


class _Refusing(http.server.BaseHTTPRequestHandler):
    """As much of RFC 8555 as there is before an order is refused; the words are Let's Encrypt's for its weekly limit."""

    problem = base = ""
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._send(200, {})

    def do_GET(self) -> None:
        self._send(200, {name: f"{self.base}/{name}" for name in ("newNonce", "newAccount", "newOrder")})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/newAccount":
            self._send(201, {"status": "valid"}, Location=f"{self.base}/account/1")
            return
        detail = (
            "too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s"
        )
        refused = {"type": f"urn:ietf:params:acme:error:{self.problem}", "detail": detail, "status": 429}
        self._send(429, refused, Retry_After="3600")

    def _send(self, status: int, body: dict[str, Any], **headers: str) -> None:
        content = json.dumps(body).encode()
        kind = "application/json" if status < 400 else "application/problem+json"
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Replay-Nonce": os.urandom(16).hex(), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing."""
