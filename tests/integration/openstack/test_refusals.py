"""What the cloud refuses in the middle of a launch: the right words, and nothing left."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from provisioning.cloud_objects import CloudObject, Kind, Mark
from provisioning.clouds import ServerSpec
from provisioning.clouds.openstack import OpenStackCloud
from provisioning.model import Binder, Outcome, Phase
from provisioning.phases import Policy
from provisioning.quota import Quota
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.integration.openstack.project import IN_USE, Project
from tests.integration.openstack.worlds import Bed, World, cloud_on, flavor, world_on

pytestmark = pytest.mark.integration

NOTHING: dict[str, list[object]] = {"servers": [], "floating_ips": [], "volumes": [], "ports": []}


class Late(OpenStackCloud):
    """The driver, with somebody else's deed between the quota's reading and the calls: what fitted then may not fit now.

    A server is asked to break as ``fault`` says, which the bed's hypervisor obeys.
    """

    fault = ""

    async def quota(self) -> Quota:
        return replace(await super().quota(), allowances={})

    async def create_server(self, spec: ServerSpec) -> CloudObject:
        more = {"fake:fault": self.fault} if self.fault else {}
        return await super().create_server(replace(spec, metadata=spec.metadata | more))


@pytest.fixture
async def world(openstack_project: Project, db: Database, clock: Clock) -> AsyncIterator[World]:
    async with world_on(openstack_project, db, clock, driver=Late) as world:
        yield world


def refused(binder: Binder, code: str, *words: str) -> None:
    assert (binder.phase, binder.outcome) == (Phase.DELETED, Outcome.FAILED)
    assert binder.failure is not None
    told = f"{binder.failure.message} {' '.join(binder.failure.lines)}"
    assert binder.failure.code == code, told
    assert [word for word in words if word not in told] == [], told


@pytest.mark.parametrize(
    ("service", "limits", "words"),
    [
        pytest.param("network", {"floating_ips": 0}, ("Quota exceeded", "floatingip", "409"), id="floating-ips"),
        pytest.param("compute", {"cores": 0}, ("Quota exceeded", "cores", "403"), id="cores"),
        pytest.param("compute", {"instances": 0}, ("Quota exceeded", "instances", "403"), id="instances"),
        pytest.param("network", {"ports": IN_USE}, ("Quota exceeded", "port", "409"), id="ports"),
        pytest.param("block_storage", {"volumes": 0}, ("VolumeLimitExceeded", "413"), id="volumes"),
        pytest.param("block_storage", {"gigabytes": 1}, ("gigabytes", "413"), id="gigabytes"),
    ],
)  # fmt: skip
async def test_given_nothing_left_of_a_resource_when_launched_then_the_clouds_words_say_so_and_nothing_stays(
    world: World,
    openstack_project: Project,
    service: str,
    limits: dict[str, int | None],
    words: tuple[str, ...],
) -> None:
    world.policy = Policy(volume_root_below_gib=40, volume_gib=20)
    world.launcher = world.another_process(world.cloud)

    with openstack_project.short_of(service, **limits):
        binder = await world.launched()

    refused(binder, "quota-exceeded", *words)
    assert openstack_project.everything() == NOTHING


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param("No valid host was found. There are not enough hosts available.", "no-capacity", id="full"),
        pytest.param("disk on fire", "server-error", id="anything-else"),
    ],
)  # fmt: skip
async def test_given_a_server_that_breaks_when_launched_then_its_fault_is_told_and_nothing_stays(
    world: World, openstack_project: Project, fault: str, code: str
) -> None:
    world.cloud.fault = fault  # type: ignore[attr-defined]  Late has it

    binder = await world.launched()

    refused(binder, code, fault)
    assert openstack_project.everything() == NOTHING


async def test_given_an_image_that_is_not_there_when_launched_then_it_is_named_and_nothing_stays(
    world: World, openstack_project: Project
) -> None:
    world.plan = replace(world.plan, image="No-Such-Image")

    binder = await world.launched()

    refused(binder, "image-gone", "No-Such-Image")
    assert openstack_project.everything() == NOTHING


async def test_given_an_image_that_goes_while_its_id_is_remembered_when_launched_then_it_is_told(
    world: World, openstack_project: Project
) -> None:
    image = openstack_project.eyes.image.create_image(
        f"going-{secrets.token_hex(4)}", data=b"x" * 1024, disk_format="raw", container_format="bare"
    )
    world.plan = replace(world.plan, image=image.name)
    await world.cloud.run("look it up", lambda: world.cloud.lookups.image(image.name))
    openstack_project.eyes.image.delete_image(image)

    binder = await world.launched()

    refused(binder, "image-gone", "image")
    assert openstack_project.everything() == NOTHING


async def test_given_a_flavor_that_goes_while_its_id_is_remembered_when_launched_then_it_is_told(
    world: World, openstack_project: Project
) -> None:
    name = f"going-{secrets.token_hex(4)}"
    made = openstack_project.admin.compute.create_flavor(name=name, vcpus=1, ram=512, disk=20)
    world.plan = replace(world.plan, flavor=flavor(name))
    await world.cloud.flavors()
    openstack_project.admin.compute.delete_flavor(made)

    binder = await world.launched()

    refused(binder, "flavor-gone", "lavor")
    assert openstack_project.everything() == NOTHING


async def test_given_a_token_revoked_in_mid_launch_when_it_goes_on_then_it_signs_in_again(
    world: World, openstack_project: Project
) -> None:
    asked = await world.until_made(Kind.PORT)
    session = world.cloud.wire.connection.session
    token = session.get_token()
    openstack_project.admin.session.delete(
        f"{session.auth.auth_url}/auth/tokens", headers={"X-Subject-Token": token}
    )

    binder = await world.until(asked, Phase.BOOTING, Phase.DELETED)

    assert (binder.phase, binder.failure) == (Phase.BOOTING, None)


async def test_given_a_credential_revoked_in_mid_launch_when_it_fails_then_it_is_said_and_cleaned_up_once_mended(
    openstack_project: Project, db: Database, clock: Clock, tmp_path: Path
) -> None:
    identity = openstack_project.eyes.identity
    user = openstack_project.eyes.current_user_id
    credential = identity.create_application_credential(user, f"bot-{secrets.token_hex(4)}")
    bed = SignIn(clouds_yaml=tmp_path / "clouds.yaml", member="bot")
    bed.write(openstack_project, credential.id, credential.secret)
    async with world_on(openstack_project, db, clock) as world:
        revoked = cloud_on(bed, deployment=world.deployment, now=clock)
        world.launcher = world.another_process(revoked)
        asked = await world.until_made(Kind.PORT)
        identity.delete_application_credential(user, credential)
        revoked.wire.connection.session.invalidate()

        binder = await world.until(asked, Phase.FAILED, Phase.DELETING, s=30)
        assert binder.failure is not None
        assert "credentials" in f"{binder.failure.message} {binder.failure.lines}"
        await revoked.close()

        world.launcher = world.another_process(world.cloud)  # the operator mended clouds.yaml
        await world.until(asked, Phase.DELETED)
        assert openstack_project.everything() == NOTHING


async def test_given_a_locked_server_when_deleted_then_the_lock_is_told_and_the_deletion_goes_on_once_unlocked(
    world: World, openstack_project: Project
) -> None:
    binder = await world.launched()
    (server,) = openstack_project.everything()["servers"]
    openstack_project.admin.compute.lock_server(server)
    await world.want_deleted(binder.id)

    for _ in range(20):
        world.clock.forward(seconds=2)
        await world.launcher.step(binder.id)
    (stuck,) = (e for e in await world.story(binder.id) if e.kind == "delete_stuck")
    assert "locked" in str(stuck.data["detail"])

    openstack_project.admin.compute.unlock_server(server)
    await world.until(binder.id, Phase.DELETED)
    assert openstack_project.everything() == NOTHING


async def test_given_what_a_dead_transaction_made_when_the_binder_is_deleted_then_it_is_found_by_its_mark(
    world: World, openstack_project: Project
) -> None:
    binder = await world.launched()
    older = Mark(deployment=world.deployment, binder=binder.id, attempt=7)
    await world.cloud.create_port(older)
    await world.cloud.create_volume(older, "", 20)

    await world.deleted(binder.id)

    assert openstack_project.everything() == NOTHING


class SignIn(Bed):
    """A clouds.yaml with an application credential."""

    def __init__(self, *, clouds_yaml: Path, member: str) -> None:
        self._clouds_yaml, self._member = clouds_yaml, member

    @property
    def clouds_yaml(self) -> Path:
        return self._clouds_yaml

    @property
    def member(self) -> str:
        return self._member

    def write(self, project: Project, credential_id: str, secret: str) -> None:
        auth = {
            "auth_url": project.admin.config.auth["auth_url"],
            "application_credential_id": credential_id, "application_credential_secret": secret,
        }  # fmt: skip
        cloud = {"auth_type": "v3applicationcredential", "auth": auth, "region_name": "RegionOne"}
        self.clouds_yaml.write_text(yaml.safe_dump({"clouds": {self.member: cloud}}))
