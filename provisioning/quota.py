"""What a project may use and uses: the numbers that a launch must fit into. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Resource(StrEnum):
    """What a cloud's quota counts."""

    INSTANCES = "instances"
    CORES = "cores"
    RAM_MIB = "ram_mib"
    VOLUMES = "volumes"
    GIGABYTES = "gigabytes"  # of volumes, in GiB as Cinder counts them
    FLOATING_IPS = "floating_ips"
    PORTS = "ports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How much of one resource a project may use."""

    limit: int | None  # None: no limit
    used: int  # by everybody in the project, reservations included


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A project's allowances. What was made after ``read_at`` may or may not be in it."""

    read_at: datetime
    allowances: Mapping[Resource, Allowance]  # a resource that is not named has no limit
