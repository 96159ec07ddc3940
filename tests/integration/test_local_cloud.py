"""What the local cloud promises beyond the contract: ports, quotas, deployments, consoles, figures."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from provisioning.cloud_objects import CloudId, Kind
from provisioning.clouds.local import LocalCloud
from provisioning.errors import ConflictError, NotFoundError, RefusedError, TeamError, TemporaryError
from provisioning.model import BinderId
from tests.conftest import Clock
from tests.integration.tiny_instances import (
    MARK,
    cloud_at,
    emptied,
    listed,
    running,
    spec,
)

OTHER = replace(MARK, binder=BinderId("zzzzzzzz99"))
pytestmark = pytest.mark.integration


@pytest.fixture
def place(home: Path) -> Path:
    return home / "cloud"


@pytest.fixture
async def cloud(place: Path, clock: Clock) -> AsyncIterator[LocalCloud]:
    async with emptied(place, clock) as cloud:
        yield cloud


async def test_given_a_server_when_its_console_is_read_then_the_guest_is_heard(
    cloud: LocalCloud, place: Path
) -> None:
    server, _ = await running(cloud, place)

    assert 'binderops: {"v":1,"n":1' in await cloud.console(server.id)


async def test_given_a_long_console_when_read_then_the_newest_100_kb_come(
    cloud: LocalCloud, place: Path
) -> None:
    server, _ = await running(cloud, place)
    with (place / "servers" / server.id / "console.log").open("a") as console:
        console.write("x" * 300_000 + "the end")

    text = await cloud.console(server.id)

    assert (len(text), text[-7:]) == (100 * 1024, "the end")


async def test_given_no_such_server_when_its_console_is_read_then_it_is_not_found(cloud: LocalCloud) -> None:
    with pytest.raises(NotFoundError):
        await cloud.console(CloudId("../../etc"))


async def test_given_all_instances_in_use_when_another_is_wanted_then_the_figures_are_said(
    cloud: LocalCloud,
) -> None:
    marks = [MARK, OTHER, replace(MARK, attempt=2)]
    ports = [await cloud.create_port(mark) for mark in marks]
    for port in ports[:2]:
        await cloud.create_server(spec(port))

    with pytest.raises(TeamError) as refused:
        await cloud.create_server(spec(ports[2]))

    assert refused.value.code == "quota-instances"
    assert "2 of 2" in refused.value.message


async def test_given_a_port_when_its_mark_wants_another_then_it_is_refused(cloud: LocalCloud) -> None:
    port = await cloud.create_port(MARK)

    with pytest.raises(ConflictError):
        await cloud.create_port(MARK)

    assert await listed(cloud, Kind.PORT) == [port]


async def test_given_a_port_when_its_number_is_taken_then_a_program_can_listen_there(
    cloud: LocalCloud,
) -> None:
    port = await cloud.create_port(MARK)
    host, _, tcp = port.address.rpartition(":")

    with socket.create_server((host, int(tcp))) as server:
        assert server.getsockname() == ("127.0.0.1", int(tcp))


async def test_given_many_at_once_when_they_make_ports_then_no_number_is_given_twice(
    place: Path, clock: Clock, cloud: LocalCloud
) -> None:
    marks = [replace(MARK, attempt=n) for n in range(1, 31)]

    ports = await asyncio.gather(*(cloud_at(place, clock).create_port(mark) for mark in marks))

    assert len({p.address for p in ports}) == len(marks)


async def test_given_an_address_when_a_binder_is_reached_then_each_name_is_its_own(cloud: LocalCloud) -> None:
    port = await cloud.create_port(MARK)
    floating_ip = await cloud.create_floating_ip(MARK, port.id)
    tcp = port.address.rpartition(":")[2]

    address = cloud.address(MARK, port, floating_ip)

    assert address.public_url == f"http://b-abcdefgh23.localhost:{tcp}"
    assert address.agent_url == f"http://127.0.0.1:{tcp}"
    assert (address.listen, address.tls) == (f"127.0.0.1:{tcp}", "off")


async def test_given_a_volume_when_a_server_boots_from_it_then_both_are_listed(cloud: LocalCloud) -> None:
    volume = await cloud.create_volume(MARK, "image", 20)

    await cloud.create_server(spec(await cloud.create_port(MARK), volume_id=volume.id))

    assert await listed(cloud, Kind.VOLUME) == [volume]
    assert len(await listed(cloud, Kind.SERVER)) == 1


async def test_given_no_such_volume_when_a_server_is_created_then_none_is(cloud: LocalCloud) -> None:
    port = await cloud.create_port(MARK)

    with pytest.raises(NotFoundError):
        await cloud.create_server(spec(port, volume_id=CloudId("no-volume")))

    assert await listed(cloud, Kind.SERVER) == []


async def test_given_two_deployments_in_one_home_when_listed_then_each_sees_its_own(
    cloud: LocalCloud, place: Path, clock: Clock
) -> None:
    other = cloud_at(place, clock, deployment="other")
    mine = await cloud.create_port(MARK)
    theirs = await other.create_port(replace(OTHER, deployment="other"))

    assert (await cloud.listing()).objects == (mine,)
    assert (await other.listing()).objects == (theirs,)


async def test_given_two_homes_then_they_are_two_clouds_and_another_way_to_one_is_the_same(
    cloud: LocalCloud, place: Path, clock: Clock, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(place)

    assert await cloud_at(link, clock).identity() == await cloud.identity()
    assert await cloud_at(tmp_path / "other", clock).identity() != await cloud.identity()


async def test_given_a_clock_when_listed_then_it_says_when_it_began(cloud: LocalCloud, clock: Clock) -> None:
    assert (await cloud.listing()).began_at == clock()


async def test_given_a_record_that_cannot_be_read_when_listed_then_it_is_refused_not_left_out(
    cloud: LocalCloud, place: Path
) -> None:
    broken = place / "ports" / "broken.json"
    broken.write_text("{")

    with pytest.raises(RefusedError):
        await cloud.listing()

    broken.unlink()


async def test_given_a_machine_that_refuses_when_a_server_is_created_then_it_is_tried_again_later(
    cloud: LocalCloud, place: Path, clock: Clock, tmp_path: Path
) -> None:
    port = await cloud.create_port(MARK)
    without_guest = cloud_at(place, clock, guest=tmp_path / "nothing")

    with pytest.raises(TemporaryError):
        await without_guest.create_server(spec(port))

    assert list((place / "servers").iterdir()) == []


async def test_given_a_running_server_when_its_usage_is_asked_then_disk_and_memory_are_figures(
    cloud: LocalCloud, place: Path
) -> None:
    server, _ = await running(cloud, place)
    (place / "servers" / server.id / "home" / "big").write_bytes(os.urandom(3 * 2**20))

    usage = await cloud.usage(server.id)

    assert usage.disk_mib >= 3
    assert usage.memory_mib >= 3
