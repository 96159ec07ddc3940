"""One local server that answers as the APIs of Zenodo, Figshare, Dataverse, HydroShare, CKAN, Software Heritage and doi.org do.

The shapes are those of the sites' documentation, cut to what is read and to what could be mistaken for it:
developers.zenodo.org (Records), docs.figshare.com (public article versions), guides.dataverse.org (Native API),
www.hydroshare.org/hsapi, docs.ckan.org (API guide), archive.softwareheritage.org/api, www.doi.org (proxy server REST API).
What is not in the table is answered by 404.
"""

import hashlib
import io
import json
import zipfile
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

RESOURCE = "8f7c2f0341ef4180b0dbe97f59130756"
ACTIVITY = "93df7fd0-0edc-4ebf-bac7-fbf5f78de90b"
DIRECTORY, REVISION, RELEASE, SNAPSHOT = ("d1" * 20, "3e" * 20, "2e" * 20, "c7" * 20)
LOOP = "10" * 20
MIB = 2**20


def zipped() -> bytes:
    """A zip archive, always the same."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("course/index.ipynb"), "{}")
    return packed.getvalue()


DIGEST = hashlib.sha256(zipped()).hexdigest()

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
    "files": [
        {"id": "1", "key": "a.zip", "size": 3 * MIB, "checksum": "md5:0"},
        {"id": "2", "key": "b.csv", "size": 1, "checksum": "md5:1"},
    ],
}
_FIGSHARE = {
    "id": 9782777,
    "title": "openSenseMap analysis",
    "doi": "10.6084/m9.figshare.9782777.v3",
    "version": 3,
    "is_public": True,
    "size": 2 * MIB,
    "license": {"value": 1, "name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"},
    "files": [{"name": "a.zip", "size": 2 * MIB, "is_link_only": False}],
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
    "files": [{"label": "a.tab", "restricted": False, "dataFile": {"id": 3323458, "filesize": MIB + 1}}],
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
    "resources": [
        {"url": "https://d.example/a.csv", "size": 10},
        {"url": "https://d.example/b.csv", "size": "7"},
    ],
}


def answers(site: str) -> dict[str, object]:
    """What each address answers, by path and query; text is a place to go on to. ``site`` is the server's own URL."""
    versions = "/dv/api/datasets/:persistentId/versions"
    swh = "/swh/api/1"
    files = f"/hs/hsapi/resource/{RESOURCE}/files/"
    return {
        "/zenodo/api/records/3242074": _ZENODO,
        "/zenodo/api/records/3242073": "/zenodo/api/records/3242074",
        "/api/records/8hawh-qmq12": _ZENODO | {"id": "8hawh-qmq12"},
        "/zenodo/api/records/99": {"id": "99", "metadata": {"title": "Closed", "access_right": "restricted"}},
        "/figshare/v2/articles/9782777/versions": [{"version": n, "url": "u"} for n in (1, 3, 2)],
        "/figshare/v2/articles/9782777/versions/3": _FIGSHARE,
        "/figshare/v2/articles/9782777/versions/1": _FIGSHARE | {"version": 1, "title": "First"},
        "/figshare/v2/articles/7/versions": [],
        f"{versions}/:latest-published?persistentId=doi:10.7910/DVN/TJCLKP": {"status": "OK", "data": _DATAVERSE},
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
        files: {"count": 2, "next": f"{site}{files}?page=2", "results": [{"file_name": "a", "size": MIB}]},
        f"{files}?page=2": {"count": 2, "next": None, "results": [{"file_name": "b", "size": 1}]},
        "/ckan/api/3/action/package_show?id=sea-turtles": {"success": True, "result": _CKAN},
        f"/ckan/api/3/action/activity_data_show?id={ACTIVITY}&object_type=package": {
            "success": True,
            "result": {"package": _CKAN | {"metadata_modified": "2024-02-01T00:00:00"}},
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
        "/files/course.zip": zipped(),
        "/files/page.zip": b"<!doctype html><title>Download</title>",
    }  # fmt: skip


class RecordSites(HttpServer):
    """All sites at once, each below a path of its own."""

    def __init__(self) -> None:
        super().__init__(self._replay)

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
        known: list[Source] = [
            Zenodo(site=f"{self.url}/zenodo", sandbox=f"{self.url}/sandbox"),
            Figshare(api=f"{self.url}/figshare/v2"), Dataverse(), HydroShare(site=f"{self.url}/hs"), Ckan(),
            Heritage(api=f"{self.url}/swh/api/1"), Archive(), Git(),
        ]  # fmt: skip
        return [*known, Doi(leads_to=known, resolver=f"{self.url}/doi/api/handles")]

    async def _replay(self, request: web.Request) -> web.Response:
        answer = self._answers.get(request.path_qs)
        if answer is None:
            return web.json_response({"message": "not found"}, status=404)
        if isinstance(answer, str):
            raise web.HTTPFound(answer)
        if isinstance(answer, bytes):
            return web.Response(body=answer, content_type="application/octet-stream")
        return web.Response(text=json.dumps(answer), content_type="application/json")
