"""The guest's fetch by git of what is on no branch."""

import asyncio
import os
from pathlib import Path

import pytest

from provisioning.guest import fetch
from provisioning.guest.orders import Limits, Source
from provisioning.guest.processes import Children
from tests.fakes.guest_bench import a_repository, git, git_daemon

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


async def test_given_a_pull_request_that_got_another_commit_meanwhile_when_fetched_then_it_is_the_resolved_one(
    tmp_path: Path,
) -> None:
    base = tmp_path / "served"
    a_repository(base / "course", {"a.txt": "main"})
    (base / "course" / "a.txt").write_text("proposed")
    git(base / "course", "commit", "--quiet", "--all", "--message=proposed")
    resolved = git(base / "course", "rev-parse", "HEAD")
    git(base / "course", "commit", "--quiet", "--allow-empty", "--message=later")
    git(base / "course", "update-ref", "refs/pull/7/head", "HEAD")
    git(base / "course", "reset", "--quiet", "--hard", "HEAD~2")
    state = tmp_path / "state"
    state.mkdir()

    with git_daemon(base) as url:
        source = Source(
            kind="git",
            url=f"{url}course",
            commit=resolved,
            ref="refs/pull/7/head",
            address="",
            allow_exact=(url,),
        )
        folder = await asyncio.to_thread(
            fetch.fetch, source, Limits(source_mib=16, fetch_s=60, build_s=1, start_s=1), state=state,
            children=Children(str(state)), environ=os.environ, on_line=lambda _: None,
        )  # fmt: skip

    assert (folder / "a.txt").read_text() == "proposed"
