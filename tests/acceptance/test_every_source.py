"""Every kind of source from ``/binder`` to a ready Binder with its files: the real agent on the local cloud, the sites replayed."""

import os
from pathlib import Path

import pytest

from tests.fakes.git_server import GitServer
from tests.fakes.guest_bench import a_repository
from tests.fakes.quick_bot import quick_bot
from tests.fakes.record_files import COURSE, DIRECTORY
from tests.fakes.record_sites import RESOURCE, RecordSites

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

REAL_GUEST = Path(__file__).parents[2] / "provisioning"
KINDS = {
    "zenodo": ("10.5281/zenodo.3242074", {"data.bin", "index.ipynb"}),
    "figshare": ("https://figshare.com/articles/code/x/9782777", {*COURSE, "data.bin"}),
    "dataverse": ("doi:10.7910/DVN/TJCLKP", {"data/a.csv", "index.ipynb"}),
    "hydroshare": (f"https://www.hydroshare.org/resource/{RESOURCE}/", {"data/large.bin", "index.ipynb"}),
    "ckan": ("{site}/ckan/dataset/sea-turtles", {"a.csv", "index.ipynb"}),
    "swh": (f"swh:1:dir:{DIRECTORY}", set(COURSE)),
    "archive": ("{site}/files/course.zip", set(COURSE)),
    "doi": ("https://doi.org/10.1000/zenodo", {"data.bin", "index.ipynb"}),
    "git": ("{git}course", {"a.txt"}),
}


# Each launch is a whole one; the others fetch by the same code, which has its own tests.
_THESE = (
    KINDS
    if os.environ.get("BINDEROPS_SOURCES") == "all"
    else {name: KINDS[name] for name in ("zenodo", "archive")}
)


@pytest.mark.parametrize(("text", "files"), _THESE.values(), ids=_THESE)
async def test_given_a_source_of_any_kind_when_launched_then_its_binder_is_ready_with_its_files(
    tmp_path: Path, database_url: str, text: str, files: set[str]
) -> None:
    a_repository(tmp_path / "git" / "course", {"a.txt": "hello\n"})
    async with (
        GitServer(tmp_path / "git") as git,
        RecordSites() as sites,
        quick_bot(
            tmp_path, database_url, guest=REAL_GUEST, sources=sites.sources(), exempt=[sites.url, git.url]
        ) as room,
    ):
        await room.types(text.format(site=sites.url, git=f"{git.url}/"))
        ready = room.message("Ready", "binder.open.lab")
        failed = room.message("Failed")
        await room.until(lambda: ready() or failed(), within_s=240)

        assert failed() is None
        repository = room.servers()[0] / "state" / "repo"
        there = {str(f.relative_to(repository)) for f in repository.rglob("*") if f.is_file()}
        assert files <= there
