"""A DOI's whole way: the resolver, the record, a real instance that fetches its files, the Binder with them."""

import asyncio
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from tests.acceptance.playing import buttons_of
from tests.acceptance.real_guest.launching import DOCKERFILE, bot_on, ended, launch
from tests.acceptance.real_guest.seen import Seen
from tests.beds.guest_bed import HOST, GuestBed
from tests.fakes.record_sites import RecordSites, zenodo_record
from tests.integration.openstack.project import Project

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1200)]

_FILES = {"Dockerfile": DOCKERFILE.encode(), "greeting.txt": b"hello from a record\n"}


@pytest.fixture(scope="package")
def record(
    guest_bed: GuestBed, openstack_project: Project, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    """The launch of a DOI that only the resolver knows, once it has ended in one way or the other."""
    folder = tmp_path_factory.mktemp("real-guest-doi")
    with (
        replaying(_FILES) as url,
        bot_on(
            openstack_project, folder, image=guest_bed.image, sources=[url],
            command=(sys.executable, "-m", "tests.fakes.serve_replayed", url),
        ) as room,
    ):  # fmt: skip
        launch(room, "https://doi.org/10.1000/zenodo", "record")
        yield ended(room, openstack_project, "record")


@contextmanager
def replaying(files: Mapping[str, bytes]) -> Iterator[str]:
    """The sites of records, where the bot and guests reach them alike; Zenodo's record has these files. Yields their URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    sites = RecordSites(also_at=HOST)
    try:
        asyncio.run_coroutine_threadsafe(sites.__aenter__(), loop).result(10)
        for path, answer in zenodo_record(sites.url, files).items():
            sites.say(path, answer)
        yield sites.url
    finally:
        asyncio.run_coroutine_threadsafe(sites.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def test_given_a_doi_when_launched_then_a_kernel_of_the_instance_reads_the_record_s_file(
    record: Seen,
) -> None:
    assert "binder.open.lab" in buttons_of(record.message), str(record.message["blocks"])
    async with record.browser() as browser:
        await browser.enter(browser.ticket)

        assert await browser.compute("print(open('greeting.txt').read())") == "hello from a record"


def test_given_a_doi_when_launched_then_its_instance_carries_the_record_s_immutable_id(record: Seen) -> None:
    assert [server.metadata["binderops_commit"] for server in record.servers()] == ["3242074"]


@pytest.mark.last
def test_given_the_instance_of_a_doi_when_deleted_then_nothing_of_it_is_left_in_the_cloud(
    record: Seen,
) -> None:
    record.press("binder.delete")

    record.until_told(lambda m: "record" in m["text"] and "Its instance is gone" in m["text"])
    assert record.objects() == []
