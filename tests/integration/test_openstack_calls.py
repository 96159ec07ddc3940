"""How the driver asks: bounded, paced, once, and without one silent service holding up the others. Against a small stand-in."""

import asyncio
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioning.cloud_objects import CloudId, Mark, Status
from provisioning.clouds import ServerSpec
from provisioning.clouds.openstack import OpenStackCloud, OpenStackSettings
from provisioning.clouds.openstack_calls import Lane, Pace, Purpose
from provisioning.errors import BinderopsError, CapacityError, RefusedError, TemporaryError
from provisioning.model import BinderId
from tests.conftest import Clock
from tests.fakes.small_cloud import SmallCloud

pytestmark = [pytest.mark.integration, pytest.mark.timeout(60)]

PATIENCE_S = 30  # for what must come; a driver that never ends is cut off here
MARK = Mark(deployment="d", binder=BinderId("abc"), attempt=1)
PORT = "POST /network/v2.0/ports"
SERVER = "POST /compute/v2.1/servers"
VOLUME = "POST /volume/v3/volumes"
IMAGES = "GET /image/v2/images"
GROUPS = "/network/v2.0/security-groups"
RULES = "POST /network/v2.0/security-group-rules"
CONSOLE = "POST /compute/v2.1/servers/s/action"
OLDER = {"id": "z-older", "name": "binderops-d", "created_at": "2026-01-01T00:00:00Z"}
NEWER = {"id": "a-newer", "name": "binderops-d", "created_at": "2026-01-01T00:00:01Z"}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[SmallCloud]:
    """All that a launch needs is there."""
    with SmallCloud(tmp_path) as cloud:
        furnish(cloud)
        yield cloud


def furnish(cloud: SmallCloud) -> None:
    cloud.say(
        "GET /compute/v2.1/flavors/detail",
        (200, {"flavors": [{"id": "f", "name": "m3.small", "vcpus": 1, "ram": 1, "disk": 1}]}),
    )
    cloud.say("GET /compute/v2.1/servers/detail", (200, {"servers": []}))
    cloud.say("GET /network/v2.0/networks", (200, {"networks": [{"id": "n", "name": "lab"}]}))
    cloud.say("GET /network/v2.0/floatingips", (200, {"floatingips": []}))
    cloud.say("GET /network/v2.0/ports", (200, {"ports": []}))
    cloud.say("GET /volume/v3/volumes/detail", (200, {"volumes": []}))
    cloud.say(IMAGES, (200, {"images": [{"id": "i", "name": "Ubuntu"}]}))
    cloud.say(f"GET {GROUPS}", (200, {"security_groups": [OLDER]}))
    cloud.say(RULES, (201, {"security_group_rule": {"id": "r"}}))
    cloud.say(PORT, (201, {"port": {"id": "p", "fixed_ips": [{"ip_address": "10.0.0.1"}]}}))
    cloud.say(VOLUME, (202, {"volume": {"id": "v", "status": "creating"}}))
    cloud.say(SERVER, (202, {"server": {"id": "s"}}))
    cloud.say(CONSOLE, (200, {"output": "hello"}))


def driver(clouds_yaml: Path, clock: Clock, **more: Any) -> OpenStackCloud:
    settings = OpenStackSettings(
        cloud="small", network="lab", image="Ubuntu", environment={"OS_CLIENT_CONFIG_FILE": str(clouds_yaml)},
        **{"requests_per_s": 1000.0, "answer_within_s": 20.0} | more,
    )  # fmt: skip
    return OpenStackCloud(settings, deployment="d", now=clock)


def server(launch: Mapping[str, Any] | None = None) -> ServerSpec:
    return ServerSpec(
        mark=MARK, flavor="m3.small", image="Ubuntu", port_id=CloudId("p"), volume_id=None, metadata={},
        launch={"a": 1} if launch is None else launch,
    )  # fmt: skip


async def until(small: SmallCloud, asked: str, times: int = 1) -> None:
    """The stand-in was asked so often."""
    async with asyncio.timeout(PATIENCE_S):
        while small.count(asked) < times:  # noqa: ASYNC110  the stand-in is in another thread
            await asyncio.sleep(0.01)


async def test_given_a_cloud_that_takes_connections_and_never_answers_when_asked_then_signing_in_ends(
    tmp_path: Path, clock: Clock
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        auth = {
            "auth_url": f"http://127.0.0.1:{mute.getsockname()[1]}/v3",
            "username": "u",
            "password": "p",
            "project_name": "p",
        }
        (tmp_path / "clouds.yaml").write_text(yaml.safe_dump({"clouds": {"small": {"auth": auth}}}))
        cloud = driver(tmp_path / "clouds.yaml", clock, answer_within_s=0.2)

        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(TemporaryError) as caught:
                await cloud.flavors()

        assert caught.value.is_unanswered is False
        await cloud.close()


async def test_given_a_silent_compute_service_with_a_hundred_servers_asked_for_then_ports_listings_and_volumes_go_on(
    small: SmallCloud, clock: Clock
) -> None:
    cloud = driver(small.clouds_yaml, clock)
    small.be_silent(SERVER)
    stuck = [asyncio.create_task(cloud.create_server(server())) for _ in range(100)]
    await until(small, SERVER, 8)

    async with asyncio.timeout(PATIENCE_S):
        port = await cloud.create_port(MARK)
        await cloud.create_volume(MARK, "", 10)
        listing = await cloud.listing()
        console = await cloud.console(CloudId("s"))

    assert (port.id, listing.objects, console) == ("p", (), "hello")
    for task in stuck:
        task.cancel()
    small.speak()
    await asyncio.gather(*stuck, return_exceptions=True)
    await cloud.close()


async def test_given_silent_consoles_then_servers_are_listed_and_made(
    small: SmallCloud, clock: Clock
) -> None:
    cloud = driver(small.clouds_yaml, clock)
    small.be_silent(CONSOLE)
    stuck = [asyncio.create_task(cloud.console(CloudId("s"))) for _ in range(20)]
    await until(small, CONSOLE)

    async with asyncio.timeout(PATIENCE_S):
        await cloud.listing()
        made = await cloud.create_server(server())

    assert made.id == "s"
    small.speak()
    await asyncio.gather(*stuck)
    await cloud.close()


async def test_given_listings_and_consoles_that_wait_for_their_turn_then_they_hold_no_thread(
    small: SmallCloud, clock: Clock
) -> None:
    cloud = driver(small.clouds_yaml, clock, requests_per_s=0.001)
    await cloud.wire.listed("compute", "/servers/detail", "servers")  # the one turn of these minutes

    waiting = [asyncio.create_task(cloud.console(CloudId("s"))) for _ in range(10)]
    waiting += [asyncio.create_task(cloud.wire.listed("network", "/ports", "ports")) for _ in range(10)]
    for _ in range(200):
        await asyncio.sleep(0)

    held = [
        t.name
        for t in threading.enumerate()
        if t.name.startswith(("cloud-network-read", "cloud-compute-console"))
    ]
    assert (held, small.count(CONSOLE)) == ([], 0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await cloud.close()


async def test_given_a_silent_image_service_with_twenty_launches_then_one_waits_for_it_and_all_are_told(
    small: SmallCloud, clock: Clock
) -> None:
    cloud = driver(small.clouds_yaml, clock, answer_within_s=0.5)
    small.be_silent(IMAGES)

    async with asyncio.timeout(PATIENCE_S):
        ended = await asyncio.gather(
            *(cloud.create_volume(MARK, "", 10) for _ in range(20)), return_exceptions=True
        )

    told = {(getattr(error, "code", error), getattr(error, "is_unanswered", None)) for error in ended}
    assert (told, small.count(IMAGES)) == ({("cloud-silent", False)}, 1)
    small.speak()
    clock.forward(seconds=11)
    assert (await cloud.create_volume(MARK, "", 10)).id == "v"
    await cloud.close()


RETRYING = {"connect_retries": 3, "status_code_retries": 3}
CACHING = {
    "class": "dogpile.cache.memory",
    "expiration_time": 3600,
    "expiration": {"compute.servers.detail": 3600},
}


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="the connection is cut"),
        pytest.param((503, {}), id="service unavailable"),
    ],
)
async def test_given_a_clouds_yaml_that_retries_when_a_creation_goes_wrong_then_it_was_sent_once(
    tmp_path: Path, clock: Clock, answer: tuple[int, Any] | None
) -> None:
    prefixed = {f"compute_{name}": value for name, value in RETRYING.items()}
    with SmallCloud(tmp_path, more=RETRYING | prefixed) as small:
        furnish(small)
        small.say(SERVER, answer)
        cloud = driver(small.clouds_yaml, clock)

        with pytest.raises(TemporaryError) as caught:
            await cloud.create_server(server())

        assert (small.count(SERVER), caught.value.is_unanswered) == (1, True)
        await cloud.close()


async def test_given_a_clouds_yaml_that_caches_when_listed_twice_then_the_cloud_is_asked_twice(
    tmp_path: Path, clock: Clock
) -> None:
    with SmallCloud(tmp_path, cache=CACHING) as small:
        furnish(small)
        cloud = driver(small.clouds_yaml, clock)

        await cloud.listing()
        await cloud.listing()

        assert small.count("GET /compute/v2.1/servers/detail") == 2
        await cloud.close()


async def test_given_a_caller_that_gave_up_before_its_request_left_when_the_service_speaks_again_then_nothing_is_sent(
    small: SmallCloud, clock: Clock
) -> None:
    told = yaml.safe_load(small.clouds_yaml.read_text())
    told["clouds"]["small"]["block_storage_endpoint_override"] = f"{small.url}/volume/v3"
    small.clouds_yaml.write_text(yaml.safe_dump(told))
    cloud = driver(small.clouds_yaml, clock)
    small.be_silent("GET /volume/v3")  # its versions, asked for before the first request
    late = asyncio.create_task(
        cloud.wire.posted("volume", "/volumes", {}, "volume", asked="create the volume")
    )
    await until(small, "GET /volume/v3")

    late.cancel()
    await asyncio.gather(late, return_exceptions=True)
    held = [t for t in threading.enumerate() if t.name.startswith("cloud-volume-make")]
    small.speak()
    await cloud.close()
    for thread in held:  # it ends with the request, if there is one
        await asyncio.to_thread(thread.join, PATIENCE_S)

    assert small.count(VOLUME) == 0


async def test_given_orders_when_a_server_is_made_then_they_are_packed_aside(
    small: SmallCloud, clock: Clock
) -> None:
    packed_by = []

    class Orders(dict[str, Any]):
        def items(self) -> Any:
            packed_by.append(threading.current_thread())
            return super().items()

    cloud = driver(small.clouds_yaml, clock)

    await cloud.create_server(server(Orders(a=1)))

    assert packed_by
    assert threading.main_thread() not in packed_by
    await cloud.close()


async def test_given_two_bots_that_make_the_security_group_at_once_then_both_take_the_first_and_none_is_deleted(
    small: SmallCloud, clock: Clock
) -> None:
    small.say(f"GET {GROUPS}", (200, {"security_groups": []}), (200, {"security_groups": [NEWER, OLDER]}))
    small.say(f"POST {GROUPS}", (201, {"security_group": NEWER}))
    small.say(
        RULES,
        (
            409,
            {
                "NeutronError": {
                    "type": "SecurityGroupRuleExists",
                    "message": "Security group rule already exists. Rule id is r.",
                }
            },
        ),
    )
    cloud = driver(small.clouds_yaml, clock)

    await cloud.create_port(MARK)

    assert small.sent[-1]["port"]["security_groups"] == ["z-older"]
    assert small.count("DELETE") == 0
    await cloud.close()


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        pytest.param((200, {"server": {"id": "s", "status": "SHUTOFF"}}), Status.STOPPED, id="there"),
        pytest.param((404, {"itemNotFound": {"code": 404, "message": "Instance s could not be found."}}), None, id="not there"),
    ],
)  # fmt: skip
async def test_given_a_server_asked_for_by_its_id_then_it_is_told_whether_it_is_there(
    small: SmallCloud, clock: Clock, answer: tuple[int, Any], status: Status | None
) -> None:
    small.say("GET /compute/v2.1/servers/s", answer)
    cloud = driver(small.clouds_yaml, clock)

    found = await cloud.server(MARK, CloudId("s"))

    assert (found.status if found else None) is status
    await cloud.close()


@pytest.mark.parametrize(
    ("status", "said", "code", "kind"),
    [
        pytest.param(401, "The request you have made requires authentication.", "cloud-sign-in", RefusedError, id="wrong secret"),
        pytest.param(404, "Could not find Application Credential: a.", "cloud-sign-in", RefusedError, id="credential gone"),
        pytest.param(404, "The resource could not be found.", "cloud-config", RefusedError, id="no identity service there"),
        pytest.param(429, "slower", "cloud-busy", TemporaryError, id="too many requests"),
        pytest.param(503, "soon", "cloud-error", TemporaryError, id="broken"),
    ],
)  # fmt: skip
async def test_given_a_sign_in_that_fails_when_something_is_made_then_it_is_told_what_and_that_nothing_was_made(
    small: SmallCloud, clock: Clock, status: int, said: str, code: str, kind: type[BinderopsError]
) -> None:
    small.say(
        "POST /identity/v3/auth/tokens", (status, {"error": {"code": status, "message": said, "title": "-"}})
    )
    cloud = driver(small.clouds_yaml, clock)

    with pytest.raises(kind) as caught:
        await cloud.create_port(MARK)

    assert (caught.value.code, getattr(caught.value, "is_unanswered", False)) == (code, False)
    await cloud.close()


async def test_given_a_region_that_the_catalog_lacks_then_clouds_yaml_is_named(
    tmp_path: Path, clock: Clock
) -> None:
    with SmallCloud(tmp_path, more={"region_name": "elsewhere"}) as small:
        cloud = driver(small.clouds_yaml, clock)

        with pytest.raises(RefusedError) as caught:
            await cloud.flavors()

        assert (caught.value.code, "clouds.yaml" in caught.value.hint) == ("cloud-config", True)
        await cloud.close()


async def test_given_an_external_network_without_addresses_then_it_is_no_refusal_for_good(
    small: SmallCloud, clock: Clock
) -> None:
    told = {
        "type": "ExternalIpAddressExhausted",
        "message": "Unable to find any IP address on external network n.",
    }
    small.say("POST /network/v2.0/floatingips", (400, {"NeutronError": told}))
    cloud = driver(small.clouds_yaml, clock)

    with pytest.raises(CapacityError, match="no-addresses"):
        await cloud.create_floating_ip(MARK, CloudId("p"))
    await cloud.close()


async def test_given_many_consoles_that_wait_when_a_listing_comes_then_its_turn_is_the_second() -> None:
    now, turns = [0.0], []
    console, listing = Lane("compute", Purpose.CONSOLE), Lane("network", Purpose.READ)

    async def pause(seconds: float) -> None:
        now[0] += seconds
        await asyncio.sleep(0)

    pace = Pace(2, seconds=lambda: now[0], pause=pause)

    async def turn(lane: Lane) -> None:
        await pace.turn(lane)
        turns.append((lane.purpose, now[0]))

    await asyncio.gather(*(turn(console) for _ in range(50)), turn(listing))

    assert [at for _, at in turns] == [n / 2 for n in range(51)]
    assert [purpose for purpose, _ in turns].index(Purpose.READ) <= 2
