"""What every cloud does the same way. A driver joins by one more entry in `CLOUDS`."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from provisioning.cloud_objects import (
    DELETION_ORDER,
    CloudId,
    CloudObject,
    Kind,
    ListedVolume,
    Mark,
    Status,
)
from provisioning.clouds import Cloud, ServerSpec
from provisioning.clouds.local import LocalCloud
from provisioning.errors import BinderopsError, ConflictError, NotFoundError
from provisioning.model import BinderId, VolumeId, WorkVolume
from provisioning.work_volumes import is_let_go
from tests.integration.openstack.worlds import cloud_on

pytestmark = pytest.mark.integration

TINY_GUEST = Path(__file__).parents[1] / "fakes" / "tiny_guest"
MARK = Mark(deployment="contract", binder=BinderId("abcdefgh23"), attempt=1)
DATA = WorkVolume(id=VolumeId("vvvvvvvvvv"), name="data", size_gib=1)
LISTINGS = 600  # looks, before what does not happen counts as not happening


@asynccontextmanager
async def local(request: pytest.FixtureRequest) -> AsyncIterator[Cloud]:
    home: Path = request.getfixturevalue("home")
    cloud = LocalCloud(
        home / "cloud",
        deployment="contract",
        guest=TINY_GUEST,
        caddy=Path("/bin/false"),
        uv=Path("/bin/false"),
    )
    await cloud.open()
    yield cloud


@asynccontextmanager
async def openstack(request: pytest.FixtureRequest) -> AsyncIterator[Cloud]:
    cloud = cloud_on(request.getfixturevalue("openstack_project"), deployment=MARK.deployment)
    await delete_all(cloud)  # what an earlier run left that was cut off
    yield cloud


Factory = Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Cloud]]
CLOUDS: dict[str, Factory] = {"local": local, "openstack": openstack}


@pytest.fixture(params=["local", pytest.param("openstack", marks=pytest.mark.openstack_bed)])
async def cloud(request: pytest.FixtureRequest) -> AsyncIterator[Cloud]:
    """An empty cloud, emptied again afterwards."""
    async with CLOUDS[request.param](request) as cloud:
        yield cloud
        await delete_all(cloud)
        await cloud.close()


async def server_of(
    cloud: Cloud, port: CloudObject, *, flavor: str = "", work_id: CloudId | None = None
) -> CloudObject:
    return await cloud.create_server(
        ServerSpec(
            mark=port.mark,
            flavor=flavor or (await cloud.flavors())[0].name,
            image="",
            port_id=port.id,
            volume_id=None,
            work_id=work_id,
            metadata={
                "binderops_id": port.mark.binder,
                "binderops_attempt": str(port.mark.attempt),
                "binderops_deployment": port.mark.deployment,
            },
            launch={"v": 1},
        )
    )


async def make_all(cloud: Cloud) -> tuple[CloudObject, CloudObject, CloudObject]:
    port = await cloud.create_port(MARK)
    floating_ip = await cloud.create_floating_ip(MARK, port.id)
    return port, floating_ip, await server_of(cloud, port)


async def built(cloud: Cloud) -> CloudObject:
    """The only server, once it is no longer being built."""
    (server,) = await listed(cloud, Kind.SERVER)
    for _ in range(LISTINGS):
        if server.status is not Status.BUILDING:
            break
        (server,) = await listed(cloud, Kind.SERVER)
    return server


async def listed(cloud: Cloud, kind: Kind) -> list[CloudObject]:
    return [o for o in (await cloud.listing()).objects if o.kind is kind]


async def delete_all(cloud: Cloud) -> None:
    for kind in DELETION_ORDER:
        for there in await listed(cloud, kind):
            await cloud.delete(kind, there.id)
        for _ in range(LISTINGS):
            if not await listed(cloud, kind):
                break
    for _ in range(LISTINGS):
        if not (work := (await cloud.listing()).work):
            break
        for one in work:
            if one.status is not Status.DELETING and is_let_go(one.held(MARK)):
                await cloud.delete(Kind.WORK_VOLUME, one.id)


async def free(cloud: Cloud) -> ListedVolume:
    """The only work volume, once it can be used."""
    for _ in range(LISTINGS):
        (work,) = (await cloud.listing()).work
        if is_let_go(work.held(MARK)):
            break
    return work


async def test_given_a_cloud_when_asked_for_flavors_then_the_smallest_comes_first(cloud: Cloud) -> None:
    flavors = await cloud.flavors()

    assert flavors
    assert sorted(flavors, key=lambda f: (f.vcpus, f.ram_mib)) == list(flavors)


async def test_given_a_cloud_when_something_was_made_there_then_it_still_is_the_same_cloud(
    cloud: Cloud,
) -> None:
    before = await cloud.identity()
    await cloud.create_port(MARK)

    assert before
    assert await cloud.identity() == before


async def test_given_an_empty_cloud_when_listed_then_nothing_is_there(cloud: Cloud) -> None:
    assert (await cloud.listing()).objects == ()


async def test_given_objects_made_in_order_when_listed_then_each_carries_its_mark(cloud: Cloud) -> None:
    made = await make_all(cloud)

    listing = await cloud.listing()

    assert {(o.kind, o.id, o.mark) for o in listing.of(MARK.binder)} == {(o.kind, o.id, MARK) for o in made}


async def test_given_a_floating_ip_when_listed_then_it_names_its_port_and_an_address(cloud: Cloud) -> None:
    port = await cloud.create_port(MARK)
    await cloud.create_floating_ip(MARK, port.id)

    (floating_ip,) = await listed(cloud, Kind.FLOATING_IP)

    assert floating_ip.port_id == port.id
    assert floating_ip.address


async def test_given_a_server_when_listed_then_it_becomes_active_on_its_port(cloud: Cloud) -> None:
    port, _, made = await make_all(cloud)

    server = await built(cloud)

    assert (server.id, server.status, server.port_id) == (made.id, Status.ACTIVE, port.id)


async def test_given_a_server_when_asked_for_by_its_id_then_it_is_there_until_it_is_deleted(
    cloud: Cloud,
) -> None:
    _, _, made = await make_all(cloud)

    there = await cloud.server(MARK, made.id)
    await delete_all(cloud)

    assert (there.id if there else "", await cloud.server(MARK, made.id)) == (made.id, None)


async def test_given_port_and_floating_ip_when_asked_then_the_address_is_known_before_the_server(
    cloud: Cloud,
) -> None:
    port = await cloud.create_port(MARK)
    floating_ip = await cloud.create_floating_ip(MARK, port.id)

    address = cloud.address(MARK, port, floating_ip)

    assert address.public_url.startswith("http")
    assert not address.public_url.endswith("/")
    assert address.listen.rpartition(":")[2].isdigit()


async def test_given_two_ports_when_their_addresses_are_compared_then_they_differ(cloud: Cloud) -> None:
    marks = [MARK, Mark(deployment="contract", binder=BinderId("zzzzzzzz99"), attempt=1)]
    ports = [await cloud.create_port(mark) for mark in marks]
    floating_ips = [await cloud.create_floating_ip(p.mark, p.id) for p in ports]

    addresses = [cloud.address(p.mark, p, f) for p, f in zip(ports, floating_ips, strict=True)]

    assert addresses[0].agent_url != addresses[1].agent_url
    assert addresses[0].public_url != addresses[1].public_url


async def test_given_a_server_on_a_port_when_a_second_one_wants_it_then_it_is_refused(cloud: Cloud) -> None:
    port, _, server = await make_all(cloud)
    await built(cloud)

    with pytest.raises(ConflictError):
        await server_of(cloud, port)

    assert [s.id for s in await listed(cloud, Kind.SERVER)] == [server.id]


async def test_given_no_such_flavor_when_a_server_is_created_then_it_is_not_found(cloud: Cloud) -> None:
    port = await cloud.create_port(MARK)

    with pytest.raises(NotFoundError):
        await server_of(cloud, port, flavor="no-such-flavor")

    assert await listed(cloud, Kind.SERVER) == []


async def test_given_no_such_port_when_a_floating_ip_is_created_then_it_is_not_found(cloud: Cloud) -> None:
    with pytest.raises(NotFoundError):
        await cloud.create_floating_ip(MARK, CloudId("11111111-1111-1111-1111-111111111111"))

    assert await listed(cloud, Kind.FLOATING_IP) == []


async def test_given_a_whole_attempt_when_deleted_in_order_then_the_listing_is_empty(cloud: Cloud) -> None:
    await make_all(cloud)

    await delete_all(cloud)

    assert (await cloud.listing()).objects == ()


async def test_given_deleted_objects_when_deleted_again_then_that_is_no_error(cloud: Cloud) -> None:
    made = await make_all(cloud)
    await delete_all(cloud)

    for there in made:
        await cloud.delete(there.kind, there.id)

    assert (await cloud.listing()).objects == ()


async def test_given_a_deleted_attempt_when_made_again_then_everything_is_there_again(cloud: Cloud) -> None:
    await make_all(cloud)
    await delete_all(cloud)

    await make_all(cloud)

    assert {o.kind for o in (await cloud.listing()).objects} == {Kind.PORT, Kind.FLOATING_IP, Kind.SERVER}


async def test_given_a_new_server_when_its_console_is_read_then_it_is_text(cloud: Cloud) -> None:
    _, _, server = await make_all(cloud)

    text = await cloud.console(server.id)

    assert len(text.encode()) <= 128 * 1024


async def test_given_a_work_volume_when_listed_then_it_has_its_own_mark_and_no_binders(cloud: Cloud) -> None:
    made = await cloud.create_work_volume(DATA, "U1")

    work = await free(cloud)

    assert await cloud.has_volumes()
    assert (work.id, work.volume, work.status, work.server_id) == (made.id, DATA.id, Status.ACTIVE, "")
    assert (await cloud.listing()).objects == ()


async def test_given_a_server_made_with_a_work_volume_then_it_has_it_until_it_goes_and_nobody_else(
    cloud: Cloud,
) -> None:
    work = await cloud.create_work_volume(DATA, "U1")
    await free(cloud)
    port = await cloud.create_port(MARK)
    server = await server_of(cloud, port, work_id=work.id)
    await built(cloud)
    (held,) = (await cloud.listing()).work
    with pytest.raises(ConflictError):
        await cloud.delete(Kind.WORK_VOLUME, work.id)

    await cloud.delete(Kind.SERVER, server.id)

    assert held.server_id == server.id
    left = await free(cloud)
    assert (left.id, left.server_id) == (work.id, "")


async def test_given_a_work_volume_that_a_server_has_when_another_wants_it_then_it_does_not_get_it(
    cloud: Cloud,
) -> None:
    work = await cloud.create_work_volume(DATA, "U1")
    await free(cloud)
    await server_of(cloud, await cloud.create_port(MARK), work_id=work.id)
    await built(cloud)
    other = await cloud.create_port(Mark(deployment="contract", binder=BinderId("zzzzzzzz99"), attempt=1))

    with pytest.raises(BinderopsError):
        await server_of(cloud, other, work_id=work.id)

    assert len(await listed(cloud, Kind.SERVER)) == 1


async def test_given_a_deleted_work_volume_when_deleted_again_then_that_is_no_error(cloud: Cloud) -> None:
    work = await cloud.create_work_volume(DATA, "U1")
    await free(cloud)
    await delete_all(cloud)

    await cloud.delete(Kind.WORK_VOLUME, work.id)

    assert (await cloud.listing()).work == ()
