"""A deployment's GitHub App as a lookup uses it: what it asks GitHub for, whose token counts, what is said where it cannot."""

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from provisioning.errors import BinderopsError, TemporaryError
from provisioning.model import Request
from provisioning.source_tokens import SourceToken
from provisioning.sources import Resolved, SourcePolicy, resolve
from provisioning.sources.github_app import GitHubApp
from tests.conftest import Clock
from tests.fakes.git_server import Listener, SilentServer, answering
from tests.fakes.github import APP, GitHub, a_key, pem_of
from tests.integration.test_private_sources import served, token

__all__ = ["served"]  # the folder with org/course
pytestmark = pytest.mark.integration


class Bench:
    """A GitHub with one closed repository, and the App of a deployment whose clock is the test's."""

    def __init__(self, github: GitHub, clock: Clock) -> None:
        self.github, self.clock = github, clock
        self.pem, self.id, self.api, self.exempt = pem_of(a_key()), APP, github.api, (github.url,)
        self.app = self.made()

    def made(self) -> GitHubApp:
        policy = SourcePolicy(allow_exact=self.exempt)
        return GitHubApp(self.id, lambda: self.pem, api=self.api, policy=policy, clock=self.clock)

    async def resolves(self, *tokens: SourceToken, repo: str = "org/course") -> Resolved:
        policy = SourcePolicy(allow_exact=(self.github.url,), tokens=tokens, app=self.app)
        request = Request(provider="git", repo=f"{self.github.url}/{repo}")
        return await resolve(request, policy=policy)

    async def refusal(self, *tokens: SourceToken, repo: str = "org/course") -> BinderopsError:
        with pytest.raises(BinderopsError) as raised:
            await self.resolves(*tokens, repo=repo)
        return raised.value

    def set(self, **changed: Any) -> None:
        """The App with other settings."""
        for name, value in changed.items():
            setattr(self, name, value)
        self.app = self.made()


@pytest.fixture
async def bench(served: Path, clock: Clock) -> AsyncIterator[Bench]:
    async with GitHub(served, "org/course", now=clock) as github:
        yield Bench(github, clock)


@pytest.mark.parametrize("stateless", [False, True], ids=["40 characters", "520 characters"])
async def test_given_the_app_on_a_closed_repository_then_a_token_for_reading_it_alone_resolves_it(
    bench: Bench, stateless: bool
) -> None:
    bench.github.is_stateless = stateless

    resolved = await bench.resolves()

    assert (resolved.ref, resolved.needs_token) == ("main", True)
    assert bench.github.wanted == [{"repositories": ["course"], "permissions": {"contents": "read"}}]
    [given] = bench.github.tokens.values()
    assert given.repositories == {"org/course"}


async def test_given_a_proof_of_the_app_then_it_bears_a_clock_a_minute_off_and_ends_within_ten(
    bench: Bench,
) -> None:
    await bench.resolves()

    claims = json.loads(base64.urlsafe_b64decode(bench.github.proofs[0].split(".")[1] + "=="))
    now = int(bench.clock().timestamp())
    assert claims == {"iss": APP, "iat": now - 60, "exp": now + 540}


async def test_given_an_open_repository_then_the_app_is_not_asked(bench: Bench) -> None:
    bench.github.open.add("org/course")

    resolved = await bench.resolves()

    assert (resolved.needs_token, bench.github.called, set(bench.github.read_with)) == (False, [], {""})


async def test_given_lookups_one_after_the_other_then_they_share_a_token_until_shortly_before_it_ends(
    bench: Bench,
) -> None:
    await bench.resolves()
    bench.clock.forward(minutes=54)
    await bench.resolves()
    early = len(bench.github.tokens)
    bench.clock.forward(minutes=2)

    await bench.resolves()

    assert (early, len(bench.github.tokens)) == (1, 2)


async def test_given_lookups_at_the_same_time_then_one_token_is_made(bench: Bench) -> None:
    await asyncio.gather(*(bench.resolves() for _ in range(5)))

    assert len(bench.github.wanted) == 1


async def test_given_fetches_then_each_has_a_token_of_its_own_and_lookups_keep_theirs(bench: Bench) -> None:
    url = f"{bench.github.url}/org/course"
    await bench.resolves()
    [looked_up] = bench.github.tokens
    fetched = [await bench.app.token(url, to_fetch=True) for _ in range(2)]
    await bench.resolves()

    secrets = [token.login.secret for token in fetched if token]
    assert list(bench.github.tokens) == [looked_up, *secrets]
    assert len({looked_up, *secrets}) == 3


async def test_given_a_token_that_is_refused_meanwhile_then_the_next_try_has_a_new_one(bench: Bench) -> None:
    await bench.resolves()
    bench.github.tokens.clear()

    refused = await bench.refusal()
    resolved = await bench.resolves()

    assert (refused.code, isinstance(refused, TemporaryError)) == ("token-refused", True)
    assert "this deployment's GitHub App" in refused.message
    assert resolved.needs_token


async def test_given_a_token_of_ones_own_then_it_goes_before_the_app(bench: Bench) -> None:
    refused = await bench.refusal(token(bench.github.url, secret="wrong"))

    assert (refused.code, bench.github.called) == ("token-refused", [])
    assert "your token" in refused.message


async def test_given_a_token_for_everyone_then_the_app_goes_before_it(bench: Bench) -> None:
    resolved = await bench.resolves(token(bench.github.url, secret="wrong", person=""))

    assert (resolved.needs_token, len(bench.github.tokens)) == (True, 1)


async def test_given_the_app_elsewhere_then_the_token_for_everyone_counts(bench: Bench) -> None:
    bench.github.installed.clear()

    refused = await bench.refusal(token(bench.github.url, secret="wrong", person=""))

    assert (refused.code, "for everyone here" in refused.message) == ("token-refused", True)


async def test_given_an_app_whose_key_is_wrong_then_no_token_for_everyone_hides_it(bench: Bench) -> None:
    bench.set(pem=pem_of(a_key(1)))

    refused = await bench.refusal(token(bench.github.url, secret="right", person=""))

    assert refused.code == "github-app-key-wrong"


async def test_given_the_app_is_not_installed_on_it_then_where_to_install_it_is_said(bench: Bench) -> None:
    bench.github.installed = {"org/other"}

    refused = await bench.refusal()

    assert refused.code == "github-app-not-installed"
    assert f"The GitHub App Binderops at org may not read {bench.github.url}/org/course" in refused.message
    assert "https://github.com/apps/binderops-at-org/installations/new" in refused.hint


async def test_given_a_repository_that_left_the_installation_meanwhile_then_the_same_is_said(
    bench: Bench,
) -> None:
    make = bench.github._make

    def too_late(body: dict[str, Any]) -> dict[str, object]:
        bench.github.installed.clear()
        return make(body)

    bench.github._make = too_late  # type: ignore[method-assign]

    assert (await bench.refusal()).code == "github-app-not-installed"


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        pytest.param({"pem": pem_of(a_key(1))}, "github-app-key-wrong", "could not be decoded", id="another App's key"),
        pytest.param({"id": "999"}, "github-app-key-wrong", "App 999 (Integration not found)", id="another App's id"),
        pytest.param({"pem": "no key"}, "github-app-key-wrong", "no RSA key in PEM", id="no key"),
    ],
)  # fmt: skip
async def test_given_a_wrong_key_or_id_then_the_operator_is_told_what_to_compare(
    bench: Bench, changed: dict[str, str], code: str, said: str
) -> None:
    bench.set(**changed)

    refused = await bench.refusal()

    assert (refused.code, said in refused.message) == (code, True)
    assert "Whoever runs the bot" in refused.hint


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(300, "300 s ahead of GitHub's"), (-900, "900 s behind GitHub's")],
    ids=["fast", "slow"],
)
async def test_given_a_clock_that_is_wrong_then_how_far_and_what_to_do_is_said(
    bench: Bench, seconds: int, said: str
) -> None:
    there = bench.clock()
    bench.github.now = lambda: there
    bench.clock.forward(seconds=seconds)

    refused = await bench.refusal()

    assert (refused.code, said in refused.message) == ("github-app-clock-wrong", True)
    assert "timedatectl set-ntp true" in refused.hint


async def test_given_a_clock_less_than_a_minute_fast_then_nothing_is_wrong(bench: Bench) -> None:
    there = bench.clock()
    bench.github.now = lambda: there
    bench.clock.forward(seconds=55)

    assert (await bench.resolves()).needs_token


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        pytest.param({"status": 503}, 2, id="away"),
        pytest.param({"status": 502, "text": "<html>"}, 2, id="a proxy's page"),
        pytest.param({"status": 429, "headers": {"Retry-After": "17"}}, 17, id="asks to wait"),
        pytest.param({"status": 403, "headers": {"X-RateLimit-Remaining": "0"}}, 60, id="too many calls"),
    ],
)
async def test_given_an_api_that_is_away_then_it_is_asked_again_and_said_so(
    bench: Bench, answer: dict[str, Any], seconds: int
) -> None:
    bench.github.broken = web.Response(**answer)

    refused = await bench.refusal()

    assert isinstance(refused, TemporaryError)
    assert (refused.code, refused.delay) == ("source-unreachable", timedelta(seconds=seconds))
    assert "GitHub's API at 127.0.0.1" in refused.message
    assert "It is asked again" in refused.hint


async def test_given_nobody_at_the_apis_address_then_it_is_asked_again(bench: Bench) -> None:
    async with SilentServer() as gone:
        api = f"{gone.url}/api/v3"
    bench.set(api=api, exempt=(gone.url,))
    bench.app.host = bench.github.url.partition("://")[2]

    assert isinstance(await bench.refusal(), TemporaryError)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        pytest.param({"suspended": True}, "suspended", id="suspended"),
        pytest.param({"granted": {"metadata": "read"}}, "permissions requested are not granted", id="may not read"),
        pytest.param({"adds": {"contents": "write"}}, "contents: write", id="gives more than was asked for"),
    ],
)  # fmt: skip
async def test_given_an_installation_that_may_not_then_both_sides_are_told_what_to_change(
    bench: Bench, state: dict[str, Any], said: str
) -> None:
    for name, value in state.items():
        setattr(bench.github, name, value)

    refused = await bench.refusal()

    assert (refused.code, said in refused.message) == ("github-app-not-permitted", True)
    assert "Contents: Read-only" in refused.hint


async def test_given_a_repository_that_was_renamed_then_it_is_opened_at_its_new_name(
    bench: Bench, served: Path
) -> None:
    bench.github.moved = {"org/old": "org/course"}

    resolved = await bench.resolves(repo="org/old")

    assert resolved.url == f"{bench.github.url}/org/course"
    assert "repository_ids" in bench.github.wanted[0]


async def test_given_an_api_that_sends_elsewhere_then_the_proof_does_not_go_there(bench: Bench) -> None:
    async with answering(200, "{}") as elsewhere:
        bench.github.moved_to = f"{elsewhere.url}/repositories/1/installation"
        refused = await bench.refusal()

        assert (refused.code, elsewhere.asked) == ("source-unreadable", [])


@pytest.mark.parametrize(
    ("api", "code"),
    [
        pytest.param("https://localhost:{port}/api/v3", "address-refused", id="an inner name"),
        pytest.param("https://127.0.0.1:{port}/api/v3", "address-refused", id="an inner address"),
        pytest.param("http://127.0.0.1:{port}/api/v3", "protocol-not-allowed", id="in clear"),
    ],
)
async def test_given_an_api_within_the_network_that_nobody_exempted_then_it_is_not_connected_to(
    bench: Bench, api: str, code: str
) -> None:
    async with Listener() as inner:
        bench.set(api=api.format(port=inner.port), exempt=())
        bench.app.host = bench.github.url.partition("://")[2]
        refused = await bench.refusal()

        assert (refused.code, inner.connections) == (code, 0)


@pytest.mark.parametrize("repo", ["org/course/deeper", "course", "org/..%2Fcourse"])
async def test_given_a_path_that_is_no_repository_of_github_then_the_app_is_not_asked(
    bench: Bench, repo: str
) -> None:
    assert await bench.app.token(f"{bench.github.url}/{repo}") is None
    assert bench.github.called == []


async def test_given_everything_logged_then_no_log_error_or_value_shows_key_proof_or_token(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await bench.resolves()
    made = await bench.app.token(f"{bench.github.url}/org/course", to_fetch=True)
    bench.github.tokens.pop(next(iter(bench.github.tokens)))
    secrets = [*bench.github.seals(), *bench.pem.split("\n")[1:-2]]

    refused = await bench.refusal()

    shown = f"{caplog.text} {refused} {refused.hint} {made} {vars(bench.app)}"
    assert "github-app-token repository=org/course" in shown
    assert [secret for secret in secrets if secret in shown] == []
