"""Unpacking a stranger's archive: nothing gets out of the folder, nothing but files, folders and links within it gets in.

Links are made last, when nothing is written any more, so that nothing is written through one.
"""

from __future__ import annotations

import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Callable, Iterator, Optional

from ..causes import Cause, FailedError
from .client import too_large

MOST_ENTRIES = 100_000
_MOST_LINK = 4096
_CHUNK = 1 << 18
_LEFT_OUT = frozenset({".git", "__MACOSX"})  # settings of git would run programs; macOS's notes are nobody's
_BROKEN = (
    LookupError, tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, RuntimeError,
    NotImplementedError, RecursionError, OverflowError,
)  # fmt: skip


@dataclass(frozen=True)
class _Entry:
    """One entry of an archive, of whatever kind."""

    name: str
    kind: str  # file folder link other
    is_program: bool = False
    target: str = ""  # of a link
    size: int = 0  # as the archive says
    opened: Optional[Callable[[], Optional[IO[bytes]]]] = None


@dataclass
class Unpacker:
    """Unpacks into one folder, within a limit on bytes."""

    folder: Path
    most: int
    _links: list[tuple[str, str]] = field(default_factory=list)
    _written: int = 0

    def unpack(self, archive: Path, name: str) -> None:
        """Raises `FailedError` ``archive-refused`` and ``source-too-large``; ``name`` is the archive's, for people."""
        try:
            for count, entry in enumerate(_entries(archive), start=1):
                if count > MOST_ENTRIES:
                    raise refused(name, f"it has more than {MOST_ENTRIES} entries")
                self._take(entry, name)
            self._make_links(name)
        except _BROKEN as error:
            raise refused(name, f"it cannot be read ({str(error) or type(error).__name__})") from error
        except OSError as error:
            if error.errno == 28:
                raise FailedError(
                    Cause("disk-full", "The disk is full.", "Choose a flavor with a larger disk.")
                ) from error
            raise refused(name, f"an entry cannot be written ({error.strerror or error})") from error

    def _take(self, entry: _Entry, name: str) -> None:
        path = inside(entry.name)
        if path is None:
            raise refused(name, f"an entry leads out of it: {entry.name!r:.200}")
        if _LEFT_OUT & set(path.split("/")):
            return
        place = self.folder / path
        if entry.kind == "folder":
            place.mkdir(parents=True, exist_ok=True)
        elif entry.kind == "link":
            self._links.append((path, entry.target))
        elif entry.kind == "file" and path and entry.opened:
            place.parent.mkdir(parents=True, exist_ok=True)
            self._write(entry, place, name)
        else:
            raise refused(name, f"{entry.name!r:.200} is neither file, folder nor link")

    def _write(self, entry: _Entry, place: Path, name: str) -> None:
        if self._written + entry.size > self.most:
            raise too_large(f"{name}, unpacked,", self.most)
        source = entry.opened() if entry.opened else None
        if source is None:
            raise refused(name, f"{entry.name!r:.200} links to nothing")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        descriptor = os.open(place, flags, 0o755 if entry.is_program else 0o644)
        with os.fdopen(descriptor, "wb") as file, source:
            while chunk := source.read(_CHUNK):
                self._written += len(chunk)
                if self._written > self.most:  # whatever the archive said before
                    raise too_large(f"{name}, unpacked,", self.most)
                file.write(chunk)

    def _make_links(self, name: str) -> None:
        root = os.path.realpath(self.folder)
        for path, target in self._links:
            parent = (self.folder / path).parent
            parent.mkdir(parents=True, exist_ok=True)
            if os.path.realpath(parent) != os.path.join(root, os.path.dirname(path)).rstrip("/"):
                raise refused(name, f"a link lies behind another one: {path!r:.200}")
            os.symlink(target, self.folder / path)
        for path, _ in self._links:  # all are there now: where they really lead, through one another
            real = os.path.realpath(self.folder / path)
            if real != root and not real.startswith(root + os.sep):
                raise refused(name, f"a link leads out of it: {path!r:.200}")


def inside(name: str) -> Optional[str]:
    """The name as a path below the folder; empty for the folder itself, None where it leads elsewhere."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or "\0" in name:
        return None
    return "/".join(parts)


def lift_single_folder(folder: Path) -> None:
    """Where everything lies in one folder, as forges pack it, take its content for the whole."""
    entries = list(os.scandir(folder))
    if len(entries) != 1 or not entries[0].is_dir(follow_symlinks=False):
        return
    beside = folder.with_name(folder.name + ".lifted")
    shutil.rmtree(beside, ignore_errors=True)
    os.rename(entries[0].path, beside)
    folder.rmdir()
    beside.rename(folder)


def refused(name: str, why: str) -> FailedError:
    return FailedError(
        Cause("archive-refused", f"{name} is not unpacked: {why}.", "Pack it anew with zip or tar, with files and folders alone.")
    )  # fmt: skip


def _entries(archive: Path) -> Iterator[_Entry]:
    # By its beginning: a tar may end in a zip.
    with open(archive, "rb") as file:
        is_zip = file.read(2) == b"PK"
    return _of_zip(archive) if is_zip else _of_tar(archive)


def _of_zip(archive: Path) -> Iterator[_Entry]:
    with zipfile.ZipFile(archive) as packed:
        for info in packed.infolist():
            mode = info.external_attr >> 16
            name = info.filename.replace("\\", "/")  # as Windows once packed
            if info.is_dir() or name.endswith("/"):
                yield _Entry(name, "folder")
            elif stat.S_ISLNK(mode):
                if info.file_size > _MOST_LINK:
                    raise ValueError("a link is too long")
                yield _Entry(name, "link", target=os.fsdecode(packed.read(info)))
            elif stat.S_IFMT(mode) in (0, stat.S_IFREG):
                opened = lambda info=info: packed.open(info)  # noqa: E731  # bound to this entry
                yield _Entry(name, "file", bool(mode & 0o100), size=info.file_size, opened=opened)
            else:
                yield _Entry(name, "other")


def _of_tar(archive: Path) -> Iterator[_Entry]:
    with tarfile.open(archive, "r:*") as packed:
        for info in packed:
            if info.isdir():
                yield _Entry(info.name, "folder")
            elif info.issym():
                yield _Entry(info.name, "link", target=info.linkname)
            elif info.isreg() or info.islnk():  # a hard link becomes a copy of what it names in the archive
                opened = lambda info=info: packed.extractfile(info)  # noqa: E731  # bound to this entry
                yield _Entry(info.name, "file", bool(info.mode & 0o100), size=info.size, opened=opened)
            else:
                yield _Entry(info.name, "other")
