"""The bed "guest": the OpenStack bed where it can run servers, which takes root and namespaces. Their image is another one."""

from dataclasses import dataclass

import pytest

from tests.beds.left_out import missing
from tests.beds.openstack_run import home, lacking_for_guests

HOST = "10.99.0.1"  # this machine, as guests see it


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestBed:
    """What is particular about a cloud whose servers run."""

    image: str = "Debian-13"


@pytest.fixture(scope="session")
def guest_bed(openstack_bed: object) -> GuestBed:
    """The bed, healthy. Leaves the test out where this machine's cloud runs no servers."""
    if how := lacking_for_guests():
        missing("guest", how)
    virt = home() / "virt"
    if virt.read_text() != "guest":
        missing("guest", f"`tests/beds/openstack/devcloud reset`: the cloud in {home()} was made without")
    return GuestBed()
