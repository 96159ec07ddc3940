"""What nbgitpuller would bring into a launch is refused as the launch's own repository is, before anybody is asked."""

from urllib.parse import quote

import pytest

from provisioning.errors import BinderopsError, TeamError
from provisioning.guest.rules import Rules
from provisioning.model import Request
from provisioning.sources import SourcePolicy, identify
from provisioning.sources.resolved import Resolved
from tests.fakes.git_server import Listener

pytestmark = pytest.mark.integration

LAUNCHED = "https://github.com/course/environment"
BAD = "https://github.com/bad/content"


class Asked:
    """A source that answers, and knows that it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def detect(self, request: Request) -> bool:
        return bool(request.repo)

    async def resolve(self, request: Request, policy: SourcePolicy) -> Resolved:
        assert policy
        self.requests.append(request)
        return Resolved(commit="a" * 40, ref="main", address="")


def bringing(content: str) -> Request:
    return Request(
        provider="gh", repo=LAUNCHED, open_url=f"git-pull?repo={quote(content, safe='')}&branch=main"
    )


async def refusal(content: str, policy: SourcePolicy) -> tuple[BinderopsError, Asked]:
    source = Asked()
    with pytest.raises(BinderopsError) as refused:
        await identify(bringing(content), policy=policy, sources=[source])
    return refused.value, source


RULES = {
    "its organisation is denied": Rules(deny=("github.com/bad",), ask="the course team"),
    "it is denied by name": Rules(deny=("github.com/*/content",), ask="the course team"),
    "only another organisation is allowed": Rules(allow=("github.com/course",), ask="the course team"),
}


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
async def test_given_rules_against_the_content_then_its_refusal_reads_as_that_of_a_launch(
    rules: Rules,
) -> None:
    policy = SourcePolicy(rules=rules)
    with pytest.raises(TeamError) as launched:
        await identify(Request(provider="gh", repo=BAD), policy=policy, sources=[Asked()])

    refused, _ = await refusal(BAD, policy)

    assert (refused.code, refused.message, refused.hint) == (
        "source-not-allowed",
        launched.value.message,
        launched.value.hint,
    )
    assert "ask the course team" in refused.hint


async def test_given_rules_against_the_content_then_nobody_is_asked_for_the_launch_either() -> None:
    _, source = await refusal(BAD, SourcePolicy(rules=Rules(deny=("github.com/bad",))))

    assert source.requests == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param("https://127.0.0.1/a/b", "address-refused", id="this machine"),
        pytest.param("https://10.0.0.5/a/b", "address-refused", id="a private range"),
        pytest.param("https://169.254.169.254/latest", "address-refused", id="the cloud's own address"),
        pytest.param("https://[::ffff:10.0.0.5]/a/b", "address-refused", id="a private one inside IPv6"),
        pytest.param("https://0x7f000001/a/b", "address-refused", id="written otherwise"),
        pytest.param("https://localhost/a/b", "address-refused", id="a name for this machine"),
        pytest.param("https://[", "address-refused", id="no URL"),
        pytest.param("http://github.com/a/b", "protocol-not-allowed", id="not encrypted"),
        pytest.param("git@github.com:bad/content", "protocol-not-allowed", id="ssh"),
        pytest.param("file:///etc", "protocol-not-allowed", id="a file"),
        pytest.param("ext::sh -c id", "protocol-not-allowed", id="a program"),
        pytest.param("-oProxyCommand=id", "protocol-not-allowed", id="an option"),
    ],
)
async def test_given_content_that_no_launch_could_be_then_it_is_refused_by_the_same_code(
    content: str, code: str
) -> None:
    refused, source = await refusal(content, SourcePolicy())

    assert (refused.code, source.requests) == (code, [])


async def test_given_content_inside_then_nothing_connects_to_it() -> None:
    async with Listener() as listener:
        await refusal(f"https://127.0.0.1:{listener.port}/a/b", SourcePolicy())

        assert listener.connections == 0


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(SourcePolicy(allow_exact=("http://127.0.0.1:1/",)), id="exempt"),
        pytest.param(
            SourcePolicy(
                allow_exact=("http://127.0.0.1:1/",), rules=Rules(allow=("127.0.0.1", "github.com"))
            ),
            id="exempt and allowed",
        ),
    ],
)
async def test_given_content_that_may_be_launched_then_the_launch_is_looked_up(policy: SourcePolicy) -> None:
    source = Asked()

    await identify(bringing("http://127.0.0.1:1/a/b"), policy=policy, sources=[source])

    assert len(source.requests) == 1
