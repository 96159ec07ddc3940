"""The real agent and Caddy behind a stand-in for Jetstream2's application proxy: the way in, and who is kept out."""

import json
import random
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from provisioning.cloud_objects import CloudId, CloudObject, Kind, Mark, Status
from provisioning.clouds.openstack import OpenStackCloud, OpenStackSettings
from provisioning.guest import gate
from provisioning.guest_link import GuestLink
from provisioning.model import BinderId
from tests.beds.left_out import missing
from tests.fakes.app_proxy import PROXY_HOST, AppProxy, Upstream, upstream_of
from tests.fakes.guest_bench import Browser, GuestBench, a_repository, echo_server, git_daemon, until
from tests.fakes.signing import always

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

# A neighbour's name: another instance behind the same proxy, which whoever runs it controls.
SIBLING = f"https://http-192-0-2-99-80.{PROXY_HOST}"


def a_floating_ip() -> str:
    """An address of loopback's that can be had as an instance has its own: with the ports that the cloud opens."""
    ip = ".".join(["127", *(str(random.randint(1, 250)) for _ in range(3))])
    try:
        for port in (80, 443):
            with socket.socket() as probe:
                probe.bind((ip, port))
    except OSError as error:
        missing("ports 80 and 443 of loopback", f"run as root ({error.strerror})")
    return ip


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuestBench]:
    """A guest as OpenStack's driver addresses one behind the proxy."""
    ip, base = a_floating_ip(), tmp_path_factory.mktemp("proxied")
    cloud = OpenStackCloud(OpenStackSettings(tls="proxy", proxy_host=PROXY_HOST), deployment="test")
    mark = Mark(deployment="test", binder=BinderId("aaaabbbbcc"), attempt=1)
    port, floating = (
        CloudObject(kind=kind, id=CloudId("1"), mark=mark, status=Status.ACTIVE, address=ip)
        for kind in (Kind.PORT, Kind.FLOATING_IP)
    )
    address = cloud.address(mark, port, floating)
    commit = a_repository(base / "git" / "sample", {"a.txt": "a"})
    with git_daemon(base / "git") as url:
        # Loopback has other guests; an instance listens at all of its addresses.
        here = replace(address, listen=address.listen.replace("0.0.0.0", ip))
        bench = GuestBench(base / "state", f"{url}sample", commit, tls="proxy", address=here)
        bench.start()
        yield bench
        bench.stop()


@pytest.fixture
async def proxy(tmp_path: Path, guest: GuestBench) -> AsyncIterator[AppProxy]:
    """The proxy, before a guest that is ready."""
    until(lambda: "cert_sha256" in guest.console(), 20)
    pin = guest.console().partition('"cert_sha256":"')[2][:64]
    reports = await guest.reports("ready", "failed", cert_sha256=pin)
    assert reports[-1].phase == "ready", reports[-1]
    async with AppProxy(tmp_path).running() as running:
        yield running


@pytest.fixture
async def visitor(proxy: AppProxy, guest: GuestBench) -> AsyncIterator[Browser]:
    """Somebody who was not there before, at the public address."""
    async with proxy.browsing() as session:
        yield Browser(guest, session, url=guest.public_url, looks_at_certificates=True)


@pytest.fixture
async def inside(visitor: Browser, guest: GuestBench) -> Browser:
    """Somebody who handed in a ticket."""
    assert await visitor.enter(guest.ticket()) == (303, "/lab")
    return visitor


@pytest.fixture
async def straight(guest: GuestBench) -> AsyncIterator[Browser]:
    """Somebody who comes by the instance's own address, in plain HTTP and past the proxy."""
    async with guest.browser() as browser:
        browser.url = f"http://{guest.listen}"
        yield browser


def test_given_the_names_of_the_proxy_then_they_lead_where_its_documentation_says() -> None:
    names = [
        f"http-192-0-2-7-80.{PROXY_HOST}", f"https-192-0-2-7-443.{PROXY_HOST}", f"192-0-2-7-8080.{PROXY_HOST}", PROXY_HOST,
    ]  # fmt: skip

    assert [upstream_of(name) for name in names] == [
        Upstream(is_tls=False, host="192.0.2.7", port=80), Upstream(is_tls=True, host="192.0.2.7", port=443),
        Upstream(is_tls=True, host="192.0.2.7", port=8080), None,
    ]  # fmt: skip


async def test_given_a_guest_that_is_up_then_the_bot_finds_its_gate_at_the_public_address(
    proxy: AppProxy, guest: GuestBench
) -> None:
    async with proxy.browsing() as session:
        link = GuestLink(session, always(guest.signer), lambda: datetime.now(UTC))

        assert await link.reaches_people(guest.public_url)


async def test_given_a_ticket_when_its_page_hands_it_in_then_a_secure_cookie_opens_the_pages(
    visitor: Browser, guest: GuestBench
) -> None:
    ticket = guest.ticket()
    page = await visitor.get(f"/_binder/enter?ticket={ticket}")
    async with visitor.session.post(
        f"{visitor.url}/_binder/enter", headers=visitor.headers(Sec_Fetch_Site="same-origin", Origin="null"),
        data={"ticket": ticket}, allow_redirects=False,
    ) as answer:  # fmt: skip
        said = answer.headers["Set-Cookie"]
    visitor.cookie, _, rest = said.partition(";")

    assert (page[0], answer.status, answer.headers["Location"]) == (200, 303, "/lab")
    assert visitor.cookie.startswith("__Host-binderops-")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in rest.split(";")}
    assert [(await visitor.get(path))[0] for path in ("/lab", "/tree", "/files/a.txt")] == [200, 200, 200]


async def test_given_nobodys_cookie_then_a_page_says_how_to_get_in(visitor: Browser) -> None:
    status, page = await visitor.get("/lab")

    assert (status, "Press <b>Open</b> in the Slack thread" in page) == (401, True)


async def test_given_a_person_inside_then_code_runs_over_a_websocket_and_its_files_can_be_taken_home(
    inside: Browser,
) -> None:
    assert await inside.compute("print(open('mine.txt', 'w').write('kept' * 50_000))") == "200000"

    _, files = await inside.work()

    assert [text for name, text in files.items() if name.endswith("/mine.txt")] == ["kept" * 50_000]


async def test_given_a_program_behind_the_gate_then_it_is_told_the_address_that_people_see(
    inside: Browser, guest: GuestBench
) -> None:
    async with echo_server() as port:
        inside.own |= {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
        _, seen = await inside.get(f"/proxy/{port}/")

    host = guest.public_url.removeprefix("https://")
    told = {name.lower(): value for name, value in json.loads(seen).items()}
    assert (told["x-forwarded-proto"], told["x-forwarded-host"]) == ("https", host)


@pytest.mark.parametrize("origin", [SIBLING, "https://evil.example", "null", ""])
async def test_given_a_page_of_another_origin_then_it_neither_connects_nor_posts(
    inside: Browser, origin: str
) -> None:
    sent = {"Origin": origin} if origin else {}
    posted = (await inside.get("/api/kernels", "POST", b"{}", **sent))[0]
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await inside.session.ws_connect(f"{inside.url}/api/events/subscribe", headers=inside.headers(**sent))

    assert (posted, refused.value.status) == (403, 403)


async def test_given_the_guests_own_address_for_an_origin_then_it_counts_as_another(
    inside: Browser, guest: GuestBench
) -> None:
    assert (await inside.get("/api/kernels", "POST", b"{}", Origin=f"http://{guest.listen}"))[0] == 403


async def test_given_a_sibling_behind_the_same_proxy_then_it_reads_nothing_and_lets_nobody_in(
    inside: Browser, guest: GuestBench
) -> None:
    of_its_page = {"Sec_Fetch_Site": "same-site", "Origin": SIBLING}
    read = await inside.get("/files/a.txt", **of_its_page)
    handed_in = await inside.enter(guest.ticket(), **of_its_page)

    assert (read[0], handed_in[0]) == (403, 403)


@pytest.mark.parametrize(
    ("of", "key"),
    [
        pytest.param("ddddeeeeff", b"its own key".ljust(32), id="as it made it"),
        pytest.param("aaaabbbbcc", b"its own key".ljust(32), id="made for this one by its key"),
        pytest.param("ddddeeeeff", None, id="of another binder by the same key"),
    ],
)
async def test_given_a_siblings_cookie_under_this_ones_name_then_it_opens_nothing(
    visitor: Browser, guest: GuestBench, of: str, key: bytes | None
) -> None:
    made = gate.make_cookie(
        key or (guest.state / "cookie.key").read_bytes(), of, "T1:U1", 0, datetime.now(UTC).timestamp()
    )
    visitor.cookie = f"__Host-binderops-{guest.id}={made}; __Host-binderops-ddddeeeeff={made}"

    assert (await visitor.get("/lab"))[0] == 401


@pytest.mark.parametrize("path", ["/_binder/status?after=0&wait=0", "/_binder/log", "/auth"])
async def test_given_the_peoples_name_then_the_agents_calls_are_not_behind_it(
    inside: Browser, guest: GuestBench, path: str
) -> None:
    signed = guest.signer.signature(binder=guest.id, method="GET", path=path, body=b"", now=datetime.now(UTC))

    assert (await inside.get(path, Binderops_Signature=signed))[0] == 404


@pytest.mark.parametrize(("scheme", "status"), [("https", 421), ("http", 400)])
async def test_given_the_proxys_name_of_the_agents_port_then_no_signed_call_gets_through(
    visitor: Browser, guest: GuestBench, scheme: str, status: int
) -> None:
    ip = guest.listen.partition(":")[0].replace(".", "-")
    visitor.url = f"https://{scheme}-{ip}-443.{PROXY_HOST}"
    visitor.own = {}
    path = "/_binder/status?after=0&wait=0"
    signed = guest.signer.signature(binder=guest.id, method="GET", path=path, body=b"", now=datetime.now(UTC))

    assert (await visitor.get(path, Binderops_Signature=signed))[0] == status


async def test_given_the_instances_address_when_it_is_opened_past_the_proxy_then_nobody_answers_for_it(
    straight: Browser, guest: GuestBench, proxy: AppProxy
) -> None:
    del proxy  # it is there, and nobody takes it
    straight.own = {"Host": guest.listen}
    by_address = (await straight.get("/lab"))[0], (await straight.enter(guest.ticket()))[0]
    straight.own = {"Host": "agent.binderops.internal"}
    as_the_bot = (await straight.get("/_binder/status?after=0&wait=0"))[0]

    assert (by_address, as_the_bot) == ((421, 421), 421)


async def test_given_the_public_name_when_it_is_said_past_the_proxy_then_the_gate_is_the_same(
    straight: Browser, guest: GuestBench, proxy: AppProxy
) -> None:
    del proxy
    async with straight.session.get(
        f"{straight.url}/lab", headers=straight.headers(X_Forwarded_Proto="https")
    ) as answer:
        assert (answer.status, "Set-Cookie" in answer.headers) == (401, False)
