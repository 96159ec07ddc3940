"""Work volumes of the local cloud: a folder each, that one instance at a time has. Blocking: call it in a thread."""

import os

from provisioning.cloud_objects import CloudId, Kind, ListedVolume
from provisioning.clouds import fence
from provisioning.clouds.local_files import CloudFiles, ServerRecord, WorkVolumeRecord
from provisioning.errors import ConflictError
from provisioning.model import WorkVolume

_PERSON = 1000
_FILES = "files"  # what is on the volume: the guest knows this name


def create(files: CloudFiles, volume: WorkVolume, deployment: str, owner: str) -> ListedVolume:
    """A new and empty one. Raises `ConflictError` where it is there already."""
    cloud_id = CloudId(volume.id)
    record = WorkVolumeRecord(deployment=deployment, volume=volume, owner=owner)
    with files.lock():
        fence.check()
        if files.place(Kind.WORK_VOLUME, cloud_id).exists():
            raise ConflictError(
                "already-there",
                f"There is a work volume {cloud_id} already.",
                "It is found in the next listing.",
            )
        with files.new_folder(Kind.WORK_VOLUME, cloud_id) as made:
            (made / _FILES).mkdir(mode=0o700)
            if os.geteuid() == 0:  # in a container the person is this user; root may write anyway
                os.chown(made / _FILES, _PERSON, _PERSON)
            files.write_in(made, Kind.WORK_VOLUME, record)
    return record.shown(cloud_id)


def listed(files: CloudFiles, deployment: str) -> tuple[ListedVolume, ...]:
    """All of this deployment, each with the instance that has it."""
    found = files.all(Kind.WORK_VOLUME, WorkVolumeRecord)
    users = _users(files)
    return tuple(r.shown(i, users.get(i, "")) for i, r in found.items() if r.deployment == deployment)


def must_be_free(files: CloudFiles, cloud_id: str) -> None:
    """Raises `NotFoundError` where there is none, `ConflictError` while an instance has it. Under the lock."""
    files.read(Kind.WORK_VOLUME, cloud_id, WorkVolumeRecord)
    if user := _users(files).get(cloud_id):
        raise ConflictError(
            "volume-attached",
            f"The work volume {cloud_id} is in the instance {user}.",
            "It is looked at again.",
        )


def delete(files: CloudFiles, cloud_id: str) -> None:
    """Remove it with all that is on it. Raises as `must_be_free`."""
    with files.lock():
        must_be_free(files, cloud_id)
        files.remove(Kind.WORK_VOLUME, cloud_id)


def _users(files: CloudFiles) -> dict[str, str]:
    servers = files.all(Kind.SERVER, ServerRecord)
    return {record.work_id: server_id for server_id, record in servers.items() if record.work_id}
