"""The clouds of a deployment by name: each with what is shared of it, what it offers and what a launch there follows.

The first is the default. A binder belongs to the cloud that its plan names, for as long as it lives. Decides nothing else.
"""

import asyncio
import difflib
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from provisioning.catalogue import Catalogue
from provisioning.cloud_objects import Listing
from provisioning.clouds import Cloud
from provisioning.errors import PersonError, RefusedError
from provisioning.inventory import Inventory, Shared
from provisioning.model import Binder, Flavor
from provisioning.phases import Policy
from provisioning.plan import Offer, PlanPolicy
from provisioning.quota import Quota

_LISTING_EVERY = timedelta(seconds=2)
_QUOTA_EVERY = timedelta(seconds=5)


async def _confirmed() -> None:
    """Nobody doubts it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One cloud of the deployment."""

    name: str  # in the settings and in ``cloud=``; empty where there is only one
    cloud: Cloud
    inventory: Shared[Listing]
    quota: Shared[Quota]
    catalogue: Catalogue
    plans: PlanPolicy
    volume_root_below_gib: int  # flavors with a smaller disk get a volume; 0: never
    listing_every: timedelta = _LISTING_EVERY
    confirm: Callable[[], Awaitable[None]] = _confirmed  # raises `ElsewhereError` where it is not what it was

    def guarded(self, confirm: Callable[[], Awaitable[None]]) -> "Site":
        """The same, with listings that count only where ``confirm`` lets them pass."""

        async def read() -> Listing:
            listing = await self.cloud.listing()
            await confirm()  # afterwards: it knows every binder that this listing may say something of
            return listing

        clock, every = self.inventory.clock, self.listing_every
        listings = Shared(read, clock, every=every, moment=lambda listing: listing.began_at)
        return replace(self, inventory=listings, confirm=confirm)


def site(
    cloud: Cloud,
    clock: Callable[[], datetime],
    *,
    name: str = "",
    plans: PlanPolicy | None = None,
    listing_every: timedelta = _LISTING_EVERY,
) -> Site:
    """The site of a cloud, with what is shared of it. Asks nothing yet."""
    inventory = Inventory(cloud, clock, every=listing_every)
    found = _site(cloud, inventory, name, plans or PlanPolicy(), None)
    return replace(found, listing_every=listing_every)


def _site(
    cloud: Cloud, inventory: Inventory, name: str, plans: PlanPolicy, volume_root_below_gib: int | None
) -> Site:
    below = cloud.volume_root_below_gib if volume_root_below_gib is None else volume_root_below_gib
    quota = Shared(cloud.quota, inventory.clock, every=_QUOTA_EVERY, moment=lambda quota: quota.read_at)
    return Site(
        name=name, cloud=cloud, inventory=inventory, quota=quota, catalogue=Catalogue(cloud, plans.prices),
        plans=plans, volume_root_below_gib=below,
    )  # fmt: skip


class Sites:
    """All clouds of the deployment, in the settings' order. Never empty, each name once."""

    def __init__(self, sites: Iterable[Site]) -> None:
        self._sites = tuple(sites)
        if not self._sites:
            raise ValueError("a deployment needs a cloud")
        if len({one.name.casefold() for one in self._sites}) < len(self._sites):
            raise ValueError("two clouds have the same name")

    @classmethod
    def only(cls, cloud: Cloud, inventory: Inventory, *, volume_root_below_gib: int | None = None) -> "Sites":
        """A deployment with this one cloud; ``volume_root_below_gib`` None: as the cloud has it."""
        return cls([_site(cloud, inventory, "", PlanPolicy(), volume_root_below_gib)])

    def __iter__(self) -> Iterator[Site]:
        return iter(self._sites)

    @property
    def default(self) -> Site:
        """Where a launch that names no cloud goes."""
        return self._sites[0]

    @property
    def names(self) -> tuple[str, ...]:
        """What ``cloud=`` may be; empty where there is nothing to choose."""
        return tuple(one.name for one in self._sites) if len(self._sites) > 1 else ()

    def planned_as(self, one: Site) -> frozenset[str]:
        """What plans call this cloud: those of the first one may name none."""
        return frozenset({one.name, ""} if one is self.default else {one.name})

    def each_with(self, change: Callable[[Site], Site]) -> "Sites":
        """The same clouds in the same order, each one changed."""
        return Sites(change(one) for one in self._sites)

    def of(self, binder: Binder) -> Site:
        """Where the binder is. Raises `RefusedError` (``cloud-unknown``) where the settings know its cloud no more."""
        name = binder.plan.cloud if binder.plan else ""
        if not name:
            return self.default
        for one in self._sites:
            if one.name == name:
                return one
        raise RefusedError(
            "cloud-unknown",
            f"This environment is on the cloud {name}, which the bot's settings do not name any more.",
            f"Whoever runs the bot must put {name} back into the settings (clouds) and restart it; "
            "until then nothing there is looked at, and nothing is deleted.",
        )

    def name_for(self, binder: Binder) -> str:
        """The name of the cloud that the binder is on, or will be; empty where the settings know it no more."""
        if binder.plan is None and binder.request.options.cloud:
            return binder.request.options.cloud
        with suppress(RefusedError):
            return self.of(binder).name
        return ""

    def policy_for(self, binder: Binder, policy: Policy) -> Policy:
        """The deployment's policy as it is on the binder's cloud."""
        with suppress(RefusedError):  # an unknown cloud: nothing is made there anyway
            one = self.of(binder)
            return replace(
                policy, volume_root_below_gib=one.volume_root_below_gib,
                answers_within=one.cloud.answers_within, shows_within=one.cloud.shows_within,
            )  # fmt: skip
        return policy

    def named(self, name: str) -> Site:
        """The site of this name in any letter case, the default for an empty one. Raises `PersonError` (``unknown-cloud``)."""
        if not name:
            return self.default
        for one in self._sites:
            if one.name.casefold() == name.casefold():
                return one
        raise unknown_cloud(name, self.names)

    def flavors(self) -> dict[str, tuple[Flavor, ...]]:
        """Each cloud's flavors by its name, as last seen, with prices, smallest first."""
        return {one.name: one.catalogue.flavors() for one in self._sites}

    async def offer(self, one: Site) -> Offer:
        """What a launch there can choose from now. Raises what the cloud raises when asked for its flavors."""
        elsewhere = {other.name: other.catalogue.flavors() for other in self._sites if other is not one}
        return Offer(
            cloud=one.name, flavors=await one.cloud.flavors(), elsewhere=elsewhere,
            has_volumes=await one.cloud.has_volumes(),
        )  # fmt: skip

    async def open(self) -> None:
        """Ask each cloud what it offers, and go on asking. A cloud that does not answer stops nothing."""
        await asyncio.gather(*(one.catalogue.start() for one in self._sites))

    async def close(self) -> None:
        """Ask no more, and leave all clouds."""
        async with AsyncExitStack() as stack:  # one that fails keeps no other
            for one in self._sites:
                stack.push_async_callback(one.cloud.close)
                stack.push_async_callback(one.catalogue.stop)


def unknown_cloud(name: str, names: tuple[str, ...]) -> PersonError:
    """There is no cloud of this name: which one may be meant, and which there are."""
    if not names:
        return PersonError(
            "unknown-cloud", f"There is no cloud {name}: there is only one here.", "Leave cloud= out."
        )
    near = difflib.get_close_matches(name.casefold(), {n.casefold(): n for n in names}, 1, 0.4)
    meant = next((f"Did you mean {n}? " for n in names if [n.casefold()] == near), "")
    return PersonError(
        "unknown-cloud", f"There is no cloud {name}.", f"{meant}Clouds are {', '.join(names)}."
    )
