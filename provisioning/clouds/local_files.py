"""The files that are the local cloud's memory: records, folders made whole, one lock. Knows no process and no network.

A record is written beside its place and renamed; a folder is filled under a name that begins with a dot and renamed. So whatever
is killed, a record is there whole or not at all. Names with a dot are leftovers to whoever holds the lock.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from provisioning.cloud_objects import CloudId, CloudObject, Kind, ListedVolume, Mark, Status
from provisioning.errors import NotFoundError, RefusedError
from provisioning.model import WorkVolume

R = TypeVar("R")

HOST = "127.0.0.1"

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,80}")
_RECORD = {
    Kind.VOLUME: "volume.json",
    Kind.WORK_VOLUME: "volume.json",
    Kind.SERVER: "server.json",
}  # these kinds are folders, the others one file each


@dataclass(frozen=True, slots=True, kw_only=True)
class PortRecord:
    """``ports/<id>.json``: a TCP port of 127.0.0.1 that no other instance gets."""

    mark: Mark
    tcp: int

    def shown(self, cloud_id: CloudId) -> CloudObject:
        """As a listing shows it."""
        address = f"{HOST}:{self.tcp}"
        return CloudObject(kind=Kind.PORT, id=cloud_id, mark=self.mark, status=Status.ACTIVE, address=address)


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatingIpRecord:
    """``floating-ips/<id>.json``: always this machine."""

    mark: Mark
    port_id: str
    address: str = HOST

    def shown(self, cloud_id: CloudId) -> CloudObject:
        """As a listing shows it."""
        return CloudObject(
            kind=Kind.FLOATING_IP, id=cloud_id, mark=self.mark, status=Status.ACTIVE,
            address=self.address, port_id=self.port_id,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeRecord:
    """``volumes/<id>/volume.json``: a folder; its size is not enforced."""

    mark: Mark
    image: str
    size_gib: int

    def shown(self, cloud_id: CloudId) -> CloudObject:
        """As a listing shows it."""
        return CloudObject(kind=Kind.VOLUME, id=cloud_id, mark=self.mark, status=Status.ACTIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkVolumeRecord:
    """``work-volumes/<id>/volume.json``, beside the folder ``files``; its size is not enforced."""

    deployment: str
    volume: WorkVolume
    owner: str

    def shown(self, cloud_id: CloudId, server_id: str = "") -> ListedVolume:
        """As a listing shows it."""
        return ListedVolume(volume=self.volume.id, id=cloud_id, status=Status.ACTIVE, server_id=server_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRecord:
    """``servers/<id>/server.json``. The process id is the supervisor's own, in its lock file."""

    mark: Mark
    flavor: str
    image: str
    port_id: str
    volume_id: str | None
    metadata: dict[str, str] = field(default_factory=dict)
    work_id: str | None = None  # its work volume
    is_deleting: bool = False  # the deletion has begun; nothing starts this instance again

    def shown(self, cloud_id: CloudId, status: Status, detail: str = "") -> CloudObject:
        """As a listing shows it. Its status is for the processes to say."""
        return CloudObject(
            kind=Kind.SERVER, id=cloud_id, mark=self.mark, status=status, port_id=self.port_id, detail=detail
        )


class CloudFiles:
    """All records below one home. Several processes may use it at once: what decides takes the `lock`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        for kind in Kind:
            self.folder_of(kind).mkdir(parents=True, exist_ok=True, mode=0o700)

    def folder_of(self, kind: Kind) -> Path:
        """``ports``, ``floating-ips``, ``volumes``, ``work-volumes``, ``servers``."""
        return self.home / f"{kind.replace('_', '-')}s"

    def place(self, kind: Kind, cloud_id: str) -> Path:
        """The object's own file or folder. Raises `NotFoundError` for an id that cannot be one of ours."""
        if not _ID.fullmatch(cloud_id):
            raise not_there(kind, cloud_id)
        return self.folder_of(kind) / (cloud_id if kind in _RECORD else f"{cloud_id}.json")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Only one thread of one process at a time. Whoever has it, sweeps what a killed one left behind."""
        with (self.home / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._sweep()
            yield

    def ids(self, kind: Kind) -> tuple[CloudId, ...]:
        """What is there, by name."""
        names = sorted(p.name for p in self.folder_of(kind).iterdir() if not p.name.startswith("."))
        return tuple(CloudId(name.removesuffix(".json")) for name in names)

    def read(self, kind: Kind, cloud_id: str, record: type[R]) -> R:
        """The record. Raises `NotFoundError`, or `RefusedError` (``cloud-state-broken``) where it cannot be read."""
        path = self._record_path(kind, cloud_id)
        try:
            return msgspec.json.decode(path.read_bytes(), type=record)
        except (FileNotFoundError, NotADirectoryError):
            raise not_there(kind, cloud_id) from None
        except (OSError, msgspec.MsgspecError) as error:
            raise RefusedError(
                "cloud-state-broken",
                f"The local cloud cannot read {path}: {error}",
                "Repair the file, or remove it together with what it describes.",
            ) from error

    def all(self, kind: Kind, record: type[R]) -> dict[CloudId, R]:
        """Every record of a kind; one that goes while we look is gone."""
        found: dict[CloudId, R] = {}
        for cloud_id in self.ids(kind):
            with suppress(NotFoundError):
                found[cloud_id] = self.read(kind, cloud_id, record)
        return found

    def write(self, kind: Kind, cloud_id: str, record: object) -> None:
        """Make or replace a record."""
        write_whole(self._record_path(kind, cloud_id), msgspec.json.encode(record))

    @contextmanager
    def new_folder(self, kind: Kind, cloud_id: str) -> Iterator[Path]:
        """A folder to fill, at its place only once it is full. Under the `lock`."""
        place = self.place(kind, cloud_id)
        beside = place.with_name(f".{place.name}")
        beside.mkdir(mode=0o700)
        try:
            yield beside
        except BaseException:
            remove_tree(beside)
            raise
        beside.rename(place)

    def write_in(self, folder: Path, kind: Kind, record: object) -> None:
        """The record of a folder that is being filled."""
        write_whole(folder / _RECORD[kind], msgspec.json.encode(record))

    def remove(self, kind: Kind, cloud_id: str) -> None:
        """Remove the object. The record of a folder goes last, so that a removal cut short is still listed."""
        place = self.place(kind, cloud_id)
        if kind not in _RECORD:
            place.unlink(missing_ok=True)
            return
        with suppress(FileNotFoundError):
            for entry in list(place.iterdir()):
                if entry.name != _RECORD[kind]:
                    remove_tree(entry)
            (place / _RECORD[kind]).unlink(missing_ok=True)
        remove_tree(place)

    def _record_path(self, kind: Kind, cloud_id: str) -> Path:
        place = self.place(kind, cloud_id)
        return place / _RECORD[kind] if kind in _RECORD else place

    def _sweep(self) -> None:
        for kind in Kind:
            for path in list(self.folder_of(kind).iterdir()):
                if path.name.startswith("."):
                    remove_tree(path)
                elif kind in _RECORD and not (path / _RECORD[kind]).exists():
                    remove_tree(
                        path
                    )  # the last steps of a removal: no folder is ever made without its record


def not_there(kind: Kind, cloud_id: str) -> NotFoundError:
    """What is raised for an object that is not there."""
    words = kind.replace("_", " ")
    return NotFoundError(
        "no-such-object",
        f"There is no {words} {cloud_id!r}.",
        "It was deleted, or never made: look at the list.",
    )


def write_whole(path: Path, data: bytes) -> None:
    """Write beside and rename; the data is on the disk before it has the name."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def remove_tree(path: Path) -> None:
    """Remove a file or a folder, also one whose owner took the right to write from himself; what is gone is gone."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    with suppress(FileNotFoundError):
        try:
            shutil.rmtree(path)
        except PermissionError:
            path.chmod(0o700)
            for folder, names, _ in os.walk(path):
                for name in names:
                    below = Path(folder, name)
                    if not below.is_symlink():
                        below.chmod(0o700)
            shutil.rmtree(path)
