"""Launches and deletions on a real OpenStack control plane: each resource as designed, shown by the cloud's own listing."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from provisioning.cloud_objects import Mark
from provisioning.model import BinderId, Outcome, Phase
from provisioning.phases import Policy
from provisioning.quota import Resource
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.integration.openstack.project import Project
from tests.integration.openstack.worlds import World, world_on

pytestmark = pytest.mark.integration

MANY = 20


@pytest.fixture
async def world(openstack_project: Project, db: Database, clock: Clock) -> AsyncIterator[World]:
    async with world_on(openstack_project, db, clock) as world:
        yield world


def name_of(binder: BinderId) -> str:
    return Mark(deployment="", binder=binder, attempt=1).name


async def test_given_a_launch_when_active_then_the_cloud_shows_each_resource_as_designed(
    world: World, openstack_project: Project
) -> None:
    binder = await world.launched()

    assert (binder.phase, binder.failure) == (Phase.BOOTING, None)
    made = openstack_project.everything()
    (server,), (floating_ip,), (port,) = made["servers"], made["floating_ips"], made["ports"]
    name = name_of(binder.id)
    assert (server.name, server.status, server.has_config_drive) == (name, "ACTIVE", "True")
    assert (port.name, port.device_id, port.description) == (name, server.id, f"{name} {world.deployment}")
    assert (floating_ip.port_id, floating_ip.description) == (port.id, f"{name} {world.deployment}")
    assert binder.public_url == f"https://{floating_ip.floating_ip_address}"
    assert made["volumes"] == []


async def test_given_a_launch_when_its_server_is_shown_then_its_metadata_say_whose_it_is(
    world: World, openstack_project: Project
) -> None:
    binder = await world.launched()

    (server,) = openstack_project.everything()["servers"]
    expires = server.metadata.pop("binderops_expires")
    assert server.metadata == {
        "binderops_id": binder.id, "binderops_attempt": "1", "binderops_deployment": world.deployment,
        "binderops_owner": "U1", "binderops_channel": "C1", "binderops_commit": "a" * 40,
    }  # fmt: skip
    assert expires > binder.created_at.isoformat()


async def test_given_a_launch_when_its_security_group_is_shown_then_only_the_ports_in_use_are_open(
    world: World, openstack_project: Project
) -> None:
    await world.launched()

    (port,) = openstack_project.everything()["ports"]
    (group_id,) = port.security_group_ids
    group = openstack_project.eyes.network.get_security_group(group_id)
    inward = [r for r in group.security_group_rules if r["direction"] == "ingress"]
    assert group.name == f"binderops-{world.deployment}"
    assert [(r["protocol"], r["port_range_min"], r["port_range_max"]) for r in inward] == [("tcp", 443, 443)]


async def test_given_a_small_disk_when_launched_then_the_root_is_a_volume_of_our_own(
    world: World, openstack_project: Project
) -> None:
    world.policy = Policy(volume_root_below_gib=40, volume_gib=60)
    world.launcher = world.another_process(world.cloud)

    binder = await world.launched()

    made = openstack_project.everything()
    (volume,), (server,) = made["volumes"], made["servers"]
    attached = openstack_project.eyes.compute.volume_attachments(server)
    assert (volume.name, volume.size, volume.is_bootable) == (name_of(binder.id), 60, True)
    assert volume.metadata["binderops_id"] == binder.id
    assert [(a.volume_id, a.delete_on_termination) for a in attached] == [(volume.id, False)]


@pytest.mark.parametrize("below_gib", [0, 40], ids=["single", "volume-backed"])
async def test_given_a_launch_when_deleted_then_nothing_is_left(
    world: World, openstack_project: Project, below_gib: int
) -> None:
    world.policy = Policy(volume_root_below_gib=below_gib, volume_gib=20)
    world.launcher = world.another_process(world.cloud)
    binder = await world.launched()

    await world.deleted(binder.id)

    assert openstack_project.everything() == {"servers": [], "floating_ips": [], "volumes": [], "ports": []}


async def test_given_a_volume_to_keep_when_deleted_then_only_the_volume_is_left_and_can_be_used(
    world: World, openstack_project: Project
) -> None:
    world.policy = Policy(volume_root_below_gib=40, volume_gib=20)
    world.launcher = world.another_process(world.cloud)
    binder = await world.launched()

    await world.deleted(binder.id, keeps_volume=True)

    left = openstack_project.everything()
    (volume,) = left.pop("volumes")
    assert (volume.name, volume.status, volume.attachments) == (name_of(binder.id), "available", [])
    assert left == {"servers": [], "floating_ips": [], "ports": []}


async def test_given_many_launches_at_once_when_all_are_up_then_each_has_one_of_each_and_all_go_again(
    world: World, openstack_project: Project
) -> None:
    asked = [await world.ask() for _ in range(MANY)]

    await world.all_until(asked, Phase.BOOTING)

    made = openstack_project.everything()
    names = {name_of(b) for b in asked}
    assert {s.name for s in made["servers"]} == names
    assert {p.name for p in made["ports"]} == names
    assert {f.port_id for f in made["floating_ips"]} == {p.id for p in made["ports"]}
    assert [len(made[kind]) for kind in ("servers", "ports", "floating_ips")] == [MANY] * 3
    await world.want_deleted(*asked)
    ended = await world.all_until(asked, Phase.DELETED)
    assert {b.outcome for b in ended} == {Outcome.CANCELLED}
    assert openstack_project.everything() == {"servers": [], "floating_ips": [], "volumes": [], "ports": []}


async def test_given_a_cloud_without_a_volume_service_when_launched_and_deleted_then_nobody_misses_it(
    openstack_project: Project, db: Database, clock: Clock, tmp_path: Path
) -> None:
    clouds = yaml.safe_load(openstack_project.clouds_yaml.read_text())
    clouds["clouds"][openstack_project.member]["has_block_storage"] = False
    bare = replace(openstack_project, clouds_yaml=tmp_path / "clouds.yaml")
    bare.clouds_yaml.write_text(yaml.safe_dump(clouds))
    async with world_on(bare, db, clock) as world:
        binder = await world.launched()
        assert (binder.phase, binder.failure) == (Phase.BOOTING, None)
        assert Resource.VOLUMES not in (await world.cloud.quota()).allowances

        await world.deleted(binder.id)

    assert openstack_project.everything() == {"servers": [], "floating_ips": [], "volumes": [], "ports": []}
