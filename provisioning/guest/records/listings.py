"""What files a record has, asked of its site's API, and whether that is still the state that was resolved.

The forms are those of the sites' documentation; docs/reference/sources.md names it.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Callable, Mapping, Optional, Sequence
from urllib.parse import unquote, urljoin, urlsplit

from ..causes import Cause, FailedError
from ..orders import Source
from .client import Client

_MOST_PAGES = 200
_MOST_SUBMODULES = 50
_VAULT_FIRST_S, _VAULT_MOST_S = 3.0, 30.0  # strangers may ask it 120 times an hour
_DIGESTS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}  # by their hexadecimal digits


@dataclass(frozen=True)
class File:
    """One file of a record."""

    path: str  # as the record names it, folders included; a stranger's text
    url: str
    size: Optional[int] = None
    digest: str = ""  # hexadecimal; empty where the record tells none

    @property
    def algorithm(self) -> str:
        """Which digest it is."""
        return _DIGESTS.get(len(self.digest), "sha256")


def zenodo(client: Client, source: Source) -> list[File]:
    """InvenioRDM: Zenodo lists a record's files in the record, other sites beside it."""
    record = client.json(source.url)
    _same(str(record["id"]), source)
    listed = record.get("files")
    if not isinstance(listed, list):
        listed = client.json(source.url + "/files").get("entries", [])
    return [
        _file(f["key"], f["links"].get("content") or f["links"]["self"], f.get("size"), f.get("checksum"))
        for f in listed
    ]


def figshare(client: Client, source: Source) -> list[File]:
    article = client.json(source.url)
    _same(f"{article['id']}.v{article['version']}", source)
    listed = article["files"]
    if sum(int(f.get("size") or 0) for f in listed) < int(article.get("size") or 0):
        listed = client.json(
            source.url + "/files?page_size=1000"
        )  # of many files the article itself lists the first
    return [
        _file(f["name"], f["download_url"], f.get("size"), f.get("computed_md5") or f.get("supplied_md5"))
        for f in listed
        if not f.get("is_link_only")
    ]


def dataverse(client: Client, source: Source) -> list[File]:
    """Tables are fetched as they were uploaded. What their checksum is of differs (IQSS/dataverse#9501), so it proves nothing."""
    data = client.json(source.url)["data"]
    _same(f"{data['datasetId']}.v{data['versionNumber']}.{data['versionMinorNumber']}", source)
    base = source.url.partition("/api/datasets/")[0]
    files = []
    for listed in data["files"]:
        if listed.get("restricted"):
            print(f"{listed['label']} is restricted and is left out", flush=True)
            continue
        file = listed["dataFile"]
        is_table = bool(file.get("originalFileFormat"))
        name = file.get("originalFileName") or listed["label"] if is_table else listed["label"]
        size = file.get("originalFileSize") if is_table else file.get("filesize")
        digest = "" if is_table else file.get("md5") or (file.get("checksum") or {}).get("value")
        url = f"{base}/api/access/datafile/{int(file['id'])}" + ("?format=original" if is_table else "")
        files.append(_file("/".join(filter(None, (listed.get("directoryLabel"), name))), url, size, digest))
    return files


def hydroshare(client: Client, source: Source) -> list[File]:
    base = source.url.partition("scimeta/")[0]
    said = client.json(source.url)
    changed = next((d["start_date"] for d in said["dates"] if d["type"] == "modified"), "")
    _same(f"{source.commit.partition('.v')[0]}.v{_second(changed)}", source)
    files: list[File] = []
    url = base + "files/"
    for _ in range(_MOST_PAGES):
        page = client.json(url)
        for f in page["results"]:
            inside = f["url"].partition("/data/contents/")[2]
            files.append(_file(unquote(inside) or f["file_name"], f["url"], f.get("size"), f.get("checksum")))
        url = page.get("next")
        if not url:
            return files
    raise ValueError("its list of files does not end")


def ckan(client: Client, source: Source) -> list[File]:
    result = client.json(source.url)["result"]
    package = result if result.get("metadata_modified") else result["package"]
    _same(f"{source.commit.rpartition('.v')[0]}.v{_second(package['metadata_modified'])}", source)
    files = []
    for resource in package["resources"]:
        # Only of what was uploaded there does the site itself know size and digest.
        is_own = resource.get("url_type") == "upload"
        name = (
            unquote(urlsplit(resource["url"]).path.rpartition("/")[2])
            or resource.get("name")
            or resource["id"]
        )
        size = resource.get("size") if is_own else None
        files.append(_file(name, resource["url"], size, resource.get("hash") if is_own else ""))
    return files


def heritage(client: Client, source: Source) -> list[File]:
    """The vault's answer: it is asked to cook the directory, and waited for."""
    url = source.url.partition("/directory/")[0] + f"/vault/flat/{source.commit}/"
    said, pause = client.json(url, "POST"), _VAULT_FIRST_S
    while said["status"] in ("new", "pending"):
        print(
            f"Software Heritage prepares the files: {said.get('progress_message') or said['status']}",
            flush=True,
        )
        time.sleep(pause)
        said, pause = client.json(url), min(pause * 1.5, _VAULT_MOST_S)
    if said["status"] != "done":
        raise FailedError(
            Cause("vault-failed", "Software Heritage could not prepare the files.",
                  "Press Retry later; the archive's page of this directory may say more.",
                  lines=(str(said.get("progress_message"))[:300],))
        )  # fmt: skip
    return [File("directory.tar.gz", urljoin(url, said["fetch_url"]))]


def submodules(client: Client, source: Source, folders: Sequence[str]) -> dict[str, str]:
    """Those of the folders that stand for a commit, by what Software Heritage says of each; not asked beyond some."""
    said = {f: client.json(source.url.rstrip("/") + f"/{f}/") for f in folders[:_MOST_SUBMODULES]}
    return {folder: str(entry["target"]) for folder, entry in said.items() if entry.get("type") == "rev"}


def archive(client: Client, source: Source) -> list[File]:
    """The archive itself; its digest is its id."""
    del client
    return [File(unquote(urlsplit(source.url).path.rpartition("/")[2]), source.url, digest=source.commit)]


LISTINGS: Mapping[str, Callable[[Client, Source], list[File]]] = {
    "zenodo": zenodo, "figshare": figshare, "dataverse": dataverse, "hydroshare": hydroshare, "ckan": ckan,
    "swh": heritage, "archive": archive,
}  # fmt: skip


def _file(path: Any, url: Any, size: Any, digest: Any) -> File:
    """What a site says of a file. Sizes may be text; digests may begin with their name."""
    bare = str(digest or "").rpartition(":")[2].lower()
    return File(
        path=str(path),
        url=str(url),
        size=int(size) if str(size).isdigit() else None,
        digest=bare if re.fullmatch(r"[0-9a-f]+", bare) and len(bare) in _DIGESTS else "",
    )


def _same(found: str, source: Source) -> None:
    if found != source.commit:
        raise FailedError(
            Cause("record-changed", f"The record is {found} by now, not {source.commit} any more.",
                  "Launch again to get what it is now.")
        )  # fmt: skip


def _second(text: str) -> int:
    at = datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return int(at.timestamp())
