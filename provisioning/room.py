"""Whether a launch fits into a project's quota, in which numbers it does not, and what would fit. Pure.

Three things are added up: what the cloud says is used, what other launches were promised and have not made, and what this
one needs. Where an object was made around the time of the quota's reading, nobody can tell whether it is in ``used``
already: such amounts are kept apart, so that nobody is refused because of something that was counted twice.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from provisioning.cloud_objects import Kind
from provisioning.errors import TeamError
from provisioning.model import Flavor
from provisioning.phases import Policy
from provisioning.quota import Quota, Resource

Amounts = Mapping[Resource, int]

# In the order in which they run out on real allocations.
_NAMES: Mapping[Resource, str] = {
    Resource.FLOATING_IPS: "floating IPs",
    Resource.CORES: "cores",
    Resource.RAM_MIB: "RAM",
    Resource.INSTANCES: "instances",
    Resource.VOLUMES: "volumes",
    Resource.GIGABYTES: "volume storage",
    Resource.PORTS: "ports",
}
_OF_THE_FLAVOR = frozenset({Resource.CORES, Resource.RAM_MIB, Resource.VOLUMES, Resource.GIGABYTES})
_MOST_NAMED = 4  # flavors in a hint


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlight:
    """Another binder's objects that the quota's reading may lack."""

    flavor: Flavor
    unmade: frozenset[Kind] = frozenset()  # promised and certainly not in the reading
    unsure: frozenset[Kind] = frozenset()  # made around the reading, or by a call whose answer was lost
    work_gib: int = 0  # of the work volume that it holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """What others will use beyond the reading."""

    surely: Amounts
    at_most: Amounts  # with all that may be in the reading already


NOTHING = Promised(surely={}, at_most={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a project stands: for people who want to know before they launch."""

    quota: Quota
    taken_by_others: Amounts  # promised to launches, not in the quota for certain
    fitting: tuple[Flavor, ...]  # largest first

    def lines(self) -> tuple[str, ...]:
        """One for each resource that the cloud tells of, what runs out first in front."""
        found = []
        for resource, name in _NAMES.items():
            if (allowance := self.quota.allowances.get(resource)) is None:
                continue
            taken = _amount(resource, allowance.used + self.taken_by_others.get(resource, 0))
            of = "" if allowance.limit is None else f" of {_amount(resource, allowance.limit)}"
            found.append(f"{name}: {taken}{of} in use or promised")
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """One resource of which too little is left."""

    resource: Resource
    limit: int
    taken: int  # used, or promised to other launches
    need: int

    def __str__(self) -> str:
        return (
            f"{_NAMES[self.resource]}: {_amount(self.resource, self.taken)} of {_amount(self.resource, self.limit)}"
            f" in use or promised, this launch needs {_amount(self.resource, self.need)}"
        )


def need_of(
    flavor: Flavor, policy: Policy, kinds: Collection[Kind] = frozenset(Kind), work_gib: int = 0
) -> Amounts:
    """What the objects of these kinds take of an attempt with this flavor; by default a whole launch without a work volume."""
    return _sum(_by_kind(flavor, policy, work_gib)[kind] for kind in kinds)


def promised(others: Iterable[InFlight], policy: Policy) -> Promised:
    """What all launches that are under way will take."""
    found = tuple(others)
    surely = _sum(need_of(o.flavor, policy, o.unmade, o.work_gib) for o in found)
    unsure = _sum(need_of(o.flavor, policy, o.unsure, o.work_gib) for o in found)
    return Promised(surely=surely, at_most=_sum((surely, unsure)))


def shortages(quota: Quota, taken_by_others: Amounts, need: Amounts) -> tuple[Shortage, ...]:
    """Every resource of which too little is left for ``need``, what runs out first in front; none: it fits."""
    found = []
    for resource in _NAMES:
        allowance, wanted = quota.allowances.get(resource), need.get(resource, 0)
        if allowance is None or allowance.limit is None or wanted == 0:
            continue
        taken = allowance.used + taken_by_others.get(resource, 0)
        if taken + wanted > allowance.limit:
            found.append(Shortage(resource=resource, limit=allowance.limit, taken=taken, need=wanted))
    return tuple(found)


def fits(quota: Quota, taken_by_others: Amounts, need: Amounts) -> bool:
    """Whether ``need`` is left of everything."""
    return not shortages(quota, taken_by_others, need)


def what_fits(
    quota: Quota, taken_by_others: Amounts, flavors: Iterable[Flavor], policy: Policy, *, work_gib: int = 0
) -> tuple[Flavor, ...]:
    """The flavors of which one more launch fits now, largest first; ``work_gib``: of the work volume it has to make."""
    fitting = [f for f in flavors if fits(quota, taken_by_others, need_of(f, policy, work_gib=work_gib))]
    return tuple(sorted(fitting, key=lambda f: (f.vcpus, f.ram_mib, f.disk_gib, f.name), reverse=True))


def refusal(short: Sequence[Shortage], fitting: Sequence[Flavor]) -> TeamError:
    """Why a launch does not start, in numbers, and what would or what to do."""
    return TeamError(
        "quota-exceeded", f"The project has no room for this launch. {'; '.join(map(str, short))}.", _hint(short, fitting)
    )  # fmt: skip


def named(flavors: Sequence[Flavor], most: int = _MOST_NAMED) -> str:
    """``m3.small and m3.tiny``; the largest ones where there are many."""
    names = [f.name for f in flavors[:most]]
    return _listed([*names, "smaller ones"] if len(flavors) > most else names)


def _hint(short: Sequence[Shortage], fitting: Sequence[Flavor]) -> str:
    if fitting:
        fit = "fits" if len(fitting) == 1 else "fit"
        return (
            f"{named(fitting)} {fit} now: launch again with flavor={fitting[0].name}."
            " Or delete an environment that nobody needs, or wait for one to end."
        )
    wait = "Delete an environment that nobody needs, or wait for one to end."
    if any(s.resource not in _OF_THE_FLAVOR for s in short):  # no flavor needs fewer of these
        wait = f"No other flavor fits either. {wait}"
    if short and short[0].resource is Resource.FLOATING_IPS:
        return f"{wait} Each one needs a floating IP: whoever manages the project can ask for more of them."
    return (
        f"{wait} Whoever manages the project can ask for more {_listed([_NAMES[s.resource] for s in short])}."
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _amount(resource: Resource, number: int) -> str:
    if resource is Resource.RAM_MIB:
        return f"{number / 1024:.4g} GiB"
    return f"{number} GiB" if resource is Resource.GIGABYTES else str(number)


def _by_kind(flavor: Flavor, policy: Policy, work_gib: int) -> Mapping[Kind, Amounts]:
    """What each object of an attempt takes; a flavor with room on its own disk needs no volume."""
    has_volume = policy.has_volume(flavor)
    return {
        Kind.PORT: {Resource.PORTS: 1},
        Kind.FLOATING_IP: {Resource.FLOATING_IPS: 1},
        Kind.VOLUME: {Resource.VOLUMES: 1, Resource.GIGABYTES: policy.volume_gib} if has_volume else {},
        Kind.WORK_VOLUME: {Resource.VOLUMES: 1, Resource.GIGABYTES: work_gib} if work_gib else {},
        Kind.SERVER: {Resource.INSTANCES: 1, Resource.CORES: flavor.vcpus, Resource.RAM_MIB: flavor.ram_mib},
    }


def _sum(parts: Iterable[Amounts]) -> Amounts:
    total: Counter[Resource] = Counter()
    for part in parts:
        total.update(part)
    return dict(total)
