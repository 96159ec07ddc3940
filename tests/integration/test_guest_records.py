"""The guest's fetch of everything that is not git, from a server that answers as the sites do: which files, and what is refused."""

import asyncio
import dataclasses
import json
import os
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from provisioning.guest import fetch
from provisioning.guest.causes import Cause, FailedError
from provisioning.guest.orders import parse
from provisioning.guest.processes import Children
from provisioning.launch_spec import Limits, launch_json
from provisioning.model import Request
from provisioning.sources import identify
from provisioning.tickets import Signer
from tests.fakes.git_server import HttpServer, Listener
from tests.fakes.record_files import (
    COURSE,
    DIRECTORY,
    MIB,
    TABLE,
    WITH_SUBMODULE,
    course_zip,
    large_zip,
    md5,
    tarred,
)
from tests.fakes.record_sites import DATA, NOTEBOOK, RESOURCE, RecordSites
from tests.strategies import ADDRESS, a_binder, a_plan

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

RECORD = "/zenodo/api/records/3242074"
FETCHED: dict[str, tuple[str, str, dict[str, bytes]]] = {
    "zenodo": ("zenodo", "10.5281/zenodo.3242074", {"data.bin": DATA, "index.ipynb": NOTEBOOK}),
    "zenodo: another site": ("zenodo", "{site}/records/8hawh-qmq12", {"index.ipynb": NOTEBOOK}),
    "figshare: a lone archive": (
        "figshare", "10.6084/m9.figshare.9782777", {**COURSE, "data.bin": bytes(MIB)},
    ),
    "dataverse: tables as they were uploaded": (
        "dataverse", "{site}/dv/dataset.xhtml?persistentId=doi:10.7910/DVN/TJCLKP",
        {"data/a.csv": TABLE, "index.ipynb": NOTEBOOK},
    ),
    "hydroshare": ("hydroshare", f"10.4211/hs.{RESOURCE}", {"index.ipynb": NOTEBOOK, "data/large.bin": bytes(MIB)}),
    "ckan": (
        "ckan", "{site}/ckan/dataset/sea-turtles", {"a.csv": COURSE["data/a.csv"], "index.ipynb": NOTEBOOK},
    ),
    "swh": ("swh", f"swh:1:dir:{DIRECTORY}", dict(COURSE)),
    "archive: its only folder": ("archive", "{site}/files/course.zip", dict(COURSE)),
    "doi": ("doi", "10.1000/zenodo", {"data.bin": DATA, "index.ipynb": NOTEBOOK}),
}  # fmt: skip


@pytest.fixture
async def sites() -> AsyncIterator[RecordSites]:
    """All sites at once."""
    async with RecordSites() as running:
        yield running


class Bench:
    """One guest's state folder, and what is fetched into it."""

    def __init__(self, state: Path) -> None:
        self.state, self.lines = state, list[str]()

    async def fetch(
        self, sites: RecordSites, provider: str, repo: str, *, exempt: tuple[str, ...] = (), **source: Any
    ) -> dict[str, bytes]:
        """Resolve as the bot does, hand over as it does, fetch as the agent does."""
        request = Request(provider=provider, repo=repo.replace("{site}", sites.url))
        resolved = await identify(request, policy=sites.policy, sources=sites.sources())
        plan = dataclasses.replace(
            a_plan(), request=request, commit=resolved.commit, ref=resolved.ref,
            source_url=resolved.url, source_kind=resolved.kind(request),
        )  # fmt: skip
        limits = source.pop("limits", Limits(source_mib=16, fetch_s=60))
        launch = dict(
            launch_json(
                a_binder(), plan, ADDRESS, deployment="d", runtime="venv", bot_keys=[Signer.generate().public_key],
                allow_exact=exempt or sites.policy.allow_exact, limits=limits,
            )
        )  # fmt: skip
        launch["source"] = {**launch["source"], **source}  # type: ignore[dict-item]  an object of the orders
        self.state.mkdir(exist_ok=True)
        (self.state / "launch.json").write_text(json.dumps(launch))
        orders = parse(json.loads(json.dumps(launch)))
        folder = await asyncio.to_thread(
            fetch.fetch, orders.source, orders.limits, state=self.state, children=Children(str(self.state)),
            environ=os.environ, on_line=self.lines.append,
        )  # fmt: skip
        return {
            str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()
        }

    async def refused(self, sites: RecordSites, *arguments: Any, **more: Any) -> Cause:
        with pytest.raises(FailedError) as failed:
            await self.fetch(sites, *arguments, **more)
        assert not (self.state / "repo").exists()
        return failed.value.cause

    async def refused_record(self, sites: RecordSites, files: list[Any], **more: Any) -> Cause:
        """What becomes of a record of Zenodo with these files."""
        sites.say(f"/mine{RECORD}", {"id": 3242074, "files": files})
        url = f"{sites.url}/mine{RECORD}"
        return await self.refused(sites, "zenodo", "10.5281/zenodo.3242074", url=url, **more)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "state")


@pytest.mark.parametrize(("provider", "repo", "files"), FETCHED.values(), ids=FETCHED)
async def test_given_what_was_resolved_when_fetched_then_exactly_its_files_are_there(
    sites: RecordSites, bench: Bench, provider: str, repo: str, files: dict[str, bytes]
) -> None:
    assert await bench.fetch(sites, provider, repo) == files
    assert not (bench.state / "fetch.part").exists()


@pytest.mark.parametrize(
    ("provider", "repo", "commit"),
    [
        pytest.param("zenodo", "10.5281/zenodo.3242074", "3242075", id="another record"),
        pytest.param("figshare", "10.6084/m9.figshare.9782777", "9782777.v2", id="another version"),
        pytest.param(
            "dataverse", "{site}/dv/dataset.xhtml?persistentId=doi:10.7910/DVN/TJCLKP", "3035124.v4.0",
            id="another version of a dataset",
        ),
        pytest.param("hydroshare", f"10.4211/hs.{RESOURCE}", f"{RESOURCE}.v1", id="a resource that was changed"),
        pytest.param("ckan", "{site}/ckan/dataset/sea-turtles", "sea-turtles.v1", id="a dataset that was changed"),
        pytest.param("archive", "{site}/files/course.zip", "0" * 64, id="an archive with other bytes"),
    ],
)  # fmt: skip
async def test_given_another_state_than_was_resolved_when_fetched_then_it_is_refused(
    sites: RecordSites, bench: Bench, provider: str, repo: str, commit: str
) -> None:
    assert (await bench.refused(sites, provider, repo, commit=commit)).code == "record-changed"


async def test_given_a_directory_with_other_files_than_its_identifier_says_then_it_is_refused(
    sites: RecordSites, bench: Bench
) -> None:
    sites.say(f"/swh/api/1/vault/flat/swh:1:dir:{DIRECTORY}/raw/", large_zip())

    assert (await bench.refused(sites, "swh", f"swh:1:dir:{DIRECTORY}")).code == "checksum-wrong"


async def test_given_a_directory_with_a_submodule_when_fetched_then_its_identifier_still_is_checked(
    sites: RecordSites, bench: Bench
) -> None:
    identifier, api = f"swh:1:dir:{WITH_SUBMODULE}", "/swh/api/1"
    empty = tarfile.TarInfo(f"{identifier}/vendor/lib")
    empty.type = tarfile.DIRTYPE
    files = [(f"{identifier}/{name}", content) for name, content in COURSE.items()]
    raw = f"{api}/vault/flat/{identifier}/raw/"
    sites.say(raw, tarred(*files, empty))
    sites.say(
        f"{api}/vault/flat/{identifier}/", {"status": "done", "fetch_url": raw}
    )  # without the host, too
    sites.say(f"{api}/directory/{WITH_SUBMODULE}/", [])
    sites.say(f"{api}/directory/{WITH_SUBMODULE}/vendor/lib/", {"type": "rev", "target": "b" * 40})

    assert await bench.fetch(sites, "swh", identifier) == dict(COURSE)


async def test_given_a_vault_that_gives_up_when_fetched_then_its_words_are_told(
    sites: RecordSites, bench: Bench
) -> None:
    sites.say(
        f"/swh/api/1/vault/flat/swh:1:dir:{DIRECTORY}/",
        {"status": "failed", "progress_message": "too many objects", "fetch_url": None},
    )

    cause = await bench.refused(sites, "swh", f"swh:1:dir:{DIRECTORY}")

    assert (cause.code, cause.lines) == ("vault-failed", ("too many objects",))


FILES = {
    "bytes that are not those of the checksum": (
        {"key": "a", "checksum": f"md5:{md5(b'x')}"},
        "checksum-wrong",
    ),
    "a name that leads out": ({"key": "../a"}, "record-unreadable"),
    "half a character": ({"key": "a\ud800"}, "record-unreadable"),
    "a whole path": ({"key": "/etc/a"}, "record-unreadable"),
    "settings of git": ({"key": ".git/config"}, "record-unreadable"),
    "a name too long": ({"key": "a" * 300}, "record-unreadable"),
    "no place to download it": ({"key": "a", "links": {}}, "record-unreadable"),
    "a size beyond the limit": ({"key": "a", "size": 17 * MIB}, "source-too-large"),
    "a place that is none": ({"key": "a", "links": {"self": "https://[1/a"}}, "source-refused"),
    "no place but spaces": ({"key": "a", "links": {"self": "https:// /a b"}}, "source-refused"),
    "nothing at its place": ({"key": "a", "links": {"self": "{site}/none"}}, "record-gone"),
}


@pytest.mark.parametrize(("file", "code"), FILES.values(), ids=FILES)
async def test_given_a_record_whose_file_is_wrong_when_fetched_then_it_is_refused_with_words(
    sites: RecordSites, bench: Bench, file: dict[str, Any], code: str
) -> None:
    whole = {"links": {"self": f"{sites.url}/ckan/linked/index.ipynb"}, **file}
    whole = json.loads(json.dumps(whole).replace("{site}", sites.url))

    cause = await bench.refused_record(sites, [whole])

    assert (cause.code, bool(cause.message), bool(cause.hint)) == (code, True, True)


async def test_given_files_where_one_is_anothers_folder_then_the_record_is_refused(
    sites: RecordSites, bench: Bench
) -> None:
    link = {"links": {"self": f"{sites.url}/ckan/linked/index.ipynb"}}

    cause = await bench.refused_record(sites, [{"key": "a", **link}, {"key": "a/b", **link}])

    assert cause.code == "record-unreadable"


async def test_given_a_name_with_spaces_and_accents_when_fetched_then_it_is_asked_for(
    sites: RecordSites, bench: Bench
) -> None:
    sites.say("/ckan/d%C3%A9j%C3%A0%20vu.csv", TABLE)
    file = {"key": "d\u00e9j\u00e0 vu.csv", "links": {"self": f"{sites.url}/ckan/d\u00e9j\u00e0 vu.csv"}}
    sites.say(f"/mine{RECORD}", {"id": 3242074, "files": [file]})

    files = await bench.fetch(sites, "zenodo", "10.5281/zenodo.3242074", url=f"{sites.url}/mine{RECORD}")

    assert files == {"d\u00e9j\u00e0 vu.csv": TABLE}


async def test_given_an_article_that_lists_some_of_its_files_when_fetched_then_all_are_there(
    sites: RecordSites, bench: Bench
) -> None:
    files = [
        {"name": name, "size": len(NOTEBOOK), "download_url": f"{sites.url}/ckan/linked/index.ipynb"}
        for name in ("a.ipynb", "b.ipynb")
    ]
    article = "/mine/articles/9782777/versions/3"
    whole = {"id": 9782777, "version": 3, "size": 2 * len(NOTEBOOK), "files": files[:1]}
    sites.say(article, whole)
    sites.say(f"{article}/files?page_size=1000", files)

    fetched = await bench.fetch(sites, "figshare", "10.6084/m9.figshare.9782777", url=sites.url + article)

    assert sorted(fetched) == ["a.ipynb", "b.ipynb"]


async def test_given_a_record_without_files_then_that_is_said(sites: RecordSites, bench: Bench) -> None:
    assert (await bench.refused_record(sites, [])).code == "record-empty"


async def test_given_more_bytes_than_were_told_when_the_limit_is_passed_then_fetching_ends(
    sites: RecordSites, bench: Bench
) -> None:
    link = {"links": {"self": f"{sites.url}{RECORD}/files/data.bin/content"}}
    small = Limits(source_mib=2, fetch_s=60)

    cause = await bench.refused_record(sites, [{"key": "a", "size": 1, **link}], limits=small)

    assert cause.code == "source-too-large"


async def test_given_a_server_that_says_nothing_when_the_time_is_up_then_fetching_ends(
    sites: RecordSites, bench: Bench
) -> None:
    async def never(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(15)
        return web.Response()

    async with HttpServer(never) as silent:
        cause = await bench.refused(
            sites, "archive", "{site}/files/course.zip", url=f"{silent.url}/a.zip", allow_exact=[silent.url],
            limits=Limits(source_mib=16, fetch_s=2),
        )  # fmt: skip

    assert cause.code == "fetch-timeout"


async def test_given_a_server_that_is_busy_for_a_moment_when_fetched_then_it_is_asked_again(
    sites: RecordSites, bench: Bench
) -> None:
    answers = [web.Response(status=429, headers={"Retry-After": "0"}), web.Response(body=course_zip())]

    async def busy(request: web.Request) -> web.StreamResponse:
        return answers.pop(0)

    async with HttpServer(busy) as site:
        files = await bench.fetch(
            sites, "archive", "{site}/files/course.zip", url=f"{site.url}/a.zip", allow_exact=[site.url]
        )

    assert files == dict(COURSE)


def redirecting(target: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(
            status=302, headers={"Location": target}
        )  # as it is: an exception of aiohttp would mend it

    return answer


INSIDE = {
    "this machine": "https://127.0.0.1:{port}/a.zip",
    "by name": "https://localhost:{port}/a.zip",
    "decimal": "https://2130706433:{port}/a.zip",
    "octal": "https://0177.0.0.1:{port}/a.zip",
    "hexadecimal": "https://0x7f.0.0.1:{port}/a.zip",
    "shortened": "https://127.1:{port}/a.zip",
    "mapped": "https://[::ffff:127.0.0.1]:{port}/a.zip",
    "a zone": "https://[fe80::1%25lo]:{port}/a.zip",
    "credentials": "https://zenodo.org@127.0.0.1:{port}/a.zip",
    "plain http": "http://127.0.0.1:{port}/a.zip",
    "NAT64": "https://[64:ff9b::7f00:1]:{port}/a.zip",
    "a backslash": "https://zenodo.org\\@127.0.0.1:{port}/a.zip",
    "ideographic dots": "https://127\u30020\u30020\u30021:{port}/a.zip",
    "a hyphen before a name": "https://-localhost:{port}/a.zip",
    "ssh": "ssh://127.0.0.1:{port}/a.zip",
    "git": "git://127.0.0.1:{port}/a.zip",
    "a helper of git": "ext::sh -c id",
    "ftp": "ftp://127.0.0.1:{port}/a.zip",
    "file": "file:///etc/passwd",
}


@pytest.mark.parametrize("url", INSIDE.values(), ids=INSIDE)
async def test_given_a_place_inside_when_fetched_then_it_is_refused_and_nobody_is_asked(
    sites: RecordSites, bench: Bench, url: str
) -> None:
    async with Listener() as listener:
        inside = url.format(port=listener.port)
        cause = await bench.refused(sites, "archive", "{site}/files/course.zip", url=inside, allow_exact=[])

        assert (cause.code, listener.connections) == ("source-refused", 0)


@pytest.mark.parametrize("url", INSIDE.values(), ids=INSIDE)
async def test_given_a_site_that_sends_on_to_a_place_inside_when_fetched_then_it_is_not_followed(
    sites: RecordSites, bench: Bench, url: str
) -> None:
    async with Listener() as listener, HttpServer(redirecting(url.format(port=listener.port))) as site:
        cause = await bench.refused(
            sites, "archive", "{site}/files/course.zip", url=f"{site.url}/a.zip", allow_exact=[site.url]
        )

        assert (cause.code, listener.connections) == ("source-refused", 0)


@pytest.mark.parametrize("url", INSIDE.values(), ids=INSIDE)
async def test_given_a_record_that_names_a_place_inside_when_fetched_then_nobody_there_is_asked(
    sites: RecordSites, bench: Bench, url: str
) -> None:
    async with Listener() as listener:
        file = {"key": "a", "links": {"self": url.format(port=listener.port)}}
        cause = await bench.refused_record(sites, [file])

        assert (cause.code, listener.connections) == ("source-refused", 0)


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param({"deny": ["127.0.0.1"]}, id="denied"),
        pytest.param({"allow": ["zenodo.org"]}, id="not allowed"),
    ],
)
@pytest.mark.parametrize("kind", ["archive", "git"])
async def test_given_rules_against_a_source_when_fetched_then_nobody_is_asked_and_it_is_said_whom_to_ask(
    sites: RecordSites, bench: Bench, rules: dict[str, Any], kind: str
) -> None:
    async with Listener() as listener:
        place = f"http://127.0.0.1:{listener.port}"
        source = {"kind": kind, "url": f"{place}/a.zip", "allow_exact": [place], "commit": "a" * 64}
        cause = await bench.refused(
            sites, "archive", "{site}/files/course.zip", rules={**rules, "ask": "Ada"}, **source
        )

        assert (cause.code, "Ada" in cause.hint, listener.connections) == ("source-not-allowed", True, 0)


async def test_given_a_denied_host_when_a_redirect_leads_there_then_it_is_not_followed(
    sites: RecordSites, bench: Bench
) -> None:
    async with Listener() as listener:
        inside = f"http://localhost:{listener.port}"
        async with HttpServer(redirecting(f"{inside}/a.zip")) as site:
            cause = await bench.refused(
                sites, "archive", "{site}/files/course.zip", url=f"{site.url}/a.zip",
                allow_exact=[site.url, inside], rules={"deny": ["localhost"]},
            )  # fmt: skip

        assert (cause.code, listener.connections) == ("source-not-allowed", 0)
