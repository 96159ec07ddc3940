"""The way to sites of records: what is never asked, and how much and how long before a lookup gives up."""

from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web

from provisioning.errors import BinderopsError, PersonError, RefusedError, TemporaryError
from provisioning.model import Request
from provisioning.sources import SourcePolicy, guarded
from provisioning.sources.archive import Archive
from provisioning.sources.asking import Said, ask, in_time
from provisioning.sources.ckan import Ckan
from provisioning.sources.doi import Doi
from provisioning.sources.git_program import Place
from tests.fakes.changing_names import PUBLIC, ChangingNames
from tests.fakes.git_server import HttpServer, Listener, SilentServer, answering, redirecting

pytestmark = pytest.mark.integration


async def refusal(url: str, *exempt: str, most_bytes: int = 1000) -> BinderopsError:
    with pytest.raises(BinderopsError) as raised:
        await ask(url, SourcePolicy(allow_exact=exempt), most_bytes=most_bytes)
    return raised.value


@pytest.mark.parametrize(
    ("url", "code"),
    [
        pytest.param("https://127.0.0.1:{port}/", "address-refused", id="this machine"),
        pytest.param("https://2130706433:{port}/", "address-refused", id="decimal"),
        pytest.param("https://0177.0.0.1:{port}/", "address-refused", id="octal"),
        pytest.param("https://[::ffff:127.0.0.1]:{port}/", "address-refused", id="mapped"),
        pytest.param("https://localhost:{port}/", "address-refused", id="by name"),
        pytest.param("http://127.0.0.1:{port}/", "protocol-not-allowed", id="http"),
        pytest.param("file:///etc/passwd", "protocol-not-allowed", id="file"),
        pytest.param("https://0x7f.0.0.1:{port}/", "address-refused", id="hexadecimal"),
        pytest.param("https://127.1:{port}/", "address-refused", id="shortened"),
        pytest.param("https://[64:ff9b::7f00:1]:{port}/", "address-refused", id="NAT64"),
        pytest.param("https://zenodo.org@127.0.0.1:{port}/", "address-refused", id="credentials"),
        pytest.param("ssh://127.0.0.1:{port}/", "protocol-not-allowed", id="ssh"),
        pytest.param("git://127.0.0.1:{port}/", "protocol-not-allowed", id="git"),
        pytest.param("ext::sh -c id", "protocol-not-allowed", id="a helper of git"),
        pytest.param("ftp://127.0.0.1:{port}/", "protocol-not-allowed", id="ftp"),
    ],
)
async def test_given_an_address_inside_when_asked_then_it_is_refused_and_nobody_is_asked(
    url: str, code: str
) -> None:
    async with Listener() as listener:
        refused = await refusal(url.format(port=listener.port))

        assert (refused.code, listener.connections) == (code, 0)


async def test_given_a_name_whose_answer_changes_when_checked_then_one_lookup_gives_the_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ChangingNames(monkeypatch)

    place = await guarded.checked("https://rebinding.example/a", SourcePolicy())

    assert (place.address, names.lookups) == (PUBLIC, 1)


async def test_given_a_checked_address_when_asked_then_the_name_is_not_looked_up_again() -> None:
    async with answering(200) as site:
        port = site.url.rpartition(":")[2]
        place = Place(url=f"http://name.invalid:{port}/", address="127.0.0.1")  # RFC 6761: nobody knows it
        async with (
            aiohttp.ClientSession(connector=guarded.connector(place)) as session,
            session.get(place.url) as answer,
        ):
            assert answer.status == 200


@pytest.mark.parametrize(("scheme", "code"), [("https", "address-refused"), ("http", "protocol-not-allowed")])
async def test_given_a_site_that_sends_on_to_this_machine_when_asked_then_it_is_not_followed(
    scheme: str, code: str
) -> None:
    async with Listener() as listener:
        inside = f"{scheme}://127.0.0.1:{listener.port}"
        async with redirecting(lambda path: inside + path) as site:
            refused = await refusal(f"{site.url}/api", site.url)

        assert (refused.code, listener.connections) == (code, 0)


async def test_given_a_doi_that_leads_to_this_machine_when_looked_up_then_nobody_there_is_asked() -> None:
    async with Listener() as listener:
        page = f"https://127.0.0.1:{listener.port}/dataset/inside"
        body = f'{{"values": [{{"type": "URL", "data": {{"value": "{page}"}}}}]}}'
        async with answering(200, body) as resolver:
            doi = Doi(leads_to=(Ckan(),), resolver=resolver.url)
            with pytest.raises(PersonError) as refused:
                await doi.resolve(
                    Request(provider="doi", repo="10.1/x"), SourcePolicy(allow_exact=(resolver.url,))
                )

        assert (refused.value.code, listener.connections) == ("address-refused", 0)


async def test_given_a_site_that_sends_on_for_ever_when_asked_then_six_requests_end_it() -> None:
    async with redirecting(lambda path: path + "a") as site:
        refused = await refusal(f"{site.url}/a", site.url)

        assert (refused.code, len(site.asked)) == ("too-many-redirects", 6)


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        pytest.param(404, "", PersonError, "record-not-found", id="absent"),
        pytest.param(403, "{}", PersonError, "record-not-found", id="closed"),
        pytest.param(410, "{}", PersonError, "record-not-found", id="withdrawn"),
        pytest.param(429, "{}", TemporaryError, "source-unreachable", id="too many questions"),
        pytest.param(503, "{}", TemporaryError, "source-unreachable", id="maintenance"),
        pytest.param(200, "<html>", RefusedError, "source-unreadable", id="a page"),
        pytest.param(200, "[" * 900, RefusedError, "source-unreadable", id="half an answer"),
        pytest.param(200, "[" + "1," * 600, RefusedError, "source-unreadable", id="too much of it"),
    ],
)
async def test_given_an_answer_that_is_none_when_asked_then_it_is_told_who_can_do_something(
    status: int, body: str, kind: type[BinderopsError], code: str
) -> None:
    async with answering(status, body) as site:
        refused = await refusal(site.url, site.url)

    assert (type(refused), refused.code) == (kind, code)


async def test_given_a_site_that_does_not_answer_when_its_time_is_up_then_the_lookup_ends() -> None:
    async with SilentServer() as site:
        with pytest.raises(TemporaryError) as late:
            async with in_time("10.1/x", timedelta(seconds=0.2)):
                await ask(site.url, SourcePolicy(allow_exact=(site.url,)))

    assert late.value.code == "source-slow"


async def test_given_an_archive_that_says_it_is_too_large_when_looked_up_then_it_is_not_read() -> None:
    sent = []

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(10**12)})
        await response.prepare(request)
        sent.append(len(b"PK"))
        await response.write(b"PK")
        return response

    async with HttpServer(endless) as site:
        with pytest.raises(PersonError) as refused:
            await Archive().resolve(
                Request(provider="archive", repo=f"{site.url}/a.zip"), SourcePolicy(allow_exact=(site.url,))
            )

    assert (refused.value.code, sum(sent)) == ("source-too-large", 2)


async def test_given_an_archive_that_does_not_say_its_size_when_it_is_too_large_then_reading_ends() -> None:
    async def long(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        for _ in range(20):
            await response.write(b"PK\x03\x04" * 25)
        return response

    async with HttpServer(long) as site:
        with pytest.raises(PersonError) as refused:
            await Archive(most_bytes=1000).resolve(
                Request(provider="archive", repo=f"{site.url}/a.zip"), SourcePolicy(allow_exact=(site.url,))
            )

    assert refused.value.code == "source-too-large"


@pytest.mark.parametrize(
    ("value", "text", "number"),
    [
        pytest.param("a\n b\x1b[2J", "a b [2J", None, id="lines and control characters"),
        pytest.param(7, "7", 7, id="a number"),
        pytest.param(True, "", None, id="a truth value"),
        pytest.param(-1, "-1", None, id="below zero"),
        pytest.param(None, "", None, id="nothing"),
        pytest.param({"a": 1}, "", None, id="another shape"),
        pytest.param("x" * 900, "x" * 500, None, id="too long"),
    ],
)
def test_given_any_value_of_an_answer_when_read_then_only_what_fits_comes_through(
    value: object, text: str, number: int | None
) -> None:
    said = Said(value={"at": [value]}, url="").at("at", 0)

    assert (said.text(), said.number()) == (text, number)
