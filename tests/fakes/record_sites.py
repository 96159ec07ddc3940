"""One local server that answers as the APIs of Zenodo, Figshare, Dataverse, HydroShare, CKAN, Software Heritage and doi.org do.

The shapes are those of the sites' documentation, cut to what is read and to what could be mistaken for it:
developers.zenodo.org (Records), docs.figshare.com (public article versions), guides.dataverse.org (Native API),
www.hydroshare.org/hsapi, docs.ckan.org (API guide), archive.softwareheritage.org/api, www.doi.org (proxy server REST API).
What is not in the table is answered by 404.
"""

import json
from collections.abc import Mapping
from typing import Self

from aiohttp import web

from provisioning.sources import Source, SourcePolicy
from provisioning.sources.archive import Archive
from provisioning.sources.ckan import Ckan
from provisioning.sources.dataverse import Dataverse
from provisioning.sources.doi import Doi
from provisioning.sources.figshare import Figshare
from provisioning.sources.git import Git
from provisioning.sources.heritage import Heritage
from provisioning.sources.hydroshare import HydroShare
from provisioning.sources.zenodo import Zenodo
from tests.fakes.git_server import HttpServer
from tests.fakes.record_files import (
    COURSE,
    DIRECTORY,
    MIB,
    TABLE,
    course_zip,
    directory_tar,
    large_zip,
    md5,
)

RESOURCE = "8f7c2f0341ef4180b0dbe97f59130756"
ACTIVITY = "93df7fd0-0edc-4ebf-bac7-fbf5f78de90b"
REVISION, RELEASE, SNAPSHOT = ("3e" * 20, "2e" * 20, "c7" * 20)
LOOP = "10" * 20
_CONTENTS = f"/hs/resource/{RESOURCE}/data/contents/"
NOTEBOOK = COURSE["index.ipynb"]
DATA = bytes(3 * MIB)

_ZENODO = {
    "id": 3242074,
    "conceptrecid": "3242073",
    "doi": "10.5281/zenodo.3242074",
    "title": "outside",
    "metadata": {
        "title": "Binder  examples:\nrequirements",
        "version": "v1.2",
        "license": {"id": "cc-by-4.0"},
        "access_right": "open",
    },
}
_ZENODO_FILES = {"data.bin": DATA, "index.ipynb": NOTEBOOK}
_FIGSHARE = {
    "id": 9782777,
    "title": "openSenseMap analysis",
    "doi": "10.6084/m9.figshare.9782777.v3",
    "version": 3,
    "is_public": True,
    "size": len(large_zip()),
    "license": {"value": 1, "name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"},
}
_DATAVERSE = {
    "id": 77,
    "datasetId": 3035124,
    "datasetPersistentId": "doi:10.7910/DVN/TJCLKP",
    "versionNumber": 5,
    "versionMinorNumber": 0,
    "versionState": "RELEASED",
    "license": {"name": "CC0 1.0", "uri": "http://creativecommons.org/publicdomain/zero/1.0"},
    "metadataBlocks": {
        "citation": {
            "fields": [
                {"typeName": "author", "typeClass": "compound", "value": []},
                {"typeName": "title", "typeClass": "primitive", "value": "Open source at Harvard"},
            ]
        }
    },
    "files": [
        {
            "label": "a.tab",
            "directoryLabel": "data",
            "restricted": False,
            "dataFile": {
                "id": 3323458,
                "filesize": MIB + 1,
                "originalFileFormat": "text/csv",
                "originalFileName": "a.csv",
                "originalFileSize": len(TABLE),
                "md5": md5(TABLE.partition(b"\n")[2]),  # as of some tables of dataverse.harvard.edu
            },
        },
        {
            "label": "index.ipynb",
            "restricted": False,
            "dataFile": {
                "id": 8,
                "filesize": len(NOTEBOOK),
                "checksum": {"type": "MD5", "value": md5(NOTEBOOK)},
            },
        },
        {"label": "secret.csv", "restricted": True, "dataFile": {"id": 9, "filesize": 1}},
    ],
}
_HYDROSHARE = {
    "title": {"value": "Great Basin watersheds"},
    "dates": [
        {"type": "created", "start_date": "2018-01-01T00:00:00Z"},
        {"type": "modified", "start_date": "2019-09-25T16:09:17.006152Z"},
    ],
    "rights": {"statement": "CC BY 4.0", "url": "http://creativecommons.org/licenses/by/4.0/"},
}
_CKAN = {
    "name": "sea-turtles",
    "title": "Sea turtle sightings",
    "license_id": "cc-by",
    "license_title": "Creative Commons Attribution",
    "metadata_modified": "2024-02-27T14:15:54.573058",
}


def _article(site: str) -> dict[str, object]:
    packed = large_zip()
    file = {
        "name": "a.zip", "size": len(packed), "is_link_only": False, "computed_md5": md5(packed),
        "supplied_md5": "", "download_url": f"{site}/figshare/files/1",
    }  # fmt: skip
    elsewhere = {"name": "elsewhere", "size": 0, "is_link_only": True, "download_url": "https://d.example/"}
    return _FIGSHARE | {"files": [file, elsewhere]}


def _package(site: str) -> dict[str, object]:
    uploaded = {"url": f"{site}/ckan/dataset/1/resource/2/download/a.csv", "url_type": "upload"}
    linked = {
        "url": f"{site}/ckan/linked/index.ipynb",
        "url_type": None,
        "hash": "0" * 32,
    }  # a harvester's note
    size = len(COURSE["data/a.csv"])
    return _CKAN | {
        "resources": [
            uploaded | {"id": "2", "name": "Table", "size": size, "hash": md5(COURSE["data/a.csv"])},
            linked | {"id": "3", "name": "Notebook", "size": "7"},
        ]
    }


def _contents(site: str) -> dict[str, dict[str, object]]:
    """HydroShare's files, a page each: what is in them, and what is said of them."""
    contents = {"index.ipynb": NOTEBOOK, "data/large.bin": bytes(MIB)}
    return {
        name: {
            "file_name": name.rpartition("/")[2], "url": f"{site}{_CONTENTS}{name}", "size": len(content),
            "checksum": md5(content), "content_type": "text/plain", "bytes": content,
        }
        for name, content in contents.items()
    }  # fmt: skip


def _files(site: str) -> dict[str, object]:
    """What can be downloaded, by path and query."""
    return {
        "/figshare/files/1": "/figshare/storage/a.zip",  # as its storage is elsewhere
        "/figshare/storage/a.zip": large_zip(),
        "/dv/api/access/datafile/3323458?format=original": TABLE,
        "/dv/api/access/datafile/8": NOTEBOOK,
        **{f"{_CONTENTS}{name}": each["bytes"] for name, each in _contents(site).items()},
        "/ckan/dataset/1/resource/2/download/a.csv": COURSE["data/a.csv"],
        "/ckan/linked/index.ipynb": NOTEBOOK,
        f"/swh/api/1/vault/flat/swh:1:dir:{DIRECTORY}/raw/": directory_tar(),
        "/files/course.zip": course_zip(),
        "/files/page.zip": b"<!doctype html><title>Download</title>",
    }


def answers(site: str) -> dict[str, object]:
    """What each address answers, by path and query; text is a place to go on to. ``site`` is the server's own URL."""
    versions = "/dv/api/datasets/:persistentId/versions"
    swh = "/swh/api/1"
    files = f"/hs/hsapi/resource/{RESOURCE}/files/"
    package = _package(site)
    told = [{k: v for k, v in each.items() if k != "bytes"} for each in _contents(site).values()]
    return {
        **_files(site),
        **zenodo_record(site, _ZENODO_FILES),
        "/zenodo/api/records/3242073": "/zenodo/api/records/3242074",
        "/api/records/8hawh-qmq12": _ZENODO
        | {"id": "8hawh-qmq12", "files": {"enabled": True, "count": 1, "total_bytes": len(NOTEBOOK)}},
        "/api/records/8hawh-qmq12/files": {
            "entries": [
                {
                    "key": "index.ipynb", "size": len(NOTEBOOK), "checksum": f"md5:{md5(NOTEBOOK)}",
                    "links": {"self": f"{site}/none", "content": f"{site}/ckan/linked/index.ipynb"},
                }
            ]
        },
        "/zenodo/api/records/99": {"id": "99", "metadata": {"title": "Closed", "access_right": "restricted"}},
        "/figshare/v2/articles/9782777/versions": [{"version": n, "url": "u"} for n in (1, 3, 2)],
        "/figshare/v2/articles/9782777/versions/3": _article(site),
        "/figshare/v2/articles/9782777/versions/1": _article(site) | {"version": 1, "title": "First"},
        "/figshare/v2/articles/7/versions": [],
        f"{versions}/:latest-published?persistentId=doi:10.7910/DVN/TJCLKP": {"status": "OK", "data": _DATAVERSE},
        f"{versions}/5.0?persistentId=doi:10.7910/DVN/TJCLKP": {"status": "OK", "data": _DATAVERSE},
        f"{versions}/4.1?persistentId=doi:10.7910/DVN/TJCLKP": {
            "status": "OK",
            "data": _DATAVERSE | {"versionNumber": 4, "versionMinorNumber": 1},
        },
        f"{versions}/:latest-published?persistentId=doi:10.7910/DVN/DRAFT": {
            "status": "OK",
            "data": _DATAVERSE | {"versionState": "DRAFT"},
        },
        "/dv/api/files/3323458?returnDatasetVersion=true": {
            "status": "OK",
            "data": {"datasetVersion": {"datasetPersistentId": "doi:10.7910/DVN/TJCLKP"}},
        },
        "/dv/api/files/:persistentId?persistentId=doi:10.7910/DVN/TJCLKP/FILE&returnDatasetVersion=true": {
            "status": "OK",
            "data": {"datasetVersion": {"datasetPersistentId": "doi:10.7910/DVN/TJCLKP"}},
        },
        f"/hs/hsapi/resource/{RESOURCE}/scimeta/elements/": _HYDROSHARE,
        files: {"count": 2, "next": f"{site}{files}?page=2", "results": told[:1]},
        f"{files}?page=2": {"count": 2, "next": None, "results": told[1:]},
        "/ckan/api/3/action/package_show?id=sea-turtles": {"success": True, "result": package},
        f"/ckan/api/3/action/activity_data_show?id={ACTIVITY}&object_type=package": {
            "success": True,
            "result": {"package": package | {"metadata_modified": "2024-02-01T00:00:00"}},
        },
        f"{swh}/directory/{DIRECTORY}/": [{"name": "index.ipynb", "type": "file", "target": "aa"}],
        f"{swh}/revision/{REVISION}/": {"id": REVISION, "directory": DIRECTORY, "message": "Add masks\n\nMore"},
        f"{swh}/release/{RELEASE}/": {"name": "2.3.0", "target": REVISION, "target_type": "revision"},
        f"{swh}/release/{LOOP}/": {"name": "loop", "target": LOOP, "target_type": "release"},
        f"{swh}/snapshot/{SNAPSHOT}/": {
            "branches": {
                "HEAD": {"target": "refs/heads/main", "target_type": "alias"},
                "refs/heads/main": {"target": REVISION, "target_type": "revision"},
            }
        },
        **{
            f"/doi/api/handles/{doi}": {"responseCode": 1, "values": [
                {"index": 100, "type": "HS_ADMIN", "data": {"format": "admin", "value": {}}},
                {"index": 1, "type": "URL", "data": {"format": "string", "value": page}},
            ]}
            for doi, page in {
                "10.7910/DVN/TJCLKP": f"{site}/dv/citation?persistentId=doi:10.7910/DVN/TJCLKP",
                "10.1000/zenodo": "http://zenodo.org/record/3242074",
                "10.1000/figshare": "https://figshare.com/articles/code/x/9782777/1",
                "10.1000/ckan": f"{site}/ckan/dataset/sea-turtles",
                "10.1000/paper": "https://joss.theoj.org/papers/10.21105/joss.01277",
                "10.1000/itself": "https://doi.org/10.1000/itself",
                "10.1000/inside": "http://127.0.0.1/dataset/inside",
            }.items()
        },
        "/doi/api/handles/10.1000/none": {"responseCode": 1, "values": []},
        f"{swh}/vault/flat/swh:1:dir:{DIRECTORY}/": {
            "id": 1, "status": "done", "progress_message": None,
            "fetch_url": f"{site}{swh}/vault/flat/swh:1:dir:{DIRECTORY}/raw/",
        },
    }  # fmt: skip


def sources_at(url: str) -> list[Source]:
    """The sources, each sent to its site on the server at the URL."""
    known: list[Source] = [
        Zenodo(site=f"{url}/zenodo", sandbox=f"{url}/sandbox"), Figshare(api=f"{url}/figshare/v2"), Dataverse(),
        HydroShare(site=f"{url}/hs"), Ckan(), Heritage(api=f"{url}/swh/api/1"), Archive(), Git(),
    ]  # fmt: skip
    return [*known, Doi(leads_to=known, resolver=f"{url}/doi/api/handles")]


def zenodo_record(site: str, files: Mapping[str, bytes]) -> dict[str, object]:
    """What to `say` so that Zenodo's record has these files: each address with its answer. ``site`` is the server's own URL."""
    place = "/zenodo/api/records/3242074"
    listed = [
        {
            "id": name, "key": name, "size": len(content), "checksum": f"md5:{md5(content)}",
            "links": {"self": f"{site}{place}/files/{name}/content"},
        }
        for name, content in files.items()
    ]  # fmt: skip
    contents = {f"{place}/files/{name}/content": content for name, content in files.items()}
    return {place: _ZENODO | {"files": listed}, **contents}


class RecordSites(HttpServer):
    """All sites at once, each below a path of its own."""

    def __init__(self, *, also_at: str = "") -> None:
        super().__init__(self._replay, also_at=also_at)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._answers = answers(self.url)
        return self

    @property
    def policy(self) -> SourcePolicy:
        """That allows these sites, and no other one here."""
        return SourcePolicy(allow_exact=(self.url,))

    def sources(self) -> list[Source]:
        """The sources, each sent to its site here."""
        return sources_at(self.url)

    def say(self, path: str, answer: object) -> None:
        """Answer this from now on, at one address."""
        self._answers[path] = answer

    async def _replay(self, request: web.Request) -> web.Response:
        if request.method == "POST":  # asking the vault to cook, which takes a while
            status = {"id": 1, "status": "new", "progress_message": None, "fetch_url": ""}
            return web.json_response(status if request.path_qs in self._answers else {}, status=200)
        answer = self._answers.get(request.path_qs)
        if answer is None:
            return web.json_response({"message": "not found"}, status=404)
        if isinstance(answer, str):
            raise web.HTTPFound(answer)
        if isinstance(answer, bytes):
            return web.Response(body=answer, content_type="application/octet-stream")
        return web.Response(text=json.dumps(answer), content_type="application/json")
