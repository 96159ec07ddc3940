"""The files that the replaying sites of records give out: always the same bytes."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping

MIB = 2**20
COURSE: Mapping[str, bytes] = {
    "index.ipynb": b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "data/a.csv": b"a,b\n1,2\n",
}
TABLE = b"a,b\n" + b"1,2\n" * 10


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip archive; the same files give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


def tarred(*entries: tarfile.TarInfo | tuple[str, bytes], mode: str = "w:gz") -> bytes:
    """A tar archive of files by name and content, and of other entries as they are."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:  # type: ignore[call-overload]  a mode for writing
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                archive.addfile(entry)
                continue
            info = tarfile.TarInfo(entry[0])
            info.size = len(entry[1])
            archive.addfile(info, io.BytesIO(entry[1]))
    return packed.getvalue()


def course_zip() -> bytes:
    """As forges pack it: all in one folder."""
    return zipped({f"course/{name}": content for name, content in COURSE.items()})


def large_zip() -> bytes:
    """A little more than one MiB."""
    return zipped({**COURSE, "data.bin": bytes(MIB)})


DIGEST = hashlib.sha256(course_zip()).hexdigest()
# As `git write-tree` says of COURSE; docs.softwareheritage.org takes the same id for a directory.
DIRECTORY = "34e94faa14073d0da45154b536a95dedf267f6c1"
WITH_SUBMODULE = "63a9c5cdfccc1da6038177aa142ea80a1aac0445"  # the same with the commit bbbb... at vendor/lib


def directory_tar() -> bytes:
    """As the vault of Software Heritage packs a directory: below its identifier."""
    return tarred(*((f"swh:1:dir:{DIRECTORY}/{name}", content) for name, content in COURSE.items()))
