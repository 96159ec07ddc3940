"""Work volumes: a person's volumes that outlive the binders that hold them. Who may hold one, and which of the cloud's it is. Pure.

A volume is held by one binder at most, from its launch until it is deleted: the row in the database says so, not the cloud.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from provisioning.cloud_objects import CloudId, CloudObject, Status
from provisioning.errors import PersonError
from provisioning.model import BinderId, Failure, VolumeId, WorkVolume
from provisioning.phases import Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeLimits:
    """How large work volumes are where nobody says it, and may be."""

    default_gib: int = 10
    max_gib: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The volume that a launch asks for. Whose it is, its binder says."""

    clouds: tuple[str, ...]  # as plans name it; a second name where older plans had another
    name: str
    size_gib: int | None  # None: as it is
    new_id: VolumeId  # where it has to be made
    new_gib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A work volume as the database knows it."""

    volume: WorkVolume
    team: str
    owner: str
    cloud: str  # as plans name it
    made_at: datetime  # first asked for
    cloud_id: CloudId | None = None  # None: the cloud was never seen to have it
    held_by: BinderId | None = None
    held_since: datetime | None = None
    used_at: datetime | None = None  # when a binder let go of it last
    deleting_since: datetime | None = None  # asked for; it begins once no binder holds it


class VolumeInUseError(PersonError):
    """Another binder of the same person holds the volume."""

    def __init__(self, name: str, holder: BinderId, since: datetime) -> None:
        super().__init__(
            "volume-in-use",
            f"The volume {name} is in use by your environment {holder}, and can be in one at a time.",
            f"Delete that one first (/binder delete {holder}): the volume stays. Or take another name, such as volume={name[:27]}-2.",
        )
        self.name = name
        self.holder = holder
        self.since = since


def allowed(name: str, size_gib: int | None, limits: VolumeLimits) -> int:
    """How large it is where it has to be made, in GiB. Raises `PersonError` (``volume-too-large``)."""
    if size_gib is not None and size_gib > limits.max_gib:
        raise PersonError(
            "volume-too-large",
            f"A volume of {size_gib} GiB is larger than volumes may be here.",
            f"Ask for at most {limits.max_gib} GiB, such as volume={name}:{limits.max_gib}.",
        )
    return size_gib or min(limits.default_gib, limits.max_gib)


def held(kept: Kept, asked: Wanted) -> WorkVolume:
    """The volume, where the launch may hold it. Raises `VolumeInUseError`, `PersonError`."""
    name = kept.volume.name
    if kept.held_by is not None and kept.held_since is not None:
        raise VolumeInUseError(name, kept.held_by, kept.held_since)
    if kept.deleting_since is not None:
        raise PersonError(
            "volume-is-deleted",
            f"The volume {name} is being deleted.",
            "Try again in a minute: it will be a new and empty one. Or take another name.",
        )
    if kept.cloud_id is None:  # none was ever made: a launch before got no room for it
        return replace(kept.volume, size_gib=asked.size_gib or kept.volume.size_gib)
    if asked.size_gib not in (None, kept.volume.size_gib):
        raise PersonError(
            "volume-has-a-size",
            f"The volume {name} has {kept.volume.size_gib} GiB, not {asked.size_gib}; volumes do not grow or shrink.",
            f"Write volume={name}, or take another name for a new one, such as volume={name[:27]}-2:{asked.size_gib}.",
        )
    return kept.volume


def in_cloud(volume: WorkVolume, seen: Seen) -> CloudObject | Failure | None:
    """The cloud's volume for a launch that holds ``volume``; None: there is none yet, so that it may be made.

    Once one was seen, no other takes its place: an empty one would look as if the work were gone.
    """
    found = [o for o in seen.work if seen.work_id in (None, o.id)]
    if not found and seen.work_id is not None:
        return Failure(
            code="work-volume-gone",
            message=f"The cloud has the volume {volume.name} no more: somebody deleted it there.",
            hint=f"/binder volumes delete {volume.name} forgets it, once this environment is deleted; the next launch makes a new one.",
        )
    if found and found[0].status is Status.ERROR:
        return Failure(
            code="work-volume-error",
            message=f"The cloud says that the volume {volume.name} is in error.",
            hint="Tell whoever runs the cloud: they may still save what is on it. /binder volumes delete removes it for good.",
            lines=(found[0].detail,) if found[0].detail else (),
        )
    return found[0] if found else None


def is_free(found: CloudObject) -> bool:
    """Whether a server can be made with it now."""
    return found.status is Status.ACTIVE and not found.server_id


def is_let_go(found: CloudObject) -> bool:
    """Whether the cloud shows it as nobody's: another launch may hold it."""
    return not found.server_id and found.status is not Status.BUILDING
