"""Work volumes on a real OpenStack control plane: made once, attached by the server's making, kept, deleted when asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from provisioning.cloud_objects import Kind
from provisioning.errors import ConflictError
from provisioning.inventory import Inventory
from provisioning.model import Binder, BinderId, Phase, VolumeId
from provisioning.phases import Policy
from provisioning.sites import Sites
from provisioning.store import binders, volumes
from provisioning.store.database import Database
from provisioning.volume_deletion import VolumeDeletion
from provisioning.work_volumes import Kept, Wanted
from tests.conftest import Clock
from tests.fakes.fault_proxy import FaultProxy, How
from tests.integration.openstack.project import Project
from tests.integration.openstack.worlds import World, world_on
from tests.strategies import a_binder

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


@pytest.fixture
async def world(openstack_project: Project, db: Database, clock: Clock) -> AsyncIterator[World]:
    async with world_on(openstack_project, db, clock) as world:
        yield world
        await emptied(world)


@pytest.fixture(autouse=True)
def swept(openstack_project: Project) -> None:
    """Nothing of an earlier run that was cut off."""
    openstack_project.clear()


async def ask(world: World) -> BinderId:
    """A launch with one and the same volume."""
    binder_id = BinderId(uuid4().hex[:10].translate(str.maketrans("01", "yz")))
    wanted = Wanted(
        clouds=("",), name="data", size_gib=None, new_id=VolumeId(f"v{uuid4().hex[:9]}"), new_gib=1
    )
    async with world.db.transaction() as tx:
        binder = await volumes.taken(tx, a_binder(now=world.clock.now, id=binder_id), wanted)
        await binders.insert(tx, binder)
    return binder_id


async def launched(world: World) -> Binder:
    return await world.until(await ask(world), Phase.BOOTING, Phase.DELETED)


async def kept(world: World) -> list[Kept]:
    async with world.db.transaction() as tx:
        return await volumes.of_person(tx, team="T1", owner="U1")


async def dropped(world: World) -> None:
    """Every free volume deleted, as somebody asked."""
    async with world.db.transaction() as tx:
        for one in await volumes.of_person(tx, team="T1", owner="U1"):
            await volumes.drop(tx, one.volume.id, world.clock.now)
    sites = Sites.only(world.cloud, Inventory(world.cloud, world.clock, every=timedelta(0)))
    deletion = VolumeDeletion(db=world.db, sites=sites, clock=world.clock)
    for _ in range(60):
        world.clock.forward(seconds=5)
        if not await deletion.once() and not await kept(world):
            return
    raise AssertionError(f"still there: {await kept(world)}")


async def emptied(world: World) -> None:
    """What a test that failed left."""
    for one in (await world.cloud.listing()).work:
        if not one.server_id:
            await world.cloud.delete(Kind.WORK_VOLUME, one.id)


async def test_given_a_launch_with_a_volume_then_the_server_has_it_beside_its_own_disk(
    world: World, openstack_project: Project
) -> None:
    binder = await launched(world)

    made = openstack_project.everything()
    (volume,), (server,) = made["volumes"], made["servers"]
    attached = openstack_project.eyes.compute.volume_attachments(server)
    assert (binder.phase, binder.failure) == (Phase.BOOTING, None)
    assert (volume.size, volume.status, volume.is_bootable) == (1, "in-use", False)
    assert binder.volume is not None
    assert {k: v for k, v in volume.metadata.items() if k.startswith("binderops")} == {
        "binderops_volume": binder.volume.id, "binderops_deployment": world.deployment, "binderops_owner": "U1",
    }  # fmt: skip
    assert [(a.volume_id, a.delete_on_termination) for a in attached] == [(volume.id, False)]
    assert server.image["id"]
    await world.deleted(binder.id)


async def test_given_a_small_disk_then_root_volume_and_work_volume_are_told_apart_and_only_one_stays(
    world: World, openstack_project: Project
) -> None:
    world.policy = Policy(volume_root_below_gib=40, volume_gib=20)
    world.launcher = world.another_process(world.cloud)
    binder = await launched(world)
    both = {v.name: v.status for v in openstack_project.everything()["volumes"]}

    await world.deleted(binder.id)

    (left,) = openstack_project.everything()["volumes"]
    assert binder.volume is not None
    assert sorted(both.values()) == ["in-use", "in-use"]
    assert (left.metadata["binderops_volume"], left.status, left.attachments) == (
        binder.volume.id,
        "available",
        [],
    )


async def test_given_a_kept_volume_when_launched_with_again_then_it_is_the_same_one(
    world: World, openstack_project: Project
) -> None:
    first = await launched(world)
    await world.deleted(first.id)
    (before,) = openstack_project.everything()["volumes"]

    second = await launched(world)

    (after,) = openstack_project.everything()["volumes"]
    (server,) = openstack_project.everything()["servers"]
    assert (after.id, [a["server_id"] for a in after.attachments]) == (before.id, [server.id])
    await world.deleted(second.id)


async def test_given_a_volume_that_a_server_has_then_neither_it_nor_a_second_server_gets_past_that(
    world: World, openstack_project: Project
) -> None:
    binder = await launched(world)
    (there,) = (await world.cloud.listing()).work

    with pytest.raises(ConflictError):
        await world.cloud.delete(Kind.WORK_VOLUME, there.id)

    (volume,) = openstack_project.everything()["volumes"]
    assert volume.status == "in-use"
    await world.deleted(binder.id)


async def test_given_a_free_volume_when_dropped_then_nothing_is_left(
    world: World, openstack_project: Project
) -> None:
    binder = await launched(world)
    await world.deleted(binder.id)

    await dropped(world)

    assert openstack_project.everything() == {"servers": [], "floating_ips": [], "volumes": [], "ports": []}


@pytest.mark.parametrize("how", [How.NO_ANSWER, How.WORKED_BUT_500, How.WORKED_BUT_GARBAGE, How.CUT, 500])
async def test_given_a_create_that_goes_wrong_then_there_is_one_volume_and_it_is_attached(
    openstack_project: Project, db: Database, clock: Clock, tmp_path: Path, how: How | int
) -> None:
    async with proxied(openstack_project, db, clock, tmp_path) as (world, proxy):
        proxy.fail("POST volume /volumes", how)

        binder = await launched(world)

        (volume,) = openstack_project.everything()["volumes"]
        assert (binder.phase, volume.status) == (Phase.BOOTING, "in-use")
        assert [k.cloud_id for k in await kept(world)] == [volume.id]
        await world.deleted(binder.id)
        await dropped(world)


async def test_given_a_create_without_an_answer_when_cancelled_then_the_volume_is_known_to_the_next_launch(
    openstack_project: Project, db: Database, clock: Clock, tmp_path: Path
) -> None:
    async with proxied(openstack_project, db, clock, tmp_path) as (world, proxy):
        proxy.fail("POST volume /volumes", How.NO_ANSWER)
        asked = await ask(world)
        while not any(c.label == "POST volume /volumes" for c in proxy.calls):
            world.clock.forward(seconds=2)
            await world.launcher.step(asked)
        await world.deleted(asked)

        binder = await launched(world)

        (volume,) = openstack_project.everything()["volumes"]
        assert [(k.held_by, k.cloud_id) for k in await kept(world)] == [(binder.id, volume.id)]
        await world.deleted(binder.id)
        await dropped(world)


@asynccontextmanager
async def proxied(
    project: Project, db: Database, clock: Clock, folder: Path
) -> AsyncIterator[tuple[World, FaultProxy]]:
    async with (
        FaultProxy(project.clouds_yaml, project.member, folder=folder) as proxy,
        world_on(proxy, db, clock) as world,
    ):
        yield world, proxy
        proxy.heal()
        await emptied(world)
