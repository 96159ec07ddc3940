"""The person's work, downloaded from a real agent by a person's browser."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from provisioning.model import Work
from tests.fakes.guest_bench import Browser, GuestBench, a_repository, git_daemon

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

WORK = "/_binder/work"
CHANGED = "made-by-postbuild.txt"
FILES = {
    "index.ipynb": "{}",
    "data.csv": "1,2\n",
    "postBuild": "#!/bin/sh\necho made > made-by-postbuild.txt\n",
}


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuestBench]:
    """A guest that runs for the whole module."""
    base = tmp_path_factory.mktemp("git")
    commit = a_repository(base / "sample", FILES)
    with git_daemon(base) as url:
        bench = GuestBench(
            tmp_path_factory.mktemp("guest") / "state", f"{url}sample", commit, title="org/sample"
        )
        bench.start()
        yield bench
        bench.stop()


@pytest.fixture
async def folder(guest: GuestBench) -> AsyncIterator[Path]:
    """Where the person works; what a test changes there is gone after it, and what is gone is no work."""
    await guest.reports("ready", "failed")
    repository = guest.state / "repo"
    before = set(repository.rglob("*")) - {repository / CHANGED}
    yield repository
    for made in sorted(set(repository.rglob("*")) - before, reverse=True):
        if made.is_symlink() or not made.is_dir():
            made.unlink()


async def _inside(guest: GuestBench, browser: Browser) -> None:
    await guest.reports("ready", "failed")
    assert (await browser.enter(guest.ticket(WORK)))[1] == WORK


async def test_given_nothing_was_done_when_asked_for_then_a_page_says_so(guest: GuestBench) -> None:
    async with guest.browser() as browser:
        await _inside(guest, browser)

        status, page = await browser.get(f"{WORK}?zip=")

    assert (status, "No files are new or changed" in page, "<button" in page) == (200, True, False)


async def test_given_files_that_were_written_when_downloaded_then_they_are_in_the_archive(
    guest: GuestBench, folder: Path
) -> None:
    async with guest.browser() as browser:
        await _inside(guest, browser)
        (folder / "plots").mkdir(exist_ok=True)
        (folder / "plots" / "año.txt").write_text("a plot")
        (folder / CHANGED).write_text("changed")

        _, page = await browser.get(WORK)
        name, files = await browser.work()

    top = f"org-sample-commit-{guest.orders['source']['commit'][:10]}"
    assert "2 files are new or changed since this environment was ready: 0.0 MiB." in page
    assert (name, files) == (
        f"{top}.zip",
        {f"{top}/plots/año.txt": "a plot", f"{top}/{CHANGED}": "changed"},
    )


async def test_given_files_that_were_written_when_the_bot_asks_then_it_hears_how_many_and_how_large(
    guest: GuestBench, folder: Path
) -> None:
    (folder / "new.bin").write_bytes(bytes(5000))

    async with guest.link() as link:
        assert await link.work(guest.agent_url, guest.id) == Work(files=1, size_bytes=5000)


async def test_given_hostile_names_and_links_when_downloaded_then_nothing_leads_out(
    guest: GuestBench, folder: Path
) -> None:
    async with guest.browser() as browser:
        await _inside(guest, browser)
        (folder / "..\\..\\evil.txt").write_text("e")
        (folder / "passwd").symlink_to("/etc/passwd")
        (folder / "etc").symlink_to("/etc")
        os.mkfifo(folder / "pipe")

        _, files = await browser.work()

    assert {name.partition("/")[2] for name in files} == {".._.._evil.txt"}


async def test_given_no_cookie_when_asked_for_then_it_is_told_how_to_get_in(guest: GuestBench) -> None:
    await guest.reports("ready", "failed")
    async with guest.browser() as browser:
        status, page = await browser.get(f"{WORK}?zip=")

    assert (status, "Open" in page, "PK" in page) == (401, True, False)


@pytest.mark.parametrize("method", ["HEAD", "POST", "DELETE"])
async def test_given_another_method_when_it_asks_for_the_work_then_there_is_nothing(
    guest: GuestBench, method: str
) -> None:
    async with guest.browser() as browser:
        await _inside(guest, browser)

        assert (await browser.get(WORK, method))[0] == 404


async def test_given_another_site_when_its_script_asks_for_the_work_then_it_is_refused(
    guest: GuestBench,
) -> None:
    async with guest.browser() as browser:
        await _inside(guest, browser)

        assert (await browser.get(WORK, Sec_Fetch_Site="cross-site"))[0] == 403


async def test_given_a_download_under_way_when_another_is_asked_for_then_it_is_told_to_wait(
    guest: GuestBench, folder: Path
) -> None:
    async with guest.browser() as browser, guest.browser() as other:
        await _inside(guest, browser)
        other.cookie = browser.cookie
        (folder / "large.bin").write_bytes(os.urandom(64 << 20))  # more than all buffers on the way take

        url = f"{guest.agent_url}{WORK}?zip="
        async with browser.session.get(url, headers=browser.headers()) as unread:
            status, page = await other.get(f"{WORK}?zip=")
            served = (await other.get("/api/status"))[0]
            unread.close()

    assert (unread.status, status, "try again" in page, served) == (200, 503, True, 200)


async def test_given_a_download_that_was_broken_off_then_the_next_one_is_whole(
    guest: GuestBench, folder: Path
) -> None:
    async with guest.browser() as browser:
        await _inside(guest, browser)
        (folder / "large.bin").write_bytes(os.urandom(64 << 20))
        async with browser.session.get(
            f"{guest.agent_url}{WORK}?zip=", headers=browser.headers()
        ) as broken_off:
            await broken_off.content.read(1000)
            broken_off.close()
        (folder / "large.bin").write_text("small")

        async with asyncio.timeout(60):
            while (await browser.get(WORK))[0] == 503:  # noqa: ASYNC110  only asking shows that the agent noticed
                await asyncio.sleep(0.1)
        _, files = await browser.work()

    assert "small" in files.values()
