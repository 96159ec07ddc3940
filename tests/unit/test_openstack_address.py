"""Where people and bot come to an instance, by the way of TLS."""

from pathlib import Path

import pytest

from provisioning.clouds.openstack import OpenStackCloud, OpenStackSettings
from provisioning.guest import caddy
from provisioning.model import BinderId, CloudId, CloudObject, Kind, Mark, Status
from tests.unit.test_guest_orders import orders

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
    ],
)
def test_given_a_way_of_tls_then_people_are_sent_where_the_instance_listens_and_no_port_is_taken_twice(
    tls: str, public: str, listens: set[str]
) -> None:
    cloud = OpenStackCloud(OpenStackSettings(tls=tls, proxy_host="proxy.example"), deployment="team")
    address = cloud.address(MARK, PORT, FLOATING_IP)
    told = orders(tls, public_url=address.public_url, listen=address.listen)
    config = caddy.config(
        told, caddy.Upstreams(1, 2), home=Path("/h"), certificate=Path("/c"), key=Path("/k")
    )
    servers = [place for s in config["apps"]["http"]["servers"].values() for place in s["listen"]]

    assert (address.public_url, address.agent_url) == (public, "https://192.0.2.7")
    assert sorted(servers) == sorted(listens)
