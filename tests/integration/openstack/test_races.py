"""Two workers and one binder, at the worst moments: one server, one port, whoever comes first."""

import asyncio
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil
import pytest

from provisioning.model import BinderId, Phase
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.fakes.fault_proxy import FaultProxy
from tests.integration.openstack import sleeper
from tests.integration.openstack.project import Project
from tests.integration.openstack.worlds import World, cloud_on, world_on

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

_LEASE_AND_MORE_S = 60
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """The bed as another process gets it."""

    clouds_yaml: Path
    member: str


@pytest.fixture
async def world(openstack_project: Project, db: Database, clock: Clock) -> AsyncIterator[World]:
    async with world_on(openstack_project, db, clock) as world:
        yield world


async def kinds_of(world: World) -> dict[str, int]:
    return dict(Counter(str(o.kind) for o in await world.objects()))


async def test_given_a_listing_under_way_when_another_worker_makes_the_server_meanwhile_then_there_is_one(
    openstack_project: Project, world: World, tmp_path: Path
) -> None:
    async with FaultProxy(openstack_project.clouds_yaml, openstack_project.member, folder=tmp_path) as proxy:
        slow = cloud_on(proxy, deployment=world.deployment, now=world.clock, answer_within_s=120)
        slow_worker = world.another_process(slow)
        asked = await world.ask()
        world.clock.forward(seconds=2)
        held = proxy.hold("GET compute /servers/detail", after=True)
        looking = asyncio.create_task(slow_worker.step(asked))
        await held.reached  # its listing shows nothing, and will arrive after everything is there
        world.clock.forward(seconds=_LEASE_AND_MORE_S)
        await world.until(asked, Phase.BOOTING)

        held.release()
        await looking
        for _ in range(3):
            world.clock.forward(seconds=2)
            await slow_worker.step(asked)

        assert await kinds_of(world) == {"port": 1, "floating_ip": 1, "server": 1}
        assert [
            c.label for c in proxy.calls if c.label.startswith("POST") and "identity" not in c.label
        ] == []
        await slow.close()


async def test_given_a_listing_that_began_before_a_server_was_made_when_it_ends_then_it_does_not_count(
    openstack_project: Project, world: World, tmp_path: Path
) -> None:
    async with FaultProxy(openstack_project.clouds_yaml, openstack_project.member, folder=tmp_path) as proxy:
        cloud = cloud_on(proxy, deployment=world.deployment, now=world.clock, answer_within_s=120)
        one_process = world.another_process(cloud)
        first, second = await world.ask(), await world.ask()
        held = proxy.hold("GET network /ports", after=True)
        world.launcher = one_process
        launching = asyncio.create_task(world.until(first, Phase.BOOTING))
        await held.reached
        other = asyncio.create_task(world.until(second, Phase.BOOTING))  # waits for the same listing
        await asyncio.sleep(0)
        held.release()

        await asyncio.gather(launching, other)

        assert await kinds_of(world) == {"port": 2, "floating_ip": 2, "server": 2}
        await cloud.close()


@contextmanager
def asleep_before(
    call: str, *, project: Project, database_url: str, world: World, asked: BinderId, offset: Path
) -> Iterator[BaseProcess]:
    """A worker of another process, stopped just before this call."""
    offset.write_text("0")
    bed = Elsewhere(clouds_yaml=project.clouds_yaml, member=project.member)
    process = _SPAWN.Process(
        target=sleeper.work, args=(bed, database_url, world.deployment, asked, call, offset)
    )
    process.start()
    try:
        yield process
    finally:
        if process.is_alive():
            os.kill(process.pid or 0, signal.SIGCONT)
            process.kill()
        process.join()


@pytest.mark.parametrize("call", ["create the port", "create the floating IP", "create the server"])
async def test_given_a_worker_stopped_before_a_call_when_it_wakes_up_after_its_lease_then_it_makes_nothing(
    openstack_project: Project, database_url: str, world: World, tmp_path: Path, call: str
) -> None:
    world.clock.now = datetime.now(UTC)
    asked = await world.ask()
    offset = tmp_path / "offset"
    with asleep_before(
        call, project=openstack_project, database_url=database_url, world=world, asked=asked, offset=offset
    ) as process:
        found = psutil.Process(process.pid)
        while found.status() != psutil.STATUS_STOPPED:
            assert process.is_alive()
            await asyncio.sleep(0.05)
        world.clock.now = datetime.now(UTC)
        world.clock.forward(seconds=_LEASE_AND_MORE_S)
        await world.until(asked, Phase.BOOTING)
        before = {o.id for o in await world.objects()}
        late_s = (world.clock.now - datetime.now(UTC)).total_seconds()
        offset.write_text(str(late_s))

        os.kill(process.pid or 0, signal.SIGCONT)
        await asyncio.to_thread(process.join, 60)

        assert process.exitcode == 0
        assert {o.id for o in await world.objects()} == before
        assert await kinds_of(world) == {"port": 1, "floating_ip": 1, "server": 1}
