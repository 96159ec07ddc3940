"""Where people and bot come to an instance, by the way of TLS, and who certifies it."""

from pathlib import Path
from typing import Any

import pytest

from provisioning.cloud_objects import CloudId, CloudObject, Kind, Mark, Status
from provisioning.clouds import openstack_address
from provisioning.clouds.openstack import OpenStackCloud, OpenStackSettings
from provisioning.guest import caddy
from provisioning.guest.orders import parse
from provisioning.model import BinderId
from tests.unit.test_guest_orders import launch_at

MARK = Mark(deployment="team", binder=BinderId("abcdefgh23"), attempt=1)
PORT, FLOATING_IP = (
    CloudObject(kind=kind, id=CloudId(f"{kind}"), mark=MARK, status=Status.ACTIVE, address=address)
    for kind, address in ((Kind.PORT, "10.0.0.7"), (Kind.FLOATING_IP, "192.0.2.7"))
)


@pytest.mark.parametrize(
    ("tls", "public", "listens"),
    [
        pytest.param("internal", "https://192.0.2.7", {"0.0.0.0:443"}, id="the instance's own certificate"),
        pytest.param(
            "proxy", "https://http-192-0-2-7-80.proxy.example", {"0.0.0.0:80", "0.0.0.0:443"}, id="by a proxy"
        ),
        pytest.param("domain", "https://b-abcdefgh23-192-0-2-7.binder.example", {"0.0.0.0:443"}, id="a name"),
        pytest.param("ip", "https://192.0.2.7", {"0.0.0.0:443"}, id="an address"),
    ],
)
def test_given_a_way_of_tls_then_people_are_sent_where_the_instance_listens_and_no_port_is_taken_twice(
    tls: str, public: str, listens: set[str]
) -> None:
    settings = OpenStackSettings(
        tls=tls, proxy_host="proxy.example", domain="b-{id}-{address}.binder.example"
    )
    address = OpenStackCloud(settings, deployment="team").address(MARK, PORT, FLOATING_IP)
    told = parse(launch_at(address))
    config = caddy.config(
        told, caddy.Upstreams(1, 2), home=Path("/h"), certificate=Path("/c"), key=Path("/k")
    )
    servers = [place for s in config["apps"]["http"]["servers"].values() for place in s["listen"]]

    assert (address.public_url, address.agent_url) == (public, "https://192.0.2.7")
    assert sorted(servers) == sorted(listens)


@pytest.mark.parametrize(
    ("tls", "ports"),
    [("internal", {443}), ("proxy", {80, 443}), ("domain", {80, 443}), ("ip", {80, 443})],
)
def test_given_a_way_of_tls_then_only_the_ports_that_it_needs_are_open(tls: str, ports: set[int]) -> None:
    assert openstack_address.open_ports(tls) == ports


@pytest.mark.parametrize(
    ("settings", "acme", "is_certified"),
    [
        pytest.param({"tls": "internal"}, None, False, id="none that browsers know"),
        pytest.param({"tls": "proxy", "proxy_host": "p.example"}, None, True, id="the proxy's"),
        pytest.param({"tls": "domain", "domain": "{id}.example.org"}, {}, True, id="Let's Encrypt's, of a name"),
        pytest.param({"tls": "ip"}, {"profile": "shortlived"}, True, id="Let's Encrypt's, of an address"),
        pytest.param({"tls": "ip", "acme_contact": "a@example.org"}, {"profile": "shortlived", "email": "a@example.org"}, True, id="somebody to write to"),
        pytest.param({"tls": "ip", "acme_directory": "https://acme-staging-v02.api.letsencrypt.org/directory"}, {"ca": "https://acme-staging-v02.api.letsencrypt.org/directory", "profile": "shortlived"}, False, id="Let's Encrypt's for trial"),
        pytest.param({"tls": "ip", "acme_directory": "https://notletsencrypt.org/directory"}, {"ca": "https://notletsencrypt.org/directory"}, False, id="another server, which may know no profiles"),
    ],
)  # fmt: skip
def test_given_the_settings_then_caddy_asks_the_acme_server_first_and_else_certifies_itself(
    settings: dict[str, Any], acme: dict[str, str] | None, is_certified: bool
) -> None:
    address = openstack_address.address(OpenStackSettings(**settings), MARK, "192.0.2.7")

    asked = None if acme is None else {"module": "acme", "acme_timeout": "2m", **acme}
    own = {"module": "internal"}
    expected = [] if settings["tls"] == "proxy" else [own] if asked is None else [asked, own]
    assert (launch_at(address)["issuers"], address.is_certified) == (expected, is_certified)
