"""What an attacker would name: places inside, however they are written, for every kind of source. Nobody there is ever asked."""

import pytest

from bot.grammar import parse
from provisioning.errors import BinderopsError, PersonError
from provisioning.model import Request
from provisioning.sources import SourcePolicy, identify
from provisioning.sources.ckan import Ckan
from provisioning.sources.dataverse import Dataverse
from provisioning.sources.doi import Doi
from provisioning.sources.zenodo import Zenodo
from tests.fakes.changing_names import NamesOf
from tests.fakes.git_server import HttpServer, Listener, answering, redirecting

pytestmark = pytest.mark.integration

HOSTS = {
    "itself": "127.0.0.1", "another of this machine": "127.8.9.1", "decimal": "2130706433", "octal": "0177.0.0.1",
    "octal, whole": "017700000001", "hexadecimal": "0x7f000001", "hexadecimal in parts": "0x7f.0x0.0x0.0x1", "shortened": "127.1",
    "zero": "0", "all addresses": "0.0.0.0", "all addresses, IPv6": "[::]", "IPv6": "[::1]", "mapped": "[::ffff:127.0.0.1]",
    "mapped, in hexadecimal": "[::ffff:7f00:1]", "mapped, whole": "[0:0:0:0:0:ffff:127.0.0.1]", "compatible": "[::127.0.0.1]",
    "translated": "[::ffff:0:127.0.0.1]", "NAT64": "[64:ff9b::127.0.0.1]", "NAT64 of the network's own": "[64:ff9b:1::7f00:1]",
    "6to4": "[2002:7f00:1::1]", "by name": "localhost", "by name, in capitals": "LOCALHOST", "a name's last dot": "localhost.",
    "an address's last dot": "127.0.0.1.", "a user's name before": "github.com@127.0.0.1", "a password before": "github.com:443@127.0.0.1",
    "a backslash": "github.com\\@127.0.0.1", "an encoded at sign": "github.com%40127.0.0.1", "encoded digits": "%31%32%37.0.0.1",
    "full-width digits": "\uff11\uff12\uff17.0.0.1", "circled digits": "\u2460\u2461\u2466.0.0.1", "ideographic dots": "127\u30020\u30020\u30021",
    "a tab inside": "127.0.\t0.1", "a zone": "[fe80::1%25lo]",
}  # fmt: skip
REPOS = {
    "git": "/org/repo", "archive": "/a.zip", "ckan": "/dataset/inside", "dataverse": "/dataset.xhtml?persistentId=doi:10.1/X",
    "zenodo": "/records/8hawh-qmq12",
}  # fmt: skip
ADDRESSES = [
    "127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "0.0.0.0",
    "::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "fe80::1%eth0",
    "fd00::1",
]
SCHEMES = ["http", "file", "ssh", "git", "git+ssh", "ftp", "gopher", "dict", "data", "javascript"]


async def refusal(provider: str, repo: str, *exempt: str) -> BinderopsError:
    with pytest.raises(BinderopsError) as refused:
        await identify(Request(provider=provider, repo=repo), policy=SourcePolicy(allow_exact=exempt))
    return refused.value


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
async def test_given_a_place_inside_when_a_source_of_any_kind_is_looked_up_there_then_nobody_is_asked(
    host: str,
) -> None:
    async with Listener() as listener:
        codes = {
            provider: (await refusal(provider, f"https://{host}:{listener.port}{page}")).code
            for provider, page in REPOS.items()
        }

        assert set(codes.values()) == {"address-refused"}, codes
        assert listener.connections == 0


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_given_a_place_inside_when_typed_then_it_is_refused_before_anything_is_looked_up(host: str) -> None:
    for page in REPOS.values():
        with pytest.raises(PersonError):
            parse(f"https://{host}:8443{page}")
        with pytest.raises(PersonError):
            parse(f"https://mybinder.org/v2/git/https%3A%2F%2F{host}%2Forg%2Frepo/main")


@pytest.mark.parametrize("provider", REPOS)
@pytest.mark.parametrize("address", ADDRESSES)
async def test_given_a_public_name_of_a_place_inside_when_looked_up_then_nobody_is_asked(
    monkeypatch: pytest.MonkeyPatch, provider: str, address: str
) -> None:
    async with Listener() as listener:
        NamesOf(monkeypatch, "140.82.112.3", address)

        refused = await refusal(provider, f"https://127-0-0-1.names.example:{listener.port}{REPOS[provider]}")

        assert (refused.code, listener.connections) == ("address-refused", 0)


@pytest.mark.parametrize("provider", REPOS)
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_given_another_protocol_when_a_source_of_any_kind_is_looked_up_then_nobody_is_asked(
    provider: str, scheme: str
) -> None:
    async with Listener() as listener:
        refused = await refusal(provider, f"{scheme}://127.0.0.1:{listener.port}{REPOS[provider]}")

        assert refused.code in {
            "protocol-not-allowed",
            "source-unknown",
        }  # CKAN is known by https pages alone
        assert listener.connections == 0


@pytest.mark.parametrize(
    "exempt", [pytest.param((), id="not exempt"), pytest.param(("ext::sh -c touch",), id="even exempt")]
)
@pytest.mark.parametrize("provider", ["git", "archive"])
async def test_given_a_program_as_an_address_when_looked_up_then_it_does_not_run(
    provider: str, exempt: tuple[str, ...]
) -> None:
    refused = await refusal(provider, "ext::sh -c touch% /nowhere/a.zip", *exempt)

    assert refused.code == "protocol-not-allowed"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "localhost", "x@127.0.0.1"]
)
@pytest.mark.parametrize("page", REPOS.values(), ids=REPOS)
async def test_given_a_doi_whose_page_is_inside_when_looked_up_then_nobody_there_is_asked(
    host: str, page: str
) -> None:
    async with Listener() as listener:
        body = (
            f'{{"values": [{{"type": "URL", "data": {{"value": "http://{host}:{listener.port}{page}"}}}}]}}'
        )
        async with answering(200, body) as resolver:
            refused = await by_doi(resolver)

        assert refused.code in {"address-refused", "doi-leads-elsewhere"}
        assert listener.connections == 0


@pytest.mark.parametrize(
    "location",
    [
        "https://127.0.0.1:{}/x",
        "//127.0.0.1:{}/x",
        "https://[::1]:{}/x",
        "http://localhost:{}/x",
        "file:///etc/passwd",
        "https://-a.example:{}/x",
    ],
)
async def test_given_a_resolver_that_sends_on_to_a_place_inside_when_a_doi_is_looked_up_then_it_is_not_followed(
    location: str,
) -> None:
    async with Listener() as listener, redirecting(lambda _: location.format(listener.port)) as resolver:
        refused = await by_doi(resolver)

        assert refused.code in {"address-refused", "protocol-not-allowed"}
        assert listener.connections == 0


async def by_doi(resolver: HttpServer) -> BinderopsError:
    doi = Doi(leads_to=(Zenodo(), Dataverse(), Ckan()), resolver=resolver.url)
    with pytest.raises(BinderopsError) as refused:
        await doi.resolve(
            Request(provider="doi", repo="10.1000/x"), SourcePolicy(allow_exact=(resolver.url,))
        )
    return refused.value
