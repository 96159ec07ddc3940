"""What a deployment has in a cloud: ports, floating IPs, volumes and servers, each with the mark that says whose it is. Frozen values.

Work volumes have another mark than a binder's own objects: nothing that ends a binder, or tidies up after it, can take one along.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from provisioning.model import BinderId, VolumeId, WorkVolume

CloudId = NewType("CloudId", str)  # the cloud's own id of a port, floating IP, volume or server


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Whose a cloud object is. Every object carries it from the create call on."""

    deployment: str
    binder: BinderId
    attempt: int

    @property
    def name(self) -> str:
        """The name of the attempt's objects: ``binderops-<id>-<attempt>``."""
        return f"binderops-{self.binder}-{self.attempt}"


class Kind(StrEnum):
    """Kinds of cloud objects, in the order they are made; they are deleted as `DELETION_ORDER` says."""

    PORT = "port"
    FLOATING_IP = "floating_ip"
    VOLUME = "volume"
    WORK_VOLUME = "work_volume"
    SERVER = "server"


#: Of what goes with its binder: a work volume stays.
DELETION_ORDER = (Kind.FLOATING_IP, Kind.SERVER, Kind.PORT, Kind.VOLUME)


class Status(StrEnum):
    """A cloud object's state, as far as decisions need it."""

    BUILDING = "building"
    ACTIVE = "active"
    SHELVED = "shelved"
    STOPPED = "stopped"
    ERROR = "error"
    DELETING = "deleting"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudObject:
    """One object as a listing shows it."""

    kind: Kind
    id: CloudId
    mark: Mark
    status: Status
    address: str = ""  # floating IP: its public address; port: its fixed address
    port_id: str = ""  # floating IP and server: the port they hang on
    server_id: str = ""  # volume: the server it is attached to
    detail: str = ""  # the cloud's own words, such as a server's fault


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedVolume:
    """A work volume as a listing shows it."""

    volume: VolumeId  # its mark, from the create call on
    id: CloudId
    status: Status
    server_id: str = ""  # the server it is attached to
    detail: str = ""  # the cloud's own words, where it is in error

    def held(self, mark: Mark) -> CloudObject:
        """As an object of the attempt that holds it."""
        return CloudObject(
            kind=Kind.WORK_VOLUME, id=self.id, mark=mark, status=self.status, server_id=self.server_id,
            detail=self.detail,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """All marked objects of a deployment. Says nothing about what was made after ``began_at``."""

    began_at: datetime
    objects: tuple[CloudObject, ...]
    work: tuple[ListedVolume, ...] = field(default=())  # work volumes, whoever holds them

    def of(self, binder: BinderId) -> tuple[CloudObject, ...]:
        """The objects that carry this binder's mark, of every attempt."""
        return tuple(o for o in self.objects if o.mark.binder == binder)

    def held(self, volume: WorkVolume | None, mark: Mark) -> tuple[CloudObject, ...]:
        """The work volume, as objects of the attempt that holds it: one, or more where something went wrong."""
        found = (o for o in self.work if volume is not None and o.volume == volume.id)
        return tuple(o.held(mark) for o in sorted(found, key=lambda o: o.id))
