"""The real agent as a process, from a git repository to a kernel that computes, and its end."""

from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from provisioning.reports import reports_on_console
from tests.fakes.guest_bench import GuestBench, a_repository, git_daemon

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

FILES = {
    "index.ipynb": '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "requirements.txt": "iniconfig\n",
    "postBuild": "#!/bin/sh\necho made > made-by-postbuild.txt\n",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The URL and the commit of a small repository."""
    base = tmp_path_factory.mktemp("git")
    commit = a_repository(base / "sample", FILES)
    with git_daemon(base) as url:
        yield f"{url}sample", commit


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory, served: tuple[str, str]) -> Iterator[GuestBench]:
    """A guest that runs for the whole module; each test waits for it to be ready."""
    bench = GuestBench(
        tmp_path_factory.mktemp("guest") / "state", *served, path="index.ipynb", path_kind="auto"
    )
    bench.start()
    yield bench
    bench.stop()


async def test_given_a_repository_when_built_then_the_story_ends_ready_with_what_answers(
    guest: GuestBench,
) -> None:
    reports = await guest.reports("ready", "failed")

    last = reports[-1]
    assert (last.phase, last.open_path) == ("ready", "/lab/tree/index.ipynb")
    assert [i.name for i in last.interfaces] == ["lab", "notebook", "terminal"]


async def test_given_the_story_then_its_phases_and_steps_are_in_order(guest: GuestBench) -> None:
    reports = await guest.reports("ready", "failed")

    phases = list(dict.fromkeys(r.phase for r in reports))
    steps = [r.step for r in reports if r.step]
    assert phases == ["setup", "fetch", "build", "start", "probe", "ready"]
    assert (steps == sorted(steps), steps[-1]) == (True, (4, 4))


async def test_given_the_console_then_it_tells_the_same_story_in_short_lines(guest: GuestBench) -> None:
    reports = await guest.reports("ready", "failed")

    console = guest.console()
    assert [r.n for r in reports_on_console(console)][: len(reports)] == [r.n for r in reports]
    assert max(len(line) for line in console.splitlines()) <= 1024


async def test_given_a_ticket_when_handed_in_then_a_kernel_computes(guest: GuestBench) -> None:
    await guest.reports("ready", "failed")
    async with guest.browser() as browser:
        entered = await browser.enter(guest.ticket("/lab"))

        assert entered == (303, "/lab")
        assert (await browser.get("/lab"))[0] == 200
        assert await browser.compute("print(6*7)") == "42"
