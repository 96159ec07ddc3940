"""Which region servers are in, by the SDK's own reading of a catalog."""

from types import SimpleNamespace
from typing import Any

import pytest
from keystoneauth1.access.service_catalog import ServiceCatalogV3

from provisioning.clouds.openstack_calls import Calls, Pace
from provisioning.clouds.openstack_session import translated
from provisioning.clouds.openstack_wire import Wire
from tests.strategies import NOW


def endpoint(region: str, interface: str = "public") -> dict[str, str]:
    url = f"https://{region or 'x'}.example/{interface}"
    return {"id": url, "interface": interface, "region": region, "region_id": region, "url": url}


class Config:
    """What clouds.yaml says, as the SDK gives it."""

    def __init__(self, region: str) -> None:
        self.region = region

    def get_interface(self, _service: str) -> str:
        return "public"

    def get_region_name(self, _service: str) -> str | None:
        return self.region or None


class Session:
    """One that is signed in."""

    def __init__(self, auth: object) -> None:
        self.auth = auth

    def get_auth_headers(self) -> dict[str, str]:
        return {"X-Auth-Token": "t"}


def wire_on(endpoints: list[dict[str, str]], region: str) -> Wire:
    catalog = ServiceCatalogV3([{"type": "compute", "name": "nova", "endpoints": endpoints}])
    auth = SimpleNamespace(get_access=lambda _session: SimpleNamespace(service_catalog=catalog))
    connection: Any = SimpleNamespace(config=Config(region), session=Session(auth))
    return Wire(
        lambda: connection, translated, calls=Calls(limit_s=10), pace=Pace(100), now=lambda: NOW, answer_within_s=1,
        observe=lambda _label, _status, _seconds: None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("endpoints", "named", "region"),
    [
        pytest.param([endpoint("IU"), endpoint("TACC")], "TACC", "TACC", id="the one that clouds.yaml names"),
        pytest.param([endpoint("IU")], "", "IU", id="the only one, where clouds.yaml names none"),
        pytest.param([endpoint("IU"), endpoint("TACC")], "", "IU", id="the first, as the SDK takes it"),
        pytest.param(
            [endpoint("inner", "internal"), endpoint("IU")], "", "IU", id="of the interface that is used"
        ),
        pytest.param([], "IU", "IU", id="no catalog to tell"),
        pytest.param([endpoint("")], "", "", id="a cloud without regions"),
    ],
)
async def test_given_a_catalog_and_clouds_yaml_then_the_region_is_the_one_that_servers_are_in(
    endpoints: list[dict[str, str]], named: str, region: str
) -> None:
    wire = wire_on(endpoints, named)
    try:
        assert await wire.region() == region
    finally:
        wire.calls.close()
