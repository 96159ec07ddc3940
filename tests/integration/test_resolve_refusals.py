"""Where a lookup does not go, and how long and how much it takes before it gives up."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from provisioning.errors import BinderopsError, PersonError, TemporaryError
from provisioning.model import Request
from provisioning.sources import SourcePolicy, resolve
from provisioning.sources.git import Git
from provisioning.sources.git_program import Place, run
from provisioning.sources.redirects import _redirect
from tests.fakes.git_server import GitServer, HttpServer, Listener, SilentServer, answering, redirecting
from tests.integration.test_resolve import add_commits, commit, git

pytestmark = pytest.mark.integration

REFUSED_HOSTS = [
    "127.0.0.1",
    "127.1",
    "127.0.0.1.",
    "0.0.0.0",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "0x7f000001",
    "0x7f.0.0.1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::1]",
    "github.com@127.0.0.1",
    "github.com\\@127.0.0.1",
]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[GitServer]:
    """Serves ``course`` with one commit on main."""
    folder = tmp_path / "course"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "first")
    async with GitServer(tmp_path) as running:
        yield running


async def refusal(url: str, *exempt: str, ref: str = "", by: Git | None = None) -> BinderopsError:
    """The error that a lookup ends with."""
    policy = SourcePolicy(allow_exact=exempt)
    request = Request(provider="git", repo=url, ref=ref)
    with pytest.raises(BinderopsError) as raised:
        await (by.resolve(request, policy) if by else resolve(request, policy=policy))
    return raised.value


@pytest.mark.parametrize("host", REFUSED_HOSTS)
async def test_given_a_host_inside_when_resolved_then_it_is_refused_and_nobody_is_asked(host: str) -> None:
    async with Listener() as listener:
        refused = await refusal(f"https://{host}:{listener.port}/org/repo")

        assert (refused.code, listener.connections) == ("address-refused", 0)


@pytest.mark.parametrize("scheme", ["http", "git", "ssh", "file", "ext"])
async def test_given_another_protocol_when_resolved_then_it_is_refused_and_nobody_is_asked(
    scheme: str,
) -> None:
    async with Listener() as listener:
        refused = await refusal(f"{scheme}://127.0.0.1:{listener.port}/org/repo")

        assert (refused.code, listener.connections) == ("protocol-not-allowed", 0)


@pytest.mark.parametrize(
    "beside",
    [
        pytest.param("/other", id="another-folder"),
        pytest.param("/sample-two", id="longer-name"),
        pytest.param("/sample/../other", id="dots"),
        pytest.param("/sample/%2e%2E/other", id="encoded-dots"),
    ],
)
async def test_given_a_url_beside_an_exempt_prefix_when_resolved_then_it_is_refused(beside: str) -> None:
    async with Listener() as listener:
        base = f"http://127.0.0.1:{listener.port}"

        refused = await refusal(base + beside, f"{base}/sample")

        assert (refused.code, listener.connections) == ("protocol-not-allowed", 0)


async def test_given_an_exempt_url_when_resolved_then_its_server_is_asked() -> None:
    async with Listener() as listener:
        base = f"http://127.0.0.1:{listener.port}"

        refused = await refusal(f"{base}/sample", base)

        assert (refused.code, listener.connections > 0) == ("source-unreachable", True)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(("scheme", "code"), [("https", "address-refused"), ("http", "protocol-not-allowed")])
async def test_given_a_redirect_to_this_machine_when_resolved_then_it_is_not_followed(
    status: int, scheme: str, code: str
) -> None:
    async with Listener() as listener:
        inside = f"{scheme}://127.0.0.1:{listener.port}"
        async with redirecting(lambda path: inside + path, status) as server:
            refused = await refusal(f"{server.url}/org/repo", server.url)

        assert (refused.code, listener.connections) == (code, 0)


async def test_given_a_redirect_to_a_checked_place_when_resolved_then_it_is_followed_and_told(
    server: GitServer,
) -> None:
    async with redirecting(lambda path: server.url + path.replace("/old/name", "/course")) as moved:
        request = Request(provider="git", repo=f"{moved.url}/old/name")
        policy = SourcePolicy(allow_exact=(moved.url, server.url))

        resolved = await resolve(request, policy=policy)

    assert (resolved.ref, resolved.url) == ("main", f"{server.url}/course")


async def test_given_a_server_that_redirects_to_itself_when_resolved_then_four_requests_end_it() -> None:
    async with redirecting(lambda path: path.replace("/a/", "/a/a/")) as server:
        refused = await refusal(f"{server.url}/a/b", server.url)

        assert (refused.code, len(server.asked)) == ("too-many-redirects", 4)


async def test_given_a_redirect_to_a_sign_in_page_when_resolved_then_the_repository_counts_as_private() -> (
    None
):
    async with redirecting(lambda _: "/users/sign_in") as server:
        refused = await refusal(f"{server.url}/org/repo", server.url)

    assert (refused.code, type(refused)) == ("repository-not-found", PersonError)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(answering(401, **{"WWW-Authenticate": "Basic"}), "repository-not-found", id="sign-in"),
        pytest.param(answering(403), "repository-not-found", id="forbidden"),
        pytest.param(answering(404), "repository-not-found", id="missing"),
        pytest.param(answering(200, "<p>Welcome</p>"), "repository-not-found", id="web-page"),
        pytest.param(answering(429), "source-unreachable", id="too-many-requests"),
        pytest.param(answering(503), "source-unreachable", id="down"),
    ],
)
async def test_given_a_server_without_the_repository_when_resolved_then_the_cause_is_told(
    answer: HttpServer, code: str
) -> None:
    async with answer:
        refused = await refusal(f"{answer.url}/returned-404/403", answer.url)

    assert refused.code == code


async def test_given_nobody_at_the_port_when_resolved_then_time_may_cure_it() -> None:
    async with Listener() as listener:
        url = f"http://127.0.0.1:{listener.port}"

    refused = await refusal(f"{url}/org/repo", url)

    assert (refused.code, type(refused)) == ("source-unreachable", TemporaryError)


async def test_given_a_name_that_no_resolver_knows_when_resolved_then_time_may_cure_it() -> None:
    refused = await refusal("https://nowhere.invalid/org/repo")

    assert (refused.code, type(refused)) == ("source-unreachable", TemporaryError)


async def test_given_a_server_that_never_answers_when_resolved_then_the_time_limit_ends_it() -> None:
    async with SilentServer() as server:
        refused = await refusal(
            f"{server.url}/org/repo", server.url, by=Git(limit=timedelta(milliseconds=300))
        )

    assert (refused.code, type(refused)) == ("source-slow", TemporaryError)


async def test_given_git_waiting_for_an_answer_when_the_time_is_up_then_no_process_is_left() -> None:
    async with SilentServer() as server:
        place = Place(url=f"{server.url}/org/repo", address="")
        asking = asyncio.create_task(run(place, "ls-remote", "--", place.url, most_bytes=10_000))
        await server.reached.wait()
        before = processes_that_name(server.url)

        asking.cancel()
        await asyncio.wait({asking})

        assert (bool(before), processes_that_name(server.url)) == (True, [])


def processes_that_name(text: str) -> list[int]:
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        dead = process.info["status"] == psutil.STATUS_ZOMBIE
        if not dead and any(text in word for word in process.info["cmdline"] or ()):
            found.append(process.pid)
    return found


async def test_given_a_listing_beyond_the_limit_when_resolved_then_it_is_too_large(server: GitServer) -> None:
    folder = server.folder / "course"
    for n in range(20):
        git(folder, "branch", f"a-rather-long-name-of-a-branch-{n}")

    refused = await refusal(f"{server.url}/course", server.url, by=Git(most_listed_bytes=500))

    assert refused.code == "source-too-large"


async def test_given_a_history_beyond_the_limit_when_a_short_commit_is_sought_then_it_is_too_large(
    server: GitServer,
) -> None:
    add_commits(server.folder / "course", 200)

    refused = await refusal(
        f"{server.url}/course", server.url, ref="abcdef1", by=Git(most_fetched_bytes=1000)
    )

    assert refused.code == "source-too-large"


async def test_given_a_checked_address_when_git_asks_then_it_connects_there_and_asks_no_resolver(
    server: GitServer,
) -> None:
    port = server.url.rpartition(":")[2]
    place = Place(url=f"http://source.invalid:{port}/course", address="127.0.0.1")

    said = await run(place, "ls-remote", "--", place.url, most_bytes=10_000)

    assert "refs/heads/main" in said


async def test_given_a_checked_address_when_redirects_are_sought_then_that_address_is_asked() -> None:
    async with redirecting(lambda path: f"https://next.invalid{path}") as server:
        port = server.url.rpartition(":")[2]

        _, onward = await _redirect(Place(url=f"http://source.invalid:{port}/course", address="127.0.0.1"))

    assert onward == "https://next.invalid/course"


async def test_given_a_users_git_settings_when_git_asks_then_they_do_not_count(
    server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitconfig").write_text('[url "https://nowhere.invalid/"]\n    insteadOf = http://\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    policy = SourcePolicy(allow_exact=(server.url,))

    resolved = await resolve(Request(provider="git", repo=f"{server.url}/course"), policy=policy)

    assert resolved.ref == "main"
