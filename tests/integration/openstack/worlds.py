"""Binders on the OpenStack bed, stepped by a clock of their own: what the cloud takes is real time, what we wait is not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from provisioning.acting import Actor, Orders
from provisioning.cloud_objects import DELETION_ORDER, CloudObject, Kind
from provisioning.clouds import Cloud
from provisioning.clouds.openstack import OpenStackCloud, OpenStackSettings
from provisioning.errors import BinderopsError, TemporaryError
from provisioning.inventory import Inventory
from provisioning.launch import Launcher
from provisioning.model import Binder, BinderId, Event, Flavor, Phase, Plan, Verb
from provisioning.phases import Policy
from provisioning.sites import Sites
from provisioning.store import binders
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.fakes.signing import told_at_birth
from tests.strategies import a_binder, a_plan

QUICK = 100.0  # listings a second: the bed is ours
_REST_S = 0.2  # real time that a step at least gives the bed: ours runs ahead, and a busy bed must not miss the time limits by that


class Bed(Protocol):
    """Where a cloud is; the fixture ``openstack_bed`` is one, a proxy before it another."""

    @property
    def clouds_yaml(self) -> Path: ...

    @property
    def member(self) -> str: ...


def cloud_on(
    bed: Bed,
    *,
    deployment: str,
    now: Callable[[], Any] | None = None,
    driver: type[OpenStackCloud] = OpenStackCloud,
    **settings: Any,
) -> OpenStackCloud:
    """The driver on the bed, as an ordinary member of its project."""
    chosen = OpenStackSettings(
        cloud=bed.member,
        environment={"OS_CLIENT_CONFIG_FILE": str(bed.clouds_yaml)},
        requests_per_s=QUICK,
        **settings,
    )
    return driver(chosen, deployment=deployment, **({"now": now} if now else {}))


def flavor(name: str = "m3.tiny", disk_gib: int = 20) -> Flavor:
    return Flavor(name=name, vcpus=1, ram_mib=3072, disk_gib=disk_gib)


@dataclass
class World:
    """A deployment with a database of its own on the bed."""

    db: Database
    cloud: OpenStackCloud
    clock: Clock
    deployment: str
    plan: Plan = field(default_factory=lambda: replace(a_plan(), flavor=flavor()))
    policy: Policy = field(default_factory=lambda: Policy(volume_root_below_gib=0, volume_gib=20))
    is_in_real_time: bool = False  # else its time runs ahead of the cloud's
    launcher: Launcher = field(init=False)

    def __post_init__(self) -> None:
        self.launcher = self.another_process(self.cloud)

    def another_process(self, cloud: Cloud) -> Launcher:
        inventory = Inventory(cloud, self.clock, every=timedelta(0))
        sites = Sites.only(cloud, inventory, volume_root_below_gib=self.policy.volume_root_below_gib)
        actor = Actor(
            db=self.db, sites=sites, link=None, plan=self._plan, orders=Orders(bot_keys=told_at_birth),
            deployment=self.deployment, clock=self.clock,
        )  # type: ignore[arg-type]  # fmt: skip
        return Launcher(
            db=self.db, sites=sites, actor=actor, policy=self.policy, deployment=self.deployment, clock=self.clock
        )  # fmt: skip

    async def _plan(self, binder: Binder) -> Plan:
        return self.plan

    async def ask(self) -> BinderId:
        """A new binder."""
        binder_id = BinderId(uuid4().hex[:10].translate(str.maketrans("01", "yz")))
        async with self.db.transaction() as tx:
            await binders.insert(tx, a_binder(now=self.clock.now, id=binder_id))
        return binder_id

    async def until(self, binder_id: BinderId, *phases: Phase, most: int = 700, s: float = 2) -> Binder:
        """Step until the binder is in one of these phases. ``s``: how much later each step is."""
        for _ in range(most):
            binder = await self.now(binder_id)
            if binder.phase in phases:
                return binder
            await self.later(s)
            await asyncio.sleep(_REST_S)
            await self.launcher.step(binder_id)
        raise AssertionError(f"still {binder.phase}: {binder}")

    async def later(self, seconds: float) -> None:
        """So much later; the cloud knows of it only where the world is in real time."""
        self.clock.forward(seconds=seconds)
        if self.is_in_real_time:
            await asyncio.sleep(seconds)

    async def launched(self) -> Binder:
        """A binder whose server is ACTIVE, or that failed and left nothing."""
        return await self.until(await self.ask(), Phase.BOOTING, Phase.DELETED)

    async def until_made(self, kind: Kind) -> BinderId:
        """A new binder that has this much, and may have more."""
        asked = await self.ask()
        for _ in range(20):
            self.clock.forward(seconds=2)
            await self.launcher.step(asked)
            if any(o.kind is kind for o in await self.objects()):
                return asked
        raise AssertionError(f"no {kind}: {await self.now(asked)}")

    async def deleted(self, binder_id: BinderId, *, keeps_volume: bool = False) -> Binder:
        """Wanted gone, and gone."""
        await self.want_deleted(binder_id, keeps_volume=keeps_volume)
        return await self.until(binder_id, Phase.DELETED)

    async def want_deleted(self, *binder_ids: BinderId, keeps_volume: bool = False) -> None:
        async with self.db.transaction() as tx:
            for binder_id in binder_ids:
                await tx.run(
                    "tests/wish.grant", dedupe=uuid4().hex, kind=Verb.DELETE, binder=binder_id, at=self.clock.now,
                    payload={"keeps_volume": keeps_volume},
                )  # fmt: skip
                await binders.wake(tx, binder_id, self.clock.now)

    async def all_until(self, binder_ids: list[BinderId], *phases: Phase, most: int = 200) -> list[Binder]:
        """Step all of them side by side until each is in one of these phases."""
        for _ in range(most):
            found = [await self.now(b) for b in binder_ids]
            waiting = [b.id for b in found if b.phase not in phases]
            if not waiting:
                return found
            self.clock.forward(seconds=2)
            await asyncio.sleep(_REST_S)
            await asyncio.gather(*(self.launcher.step(b) for b in waiting))
        raise AssertionError(f"not all: {[(await self.now(b)).phase for b in binder_ids]}")

    async def now(self, binder_id: BinderId) -> Binder:
        async with self.db.transaction() as tx:
            found = await binders.get(tx, binder_id)
        assert found is not None
        return found

    async def story(self, binder_id: BinderId) -> tuple[Event, ...]:
        async with self.db.transaction() as tx:
            return await binders.events(tx, binder_id)

    async def objects(self) -> tuple[CloudObject, ...]:
        return (await self.cloud.listing()).objects


async def sweep(cloud: Cloud) -> None:
    """Delete whatever is left of a deployment, so that a test that failed harms no other."""
    for _ in range(200):
        try:
            objects = (await cloud.listing()).objects
            if not objects:
                return
            kind = next(k for k in DELETION_ORDER if any(o.kind is k for o in objects))
            for there in objects:
                if there.kind is kind:
                    await cloud.delete(kind, there.id)
        except BinderopsError:  # busy, or not in its turn: the next round tries again
            await asyncio.sleep(0.2)


@asynccontextmanager
async def world_on(bed: Bed, db: Database, clock: Clock, **settings: Any) -> AsyncIterator[World]:
    """A deployment of its own; nothing of it is left afterwards."""
    deployment = f"world-{uuid4().hex[:8]}"
    cloud = cloud_on(bed, deployment=deployment, now=clock, **settings)
    try:
        yield World(db, cloud, clock, deployment)
    finally:
        await sweep(cloud)
        await _close_doors(cloud, f"binderops-{deployment}")
        await cloud.close()


async def _close_doors(cloud: OpenStackCloud, name: str) -> None:
    """Delete the deployment's security group, for a project may have few; one that a hasty driver leaves goes with the project."""
    with suppress(TemporaryError):
        for group in await cloud.wire.listed("network", "/security-groups", "security_groups", name=name):
            await cloud.wire.deleted(
                "network", f"/security-groups/{group['id']}", asked="delete the security group"
            )
