"""Private repositories as a lookup sees them: whose token is sent where, and what is said where it is refused."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from provisioning.errors import BinderopsError
from provisioning.model import Request
from provisioning.source_tokens import ANY_USER, Login, Scope, SourceToken, host_of
from provisioning.sources import Resolved, SourcePolicy, resolve
from provisioning.sources.git_program import Place, run
from tests.fakes.git_server import ClosedGitServer, GitServer, redirecting
from tests.integration.test_resolve import commit, git

pytestmark = pytest.mark.integration

SECRET = "ghp_planted0123456789"
LOGIN = Login(username=ANY_USER, secret=SECRET)


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """A folder with the repository ``org/course``, which has one commit on main."""
    folder = tmp_path / "org" / "course"
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "first")
    return tmp_path


@pytest.fixture
async def closed(served: Path) -> AsyncIterator[ClosedGitServer]:
    async with ClosedGitServer(served, LOGIN.authorization) as running:
        yield running


def token(url: str, *, secret: str = SECRET, person: str = "U1", prefix: str = "") -> SourceToken:
    scope = Scope(team="T1", person=person, host=host_of(url), prefix=prefix)
    return SourceToken(scope=scope, login=Login(username=ANY_USER, secret=secret))


async def looked_up(server: GitServer, *tokens: SourceToken, ref: str = "", exempt: str = "") -> Resolved:
    policy = SourcePolicy(allow_exact=(server.url, *([exempt] if exempt else [])), tokens=tokens)
    return await resolve(Request(provider="git", repo=f"{server.url}/org/course", ref=ref), policy=policy)


async def refusal(server: GitServer, *tokens: SourceToken) -> BinderopsError:
    with pytest.raises(BinderopsError) as raised:
        await looked_up(server, *tokens)
    return raised.value


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_given_the_right_token_when_a_closed_repository_is_resolved_then_its_commit_is_found(
    served: Path, status: int
) -> None:
    async with ClosedGitServer(served, LOGIN.authorization, closed=status) as server:
        resolved = await looked_up(server, token(server.url))

    assert (resolved.ref, resolved.needs_token) == ("main", True)


async def test_given_a_full_commit_when_a_closed_repository_is_resolved_then_the_token_fetches_it(
    closed: ClosedGitServer, served: Path
) -> None:
    folder = served / "org" / "course"
    hidden = commit(folder, "second")
    git(folder, "reset", "--quiet", "--hard", "HEAD~1")
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")

    resolved = await looked_up(closed, token(closed.url), ref=hidden)

    assert resolved.commit == hidden


async def test_given_no_token_when_a_closed_repository_is_resolved_then_the_way_to_give_one_is_said(
    closed: ClosedGitServer,
) -> None:
    refused = await refusal(closed)

    assert (refused.code, "/binder token" in refused.hint) == ("repository-not-found", True)


@pytest.mark.parametrize(
    ("person", "named"),
    [("U1", "your token"), ("", "the token for everyone here")],
    ids=["own", "everyone's"],
)
async def test_given_a_wrong_token_then_the_refusal_says_whose_and_for_which_host(
    closed: ClosedGitServer, person: str, named: str
) -> None:
    refused = await refusal(closed, token(closed.url, secret="expired", person=person))

    host = host_of(closed.url)
    assert refused.code == "token-refused"
    assert f"{host} refuses {named} for {host}: it is wrong, has expired" in refused.message


async def test_given_a_token_that_may_not_read_it_then_the_refusal_says_so(served: Path) -> None:
    async with ClosedGitServer(served, "another", closed=404) as server:
        refused = await refusal(server, token(server.url))

    assert refused.code == "repository-not-found"
    assert "the token may not read it" in refused.message


async def test_given_an_open_repository_then_no_token_is_sent_to_its_host(served: Path) -> None:
    async with ClosedGitServer(served, "") as server:
        resolved = await looked_up(server, token(server.url))

        assert (resolved.needs_token, set(server.sent)) == (False, {""})


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("https://127.0.0.1", id="another port"),
        pytest.param("https://example.org", id="another host"),
    ],
)
async def test_given_a_token_for_another_host_then_it_is_not_sent(
    closed: ClosedGitServer, other: str
) -> None:
    refused = await refusal(closed, token(other))

    assert (refused.code, set(closed.sent)) == ("repository-not-found", {""})


async def test_given_a_token_for_another_organisation_then_it_is_not_sent(closed: ClosedGitServer) -> None:
    await refusal(closed, token(closed.url, prefix="or"), token(closed.url, prefix="other"))

    assert set(closed.sent) == {""}


async def test_given_tokens_of_several_scopes_then_the_persons_own_for_the_narrowest_counts(
    closed: ClosedGitServer,
) -> None:
    wrong = [
        token(closed.url, secret="1", person="", prefix="org/course"),
        token(closed.url, secret="2", person=""),
        token(closed.url, secret="3"),
    ]

    resolved = await looked_up(closed, *wrong, token(closed.url, prefix="ORG"))

    assert resolved.needs_token


async def test_given_a_redirect_to_another_host_then_that_host_gets_no_token(
    closed: ClosedGitServer,
) -> None:
    async with redirecting(lambda path: closed.url + path) as moved:
        policy = SourcePolicy(allow_exact=(moved.url, closed.url), tokens=(token(moved.url),))
        request = Request(provider="git", repo=f"{moved.url}/org/course")
        with pytest.raises(BinderopsError, match="repository-not-found"):
            await resolve(request, policy=policy)

    assert set(closed.sent) == {""}


async def test_given_git_at_work_then_no_argument_of_a_process_holds_the_token(
    closed: ClosedGitServer,
) -> None:
    seen: list[str] = []
    there = closed._backend

    async def looking(request: object) -> object:
        seen.extend(" ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"]))
        return await there(request)  # type: ignore[arg-type]

    closed._handler = looking  # type: ignore[assignment]

    await looked_up(closed, token(closed.url))

    assert any("ls-remote" in line for line in seen)
    assert [line for line in seen if SECRET in line or LOGIN.authorization.split()[1] in line] == []


async def test_given_everything_logged_then_neither_log_nor_error_nor_value_shows_the_token(
    closed: ClosedGitServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    own = token(closed.url, secret=f"{SECRET}-wrong")

    refused = await refusal(closed, own)

    place = Place(url=closed.url, address="", token=own)
    shown = f"{refused} {refused.hint} {own} {place} {SourcePolicy(tokens=(own,))} {caplog.text}"
    assert SECRET not in shown
    assert own.login.authorization.split()[1] not in shown


async def test_given_a_place_without_a_token_then_git_gets_no_header(closed: ClosedGitServer) -> None:
    with pytest.raises(Exception, match=r"(?i)could not read|authentication"):
        await run(Place(url=f"{closed.url}/org/course", address=""), "ls-remote", "--", f"{closed.url}/org/course", most_bytes=9000)  # fmt: skip

    assert set(closed.sent) == {""}
