"""The bed "guest": the OpenStack bed where it can run servers, which takes root and namespaces. Their image is another one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.beds.left_out import missing
from tests.beds.openstack_bed import OpenStackBed
from tests.beds.openstack_run import WITH_GUESTS, OpenStackRun, home, lacking, lacking_for_guests

HOST = "10.99.0.1"  # this machine, as guests see it


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestBed:
    """What is particular about a cloud whose servers run."""

    image: str = "Debian-13"


@pytest.fixture(scope="session")
def guest_bed(openstack_bed: object) -> GuestBed:
    """The bed, healthy. Leaves the test out where this machine's cloud runs no servers."""
    if how := lacking_for_guests() or _made_without():
        missing("guest", how)
    return GuestBed()


@contextmanager
def cloud_with_guests() -> Iterator[OpenStackBed]:
    """The bed for whoever is no test: up, and down again unless it was up before. Raises RuntimeError where it cannot be."""
    os.environ[WITH_GUESTS] = "1"
    if how := lacking() or lacking_for_guests():
        raise RuntimeError(f"this takes the bed with guests: {how}")
    run = OpenStackRun()
    try:
        if trouble := run.wait() or _made_without():
            raise RuntimeError(trouble)
        yield OpenStackBed.at(run.home)
    finally:
        run.end()


def folder_of(server: str) -> Path:
    """Where a server's guest is kept; ``init.pid`` there is its systemd's process, on this machine."""
    return home() / "guests" / server


def _made_without() -> str:
    """How the cloud could have guests; empty where it has."""
    has_them = (home() / "virt").read_text() == "guest"
    return (
        "" if has_them else f"`tests/beds/openstack/devcloud reset`: the cloud in {home()} was made without"
    )
