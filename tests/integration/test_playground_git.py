"""The sample repositories over git's smart protocol."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.playground.git_http import environment
from tests.fakes.playground import Bench, bench

pytestmark = pytest.mark.integration


@pytest.fixture
async def room() -> AsyncIterator[Bench]:
    async with bench() as running:
        yield running


async def git(*arguments: str, cwd: Path | None = None) -> tuple[int, str]:
    """Exit code and output of a git command."""
    process = await asyncio.create_subprocess_exec(
        "git",
        *arguments,
        cwd=cwd,
        env=environment({}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode().strip()


async def test_given_the_sample_when_it_is_cloned_shallowly_then_its_files_are_there(
    room: Bench, tmp_path: Path
) -> None:
    await git("clone", "--quiet", "--depth", "1", room.playground.sample_url, str(tmp_path / "repo"))

    notebook = json.loads((tmp_path / "repo" / "index.ipynb").read_text())
    assert "6 * 7" in ["".join(cell["source"]) for cell in notebook["cells"]]


async def test_given_a_commit_when_exactly_it_is_fetched_then_it_comes(room: Bench, tmp_path: Path) -> None:
    _, listed = await git("ls-remote", room.playground.sample_url, "HEAD")
    commit = listed.split()[0]
    await git("init", "--quiet", cwd=tmp_path)

    await git("fetch", "--quiet", "--depth", "1", room.playground.sample_url, commit, cwd=tmp_path)

    assert await git("rev-parse", "FETCH_HEAD", cwd=tmp_path) == (0, commit)


async def test_given_two_runs_when_the_sample_is_made_then_its_commit_is_the_same(room: Bench) -> None:
    async with bench() as other:
        refs = [await git("ls-remote", one.playground.sample_url) for one in (room, other)]

    assert refs[0] == refs[1]


async def test_given_the_broken_one_when_it_is_cloned_then_it_asks_for_what_nobody_has(
    room: Bench, tmp_path: Path
) -> None:
    await git("clone", "--quiet", room.playground.broken_url, str(tmp_path / "repo"))

    assert "no-such-package" in (tmp_path / "repo" / "requirements.txt").read_text()


async def test_given_a_clone_when_it_is_pushed_back_then_it_is_refused(room: Bench, tmp_path: Path) -> None:
    await git("clone", "--quiet", room.playground.sample_url, str(tmp_path / "repo"))

    code, _ = await git("push", "origin", "HEAD:refs/heads/mine", cwd=tmp_path / "repo")

    assert code != 0


async def test_given_a_name_that_is_not_there_when_it_is_listed_then_git_fails(room: Bench) -> None:
    code, _ = await git("ls-remote", f"{room.playground.url}/other.git")

    assert code != 0
