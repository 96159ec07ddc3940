"""The proxy between a client and the OpenStack bed: everything passes it, and what it is told to break, breaks."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import openstack
import pytest
from keystoneauth1.exceptions import ConnectFailure, ConnectTimeout

from tests.beds.openstack_bed import OpenStackBed
from tests.fakes.fault_proxy import Call, FaultProxy, How
from tests.fakes.proxied_requests import Routes

pytestmark = pytest.mark.integration

MAKE, LIST = "POST compute /os-keypairs", "GET compute /flavors"
ID = "2a7d9f0e-6a3c-4a57-9b1e-0c5d3f8e7b64"


class Client:
    """openstacksdk's connection, each call in a thread of its own; it notes the address of every request."""

    def __init__(self, clouds_yaml: Path, cloud: str) -> None:
        config = openstack.config.OpenStackConfig(config_files=[str(clouds_yaml)], load_envvars=False)
        self.connection = openstack.connection.Connection(config=config.get_one(cloud=cloud))
        self.addresses: list[str] = []
        self.connection.session.session.hooks["response"].append(
            lambda answer, **_: self.addresses.append(answer.url)
        )

    async def does(self, work: Callable[[Any], Any]) -> Any:
        return await asyncio.to_thread(work, self.connection)

    async def asks(self, method: str, path: str, **more: Any) -> Any:
        """One request to Nova, whatever the answer's status is."""
        return await self.does(lambda c: c.compute.request(path, method, raise_exc=False, **more))


class Pair:
    """A key pair, the cheapest thing that a project can have: made through the proxy, looked for past it."""

    def __init__(self, client: Client, past: Any) -> None:
        self.name = f"proxied-{uuid4().hex[:8]}"
        self._client, self._past = client, past

    async def make(self, **more: Any) -> Any:
        return await self._client.asks("POST", "/os-keypairs", json={"keypair": {"name": self.name}}, **more)

    async def exists(self) -> bool:
        return await asyncio.to_thread(self._past.compute.find_keypair, self.name) is not None


@pytest.fixture
def past(openstack_bed: OpenStackBed) -> Iterator[Any]:
    """A connection that the proxy knows nothing of."""
    connection = Client(openstack_bed.clouds_yaml, openstack_bed.member).connection
    yield connection
    connection.close()


@pytest.fixture
async def proxy(openstack_bed: OpenStackBed, tmp_path: Path) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(openstack_bed.clouds_yaml, openstack_bed.member, folder=tmp_path) as proxy:
        yield proxy


@pytest.fixture
async def client(proxy: FaultProxy) -> AsyncIterator[Client]:
    """Signed in through the proxy."""
    client = Client(proxy.clouds_yaml, proxy.member)
    await client.does(lambda c: c.compute.get_endpoint())
    yield client
    client.connection.close()


@pytest.fixture
async def pair(client: Client, past: Any) -> AsyncIterator[Pair]:
    pair = Pair(client, past)
    yield pair
    await asyncio.to_thread(past.compute.delete_keypair, pair.name)


async def test_given_a_client_when_it_asks_every_service_then_no_request_passes_the_proxy_by(
    proxy: FaultProxy, client: Client
) -> None:
    await client.does(lambda c: [list(c.compute.flavors(limit=2)), list(c.network.networks(limit=1))])
    await client.does(lambda c: [list(c.image.images(limit=1)), list(c.block_storage.volumes())])
    await client.does(lambda c: [c.placement.get("/"), c.identity.get("/v3/auth/catalog")])

    assert [address for address in client.addresses if not address.startswith(proxy.url)] == []
    assert len(client.addresses) == len(proxy.calls)
    assert {call.label.split()[1] for call in proxy.calls} == {
        "identity", "compute", "network", "image", "volume", "placement"
    }  # fmt: skip


async def test_given_a_listing_of_several_pages_when_a_client_follows_its_links_then_each_page_is_a_call(
    proxy: FaultProxy, client: Client
) -> None:
    flavors = await client.does(lambda c: list(c.compute.flavors(details=False, limit=2, paginated=True)))

    pages = [call for call in proxy.calls if call.label == LIST]
    assert len(pages) >= len(flavors) / 2 > 1


async def test_given_no_fault_when_something_is_made_then_the_call_says_so(
    proxy: FaultProxy, client: Client, pair: Pair
) -> None:
    answer = await pair.make()

    assert answer.json()["keypair"]["name"] == pair.name
    assert proxy.calls[-1] == Call(label=MAKE, status=200, was_forwarded=True)


@pytest.mark.parametrize("status", [403, 404, 409, 413, 429, 500, 502, 503])
async def test_given_a_refusal_then_the_client_reads_it_and_the_service_knows_nothing(
    proxy: FaultProxy, pair: Pair, status: int
) -> None:
    proxy.fail(MAKE, status, text="the words of a test")

    answer = await pair.make()

    assert (answer.status_code, "the words of a test" in answer.text) == (status, True)
    assert proxy.calls[-1] == Call(label=MAKE, status=status, was_forwarded=False)
    assert not await pair.exists()


@pytest.mark.parametrize(
    ("how", "status", "is_made"),
    [
        pytest.param(How.WORKED_BUT_500, 500, True, id="worked but 500"),
        pytest.param(How.WORKED_BUT_GARBAGE, 200, True, id="worked but garbage"),
        pytest.param(How.GARBAGE, 200, False, id="garbage"),
    ],
)
async def test_given_an_answer_that_lies_then_it_is_no_json_of_the_service_and_the_work_is_done_or_not(
    proxy: FaultProxy, pair: Pair, how: How, status: int, is_made: bool
) -> None:
    proxy.fail(MAKE, how)

    answer = await pair.make()

    assert (answer.status_code, pair.name in answer.text) == (status, False)
    assert await pair.exists() is is_made


@pytest.mark.parametrize(
    ("how", "is_made"),
    [pytest.param(How.NO_ANSWER, True, id="no answer"), pytest.param(How.CUT, False, id="cut")],
)
async def test_given_a_connection_that_ends_without_an_answer_then_the_work_is_done_or_not(
    proxy: FaultProxy, pair: Pair, how: How, is_made: bool
) -> None:
    proxy.fail(MAKE, how)

    with pytest.raises(ConnectFailure):
        await pair.make()

    assert proxy.calls[-1] == Call(label=MAKE, status=None, was_forwarded=is_made)
    assert await pair.exists() is is_made


async def test_given_a_slow_answer_when_the_client_gives_up_then_the_work_is_done(
    proxy: FaultProxy, pair: Pair
) -> None:
    proxy.fail(MAKE, How.SLOW, seconds=600)
    held = proxy.hold(MAKE, after=True)
    making = asyncio.create_task(pair.make(timeout=1))
    await held.reached
    held.release()

    with pytest.raises(ConnectTimeout):
        await making

    assert await pair.exists()


async def test_given_skip_and_times_then_so_many_pass_and_so_many_fail(
    proxy: FaultProxy, client: Client
) -> None:
    proxy.fail(LIST, 503, skip=1, times=2)

    answers = [await client.asks("GET", "/flavors") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 503, 503, 200, 200]


async def test_given_two_faults_of_one_label_then_they_act_one_after_the_other(
    proxy: FaultProxy, client: Client
) -> None:
    proxy.fail(LIST, 500)
    proxy.fail(LIST, 409, times=None)

    answers = [await client.asks("GET", "/flavors") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [500, 409, 409]


async def test_given_a_fault_for_ever_when_it_is_healed_then_requests_pass(
    proxy: FaultProxy, client: Client
) -> None:
    proxy.fail(LIST, 500, times=None)
    proxy.heal()

    assert (await client.asks("GET", "/flavors")).status_code == 200


async def test_given_a_fault_when_another_kind_of_request_comes_then_it_passes(
    proxy: FaultProxy, client: Client
) -> None:
    proxy.fail(MAKE, 500, times=None)

    assert (await client.asks("GET", "/flavors")).status_code == 200


@pytest.mark.parametrize("after", [pytest.param(False, id="before"), pytest.param(True, id="after")])
async def test_given_a_held_request_when_it_waits_then_the_service_has_seen_it_only_if_it_is_held_after(
    proxy: FaultProxy, pair: Pair, after: bool
) -> None:
    held = proxy.hold(MAKE, after=after)
    making = asyncio.create_task(pair.make())
    await held.reached

    existed = await pair.exists()
    held.release()

    assert (await making).status_code == 200
    assert existed is after


async def test_given_a_held_request_when_another_of_its_kind_comes_then_that_one_passes(
    proxy: FaultProxy, client: Client
) -> None:
    held = proxy.hold(LIST)
    first = asyncio.create_task(client.asks("GET", "/flavors"))
    await held.reached

    assert (await client.asks("GET", "/flavors")).status_code == 200

    held.release()
    await first


@pytest.mark.parametrize(
    ("method", "path", "body", "label"),
    [
        pytest.param("POST", "/compute/v2.1/servers", b"{}", "POST compute /servers", id="create"),
        pytest.param("GET", "/compute/v2.1/servers/detail", b"", "GET compute /servers/detail", id="list"),
        pytest.param("DELETE", f"/network/v2.0/ports/{ID}", b"", "DELETE network /ports/{id}", id="id"),
        pytest.param(
            "PUT", f"/network/v2.0/floatingips/{ID}", b"{}", "PUT network /floatingips/{id}", id="put"
        ),
        pytest.param(
            "GET",
            f"/network/v2.0/quotas/{ID.replace('-', '')}/details",
            b"",
            "GET network /quotas/{id}/details",
            id="id without dashes",
        ),
        pytest.param(
            "GET",
            f"/volume/v3/{ID.replace('-', '')}/volumes/{ID}",
            b"",
            "GET volume /volumes/{id}",
            id="project",
        ),
        pytest.param(
            "POST",
            f"/compute/v2.1/servers/{ID}/action",
            b'{"os-getConsoleOutput": {}}',
            "POST compute /servers/{id}/action:os-getConsoleOutput",
            id="action",
        ),
        pytest.param("GET", "/compute/v2.1/", b"", "GET compute /", id="versions"),
        pytest.param("POST", "/identity/v3/auth/tokens", b"{}", "POST identity /auth/tokens", id="sign-in"),
    ],
)
def test_given_a_request_then_its_label_names_method_service_and_path_without_ids(
    method: str, path: str, body: bytes, label: str
) -> None:
    assert Routes(url="", endpoints={}).label(method, path, body) == label
