"""Whether a project's quota has room for one launch of the default flavor, one finding for each resource. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisioning import room
from provisioning.checks import Finding, fail, ok
from provisioning.model import Flavor
from provisioning.phases import Policy
from provisioning.quota import Quota, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class _Name:
    check: str
    said: str
    unit: str = ""
    per: int = 1  # the cloud's numbers for one unit
    shown_by: str = ""  # the command that lists what takes it


# In the order in which they run out on real allocations.
_NAMES: Mapping[Resource, _Name] = {
    Resource.FLOATING_IPS: _Name(check="quota-floating-ips", said="floating IPs", shown_by="openstack floating ip list"),
    Resource.CORES: _Name(check="quota-cores", said="cores", shown_by="openstack server list"),
    Resource.RAM_MIB: _Name(check="quota-ram", said="RAM", unit=" GiB", per=1024, shown_by="openstack server list"),
    Resource.INSTANCES: _Name(check="quota-instances", said="instances", shown_by="openstack server list"),
    Resource.VOLUMES: _Name(check="quota-volumes", said="volumes", shown_by="openstack volume list"),
    Resource.GIGABYTES: _Name(check="quota-gigabytes", said="volume storage", unit=" GiB", shown_by="openstack volume list"),
    Resource.PORTS: _Name(check="quota-ports", said="ports", shown_by="openstack port list"),
}  # fmt: skip

CHECKS = tuple(name.check for name in _NAMES.values())


def findings(quota: Quota, flavor: Flavor, flavors: Sequence[Flavor], policy: Policy) -> tuple[Finding, ...]:
    """Every resource, what runs out first in front. ``flavors``: among which another one is suggested where this one is too large."""
    need = room.need_of(flavor, policy)
    fitting = room.what_fits(quota, {}, flavors, policy)
    return tuple(_finding(resource, quota, need.get(resource, 0), flavor, fitting) for resource in _NAMES)


def _finding(
    resource: Resource, quota: Quota, need: int, flavor: Flavor, fitting: Sequence[Flavor]
) -> Finding:
    name, allowance = _NAMES[resource], quota.allowances.get(resource)
    launch = f"a launch of {flavor.name} needs {_amount(name, need) if need else 'none'}"
    if allowance is None:
        return ok(name.check, f"{name.said}: the cloud tells of no limit; {launch}")
    if allowance.limit is None:
        return ok(name.check, f"{name.said}: {_amount(name, allowance.used)} in use, no limit; {launch}")
    left = allowance.limit - allowance.used
    said = (
        f"{name.said}: {_amount(name, allowance.used)} of {_amount(name, allowance.limit)} in use; {launch}"
    )
    if left >= need:
        return ok(name.check, f"{said}, so {left // need} fit" if need else said)
    other = (
        f"set defaults.flavor to one that fits now, such as {room.named(fitting[:1])}; or " if fitting else ""
    )
    return fail(
        name.check,
        said,
        f"Whoever runs the bot can {other}delete what nobody needs (`{name.shown_by}` shows it);"
        f" whoever manages the project can ask the cloud for more {name.said}.",
    )


def _amount(name: _Name, number: int) -> str:
    return f"{number / name.per:.4g}{name.unit}" if name.per > 1 else f"{number}{name.unit}"
