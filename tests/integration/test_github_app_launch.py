"""Private repositories launched by a deployment's GitHub App: real guests fetch with tokens made for them, which are nowhere."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot import github_app
from bot.masking import hide
from bot.runtime import utc_now
from bot.settings import Settings, load
from provisioning.checks import State
from provisioning.errors import RefusedError
from provisioning.store.database import Database
from tests.acceptance.test_planted_secrets import everything_logged
from tests.fakes.github import APP, CLIENT_ID, GitHub, a_key, pem_of
from tests.fakes.guest_bench import a_repository, git
from tests.fakes.quick_bot import Room, quick_bot
from tests.integration.desk.test_token import dumped
from tests.integration.test_private_launch import ROOT, texts

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


@pytest.fixture
async def github(tmp_path: Path) -> AsyncIterator[GitHub]:
    a_repository(tmp_path / "served" / "org" / "course", {"a.txt": "private"})
    async with GitHub(tmp_path / "served", "org/course") as running:
        running.is_stateless = True
        yield running


def with_app(github: GitHub, *, app: str = APP, key: int = 0) -> Callable[[Settings], Settings]:
    """The settings with the App's."""

    def change(settings: Settings) -> Settings:
        own = {
            "github_app.id": app,
            "github_app.api_url": github.api,
            "sources.allow_exact": [*settings.texts("sources.allow_exact"), github.url],
        }
        secrets = replace(settings.secrets, github_app_private_key=pem_of(a_key(key)))
        return replace(settings, values={**settings.values, **own}, secrets=secrets)

    return change


def fetched(room: Room) -> list[Path]:
    """The private file on each instance that has it."""
    return list(room.cloud.glob("servers/*/state/repo/a.txt"))


async def test_given_an_app_when_its_repository_is_launched_and_launched_again_then_each_guest_has_a_token_of_its_own_and_none_is_kept(
    tmp_path: Path, database_url: str, github: GitHub
) -> None:
    change = with_app(github)
    with everything_logged() as written:
        hide(change(load({})).secrets.all())
        async with quick_bot(
            tmp_path / "bot", database_url, guest=ROOT / "provisioning", change=change
        ) as room:
            await room.types(f"{github.url}/org/course")
            await room.until(lambda: fetched(room))
            first = set(github.tokens)
            await room.types("relaunch")
            await room.until(lambda: len(fetched(room)) > 1)
            said = str(vars(room.playground.site.workspace)) + texts(room.cloud / "servers")
            db = await Database(database_url).open()
            rows = await dumped(db)
            await db.close()

    places = {"rows": rows, "said": said, "log": written.getvalue(), "home": texts(tmp_path / "bot" / "home")}
    secrets = [*github.seals(), *pem_of(a_key()).split("\n")[1:-2]]
    assert "token-handed" in places["log"]
    # Both lookups share one; each fetch has its own.
    assert (len(first), len(github.tokens)) == (2, 3)
    assert [(name, secret) for name, text in places.items() for secret in secrets if secret in text] == []


async def test_given_an_app_that_is_not_installed_there_then_the_person_reads_where_to_install_it(
    tmp_path: Path, database_url: str, github: GitHub
) -> None:
    github.installed = {"org/other"}

    async with quick_bot(tmp_path / "bot", database_url, change=with_app(github)) as room:
        await room.types(f"{github.url}/org/course")
        await room.until(lambda: "installations/new" in str(vars(room.playground.site.workspace)))
        await room.types("token list")
        await room.until(
            lambda: "this deployment's GitHub App" in str(room.playground.site.workspace.ephemerals)
        )

        assert room.servers() == []


async def test_given_half_of_an_app_when_the_bot_starts_then_it_says_what_is_missing(
    tmp_path: Path, database_url: str, github: GitHub
) -> None:
    change = with_app(github)

    def without_key(settings: Settings) -> Settings:
        return replace(change(settings), secrets=settings.secrets)

    with pytest.raises(RefusedError, match="github-app-incomplete"):
        async with quick_bot(tmp_path / "bot", database_url, change=without_key):
            pass


@pytest.mark.parametrize("app", [APP, CLIENT_ID], ids=["App ID", "client ID"])
async def test_given_an_app_when_checked_then_its_line_says_what_it_is_and_no_token_is_made(
    github: GitHub, app: str
) -> None:
    finding = await github_app.check(with_app(github, app=app)(load({})), utc_now)

    assert finding is not None
    assert (finding.check, finding.state) == ("github-app", State.OK)
    assert "Binderops at org of org" in finding.said
    assert github.called == ["/app"]


async def test_given_another_apps_key_when_checked_then_the_line_fails_and_says_what_to_compare(
    github: GitHub,
) -> None:
    finding = await github_app.check(with_app(github, key=1)(load({})), utc_now)

    assert finding is not None
    assert (finding.state, "[github-app-key-wrong]" in finding.said) == (State.FAIL, True)
    assert "compare github_app.id" in finding.mend


async def test_given_an_api_that_is_away_when_checked_then_the_line_fails(github: GitHub) -> None:
    change = with_app(github)
    await github.__aexit__(None, None, None)

    finding = await github_app.check(change(load({})), utc_now)

    assert finding is not None
    assert (finding.state, "[source-unreachable]" in finding.said) == (State.FAIL, True)
    assert "www.githubstatus.com" in finding.mend


async def test_given_no_app_when_checked_then_there_is_no_line() -> None:
    assert await github_app.check(load({}), utc_now) is None


async def test_given_an_app_by_file_and_settings_when_resolved_on_the_command_line_then_the_commit_is_shown(
    tmp_path: Path, github: GitHub
) -> None:
    (tmp_path / "key.pem").write_text(pem_of(a_key()))
    (tmp_path / "binderops.yaml").write_text(
        f"github_app: {{id: {APP}, api_url: {github.api}}}\nsources: {{allow_exact: [{github.url}]}}\n"
    )
    environment = {
        "BINDEROPS_CONFIG": str(tmp_path / "binderops.yaml"), "BINDEROPS_HOME": str(tmp_path / "home"),
        "GITHUB_APP_PRIVATE_KEY_FILE": str(tmp_path / "key.pem"),
    }  # fmt: skip

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "resolve", f"{github.url}/org/course", env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()

    head = git(tmp_path / "served" / "org" / "course", "rev-parse", "HEAD")
    assert json.loads(said)["commit"] == head
