"""What a deployment's rules refuse is refused before anybody is asked, and where a source turns out to be elsewhere."""

from dataclasses import replace

import pytest

from provisioning.errors import TeamError
from provisioning.guest.rules import Rules
from provisioning.model import Request
from provisioning.sources import SourcePolicy, identify
from tests.fakes.git_server import Listener, redirecting
from tests.fakes.record_sites import RecordSites

pytestmark = pytest.mark.integration

RULES = {
    "denied": Rules(deny=("127.0.0.1",)),
    "denied repository": Rules(deny=("127.0.0.1/a",)),
    "not allowed": Rules(allow=("github.com",)),
}


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
@pytest.mark.parametrize("provider", ["git", "archive", "ckan", "dataverse"])
async def test_given_rules_against_a_place_when_looked_up_then_nobody_is_asked(
    rules: Rules, provider: str
) -> None:
    pages = {
        "git": "/a/b",
        "archive": "/a/b.zip",
        "ckan": "/a/dataset/b",
        "dataverse": "/a/dataset.xhtml?persistentId=doi:10.1/X",
    }
    async with Listener() as listener:
        place = f"http://127.0.0.1:{listener.port}"
        policy = SourcePolicy(allow_exact=(place,), rules=rules)
        with pytest.raises(TeamError) as refused:
            await identify(Request(provider=provider, repo=place + pages[provider]), policy=policy)

        assert (refused.value.code, listener.connections) == ("source-not-allowed", 0)


@pytest.mark.parametrize("provider", ["git", "archive"])
async def test_given_an_allowed_site_that_sends_on_to_a_denied_one_when_looked_up_then_it_is_not_asked(
    provider: str,
) -> None:
    async with Listener() as listener:
        inside = f"http://localhost:{listener.port}"
        async with redirecting(lambda path: inside + path) as site:
            policy = SourcePolicy(allow_exact=(site.url, inside), rules=Rules(deny=("localhost",)))
            with pytest.raises(TeamError) as refused:
                await identify(Request(provider=provider, repo=f"{site.url}/a.zip"), policy=policy)

        assert (refused.value.code, listener.connections) == ("source-not-allowed", 0)


@pytest.mark.parametrize(
    ("rules", "is_allowed"),
    [
        pytest.param(Rules(deny=("doi.org/10.1000",)), False, id="its DOI is denied"),
        pytest.param(Rules(deny=("zenodo.org",)), True, id="another site is denied"),
        pytest.param(Rules(allow=("127.0.0.1",)), True, id="the site that it leads to is allowed"),
        pytest.param(Rules(allow=("doi.org",)), False, id="the resolver alone is allowed"),
    ],
)
async def test_given_a_doi_when_looked_up_then_its_own_name_and_the_site_behind_it_count(
    rules: Rules, is_allowed: bool
) -> None:
    async with RecordSites() as sites:
        request = Request(provider="doi", repo="10.1000/zenodo")
        found = identify(request, policy=replace(sites.policy, rules=rules), sources=sites.sources())
        if is_allowed:
            assert (await found).commit == "3242074"
            return
        with pytest.raises(TeamError) as refused:
            await found

    assert refused.value.code == "source-not-allowed"


async def test_given_somebody_to_ask_when_refused_then_that_is_what_the_person_is_told() -> None:
    policy = SourcePolicy(rules=Rules(deny=("github.com/org",), ask="the course team"))

    with pytest.raises(TeamError) as refused:
        await identify(Request(provider="gh", repo="https://github.com/org/repo"), policy=policy)

    assert "ask the course team" in refused.value.hint
