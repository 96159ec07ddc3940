"""Dataverse, on whatever host: a published version of a dataset is kept under its number.

guides.dataverse.org, "Native API": ``/api/datasets/:persistentId/versions/<version>?persistentId=...`` has ``datasetId``,
``versionNumber``, ``versionMinorNumber``, ``license.name``, ``metadataBlocks.citation.fields`` and ``files`` with
``dataFile.filesize``; ``/api/files/<id>?returnDatasetVersion=true`` leads from a file to its dataset. Drafts are not public.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit

from provisioning.errors import PersonError
from provisioning.model import Request
from provisioning.sources.asking import Said, ask, in_time, refusal, size_mib, unreadable
from provisioning.sources.resolved import Resolved, SourcePolicy

_PAGE = re.compile(r"(.*)/(?:dataset\.xhtml|file\.xhtml|citation)")
_FILE = re.compile(r"(.*?)(?:/api)?/access/datafile/([0-9]+)", re.ASCII)
_PERSISTENT_FILE = re.compile(r"(.*?)(?:/api)?/access/[a-z]+/:persistentId")
_VERSION = re.compile(r"[0-9]+\.[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    base: str  # of the installation
    persistent: str = ""  # identifier of a dataset or a file
    file: str = ""  # a file's number


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataverse:
    """Datasets, and the datasets of files."""

    def detect(self, request: Request) -> bool:
        """Pages of an installation; where a DOI alone is given, the resolver has to say which one has it."""
        return request.provider == "dataverse" and _named(request.repo) is not None

    async def resolve(self, request: Request, policy: SourcePolicy) -> Resolved:
        """Dataset and version: the one named, otherwise the newest published one."""
        named = _named(request.repo)
        if named is None:
            raise unreadable(request.repo)
        wanted = request.ref or ":latest-published"
        async with in_time(request.repo):
            persistent = named.persistent
            if named.file:
                persistent = await _dataset_of(named, f"/{named.file}?", policy)
            try:
                said = await _version(named.base, persistent, wanted, policy)
            except PersonError as error:
                if error.code != "record-not-found" or named.file:
                    raise
                # Nothing but its address tells a file's identifier from a dataset's.
                asked = f"/:persistentId?persistentId={quote(persistent, safe=':/')}&"
                persistent = await _dataset_of(named, asked, policy)
                said = await _version(named.base, persistent, wanted, policy)
        return _resolved(said, request, named.base, persistent)


def _named(repo: str) -> _Named | None:
    parts = urlsplit(repo)
    base = f"{parts.scheme}://{parts.netloc}"
    page = _PAGE.fullmatch(parts.path) or _PERSISTENT_FILE.fullmatch(parts.path)
    file = _FILE.fullmatch(parts.path)
    persistent = dict(parse_qsl(parts.query)).get("persistentId", "")
    if page and persistent:
        persistent = persistent if ":" in persistent else f"doi:{persistent}"
        return _Named(base=base + page[1], persistent=persistent)
    return _Named(base=base + file[1], file=file[2]) if file else None


async def _dataset_of(named: _Named, asked: str, policy: SourcePolicy) -> str:
    """The identifier of a file's dataset."""
    said = await ask(f"{named.base}/api/files{asked}returnDatasetVersion=true", policy)
    return said.at("data", "datasetVersion", "datasetPersistentId").needed()


async def _version(base: str, persistent: str, version: str, policy: SourcePolicy) -> Said:
    return (await ask(_url(base, persistent, version), policy)).at("data")


def _url(base: str, persistent: str, version: str) -> str:
    asked = f"{quote(version, safe=':.')}?persistentId={quote(persistent, safe=':/')}"
    return f"{base}/api/datasets/:persistentId/versions/{asked}"


def _resolved(said: Said, request: Request, base: str, persistent: str) -> Resolved:
    number, minor = said.at("versionNumber").needed(), said.at("versionMinorNumber").needed()
    if not _VERSION.fullmatch(f"{number}.{minor}") or said.at("versionState").text() != "RELEASED":
        raise refusal(request.repo, 404)
    fields = said.at("metadataBlocks", "citation", "fields").items()
    titles = [field.at("value").text() for field in fields if field.at("typeName").text() == "title"]
    licence = said.at("license", "name").text() or said.at("license").text()
    return Resolved(
        commit=f"{said.at('datasetId').needed()}.v{number}.{minor}",
        ref=f"{number}.{minor}",
        address="",
        url=_url(base, persistent, f"{number}.{minor}"),  # of this very version, whatever is published later
        size_mib=size_mib([file.at("dataFile", "filesize").number() for file in said.at("files").items()]),
        title=titles[0] if titles else "",
        licence=licence,
        provider="dataverse",
    )
