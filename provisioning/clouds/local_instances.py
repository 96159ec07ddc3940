"""One local instance on disk and alive: its folder is filled, its processes start and end, what it says and takes is read.

Which instances there may be is not decided here (`local`). Blocking: call it in a thread.
"""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from provisioning.cloud_objects import CloudId, CloudObject, Kind, Status
from provisioning.clouds import ServerSpec, local_docker, local_machine, local_processes
from provisioning.clouds.local_files import CloudFiles, ServerRecord

_CONSOLE_BYTES = 100 * 1024


class Instances:
    """The instances below one home. ``programs``: what each finds in its own ``bin``, by name."""

    def __init__(
        self, files: CloudFiles, *, guest: Path, programs: Mapping[str, Path], docker: str = "docker"
    ) -> None:
        self._files = files
        self._guest = guest
        self._programs = programs
        self._docker = docker

    def fill(self, folder: Path, spec: ServerSpec) -> None:
        """Put into a new folder what a machine elsewhere would boot with."""
        for name in ("state", "home", "tmp", "bin", "agent"):
            (folder / name).mkdir(mode=0o700)
        for name, program in self._programs.items():
            (folder / "bin" / name).symlink_to(program)
        if spec.work_id is not None:
            (folder / "state" / "volume").symlink_to(self._files.place(Kind.WORK_VOLUME, spec.work_id))
        (folder / "state" / "launch.json").write_text(json.dumps(spec.launch))
        shutil.copytree(
            self._guest / "guest", folder / "agent" / "guest", ignore=shutil.ignore_patterns("__pycache__")
        )

    def start(self, server_id: CloudId) -> None:
        """Start its processes; they run when this returns."""
        folder = self._folder(server_id)
        cache = self._files.home / "package-cache"
        variables = local_processes.environment(
            os.environ, folder, cache=cache, without=local_processes.own_programs()
        )
        local_processes.start(folder, variables)

    def stop(self, server_id: CloudId) -> None:
        """End its processes, and its container where it has one. Raises `TemporaryError`."""
        folder = self._folder(server_id)
        local_processes.stop(folder)
        if has_container(folder):
            local_docker.stop(server_id, self._docker)

    def remove(self, server_id: CloudId) -> None:
        """End it, and delete container and image, the folder last: until then it is found and removed again."""
        folder = self._folder(server_id)
        local_processes.stop(folder)
        if has_container(folder):
            local_docker.remove(server_id, self._docker)
        self._files.remove(Kind.SERVER, server_id)

    def shown(self, server_id: CloudId, record: ServerRecord) -> CloudObject:
        """As a listing shows it."""
        folder = self._folder(server_id)
        if record.is_deleting:
            return record.shown(server_id, Status.DELETING)
        if local_processes.is_running(folder):
            return record.shown(server_id, Status.ACTIVE)
        if local_processes.has_run(folder):
            return record.shown(server_id, Status.STOPPED, "its processes are gone")
        # A bot was killed before it started them: `LocalCloud.open` does.
        return record.shown(server_id, Status.BUILDING)

    def console(self, server_id: CloudId) -> str:
        """The newest 100 KB of what its first processes said. Raises `NotFoundError`."""
        self._files.read(Kind.SERVER, server_id, ServerRecord)
        try:
            with (self._folder(server_id) / "console.log").open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _CONSOLE_BYTES))
                return file.read(_CONSOLE_BYTES).decode(errors="replace")
        except FileNotFoundError:
            return ""

    def usage(self, server_id: CloudId) -> local_machine.Usage:
        """What it takes of this machine now, its container and image not counted. Raises `NotFoundError`."""
        self._files.read(Kind.SERVER, server_id, ServerRecord)
        folder = self._folder(server_id)
        return local_machine.Usage(
            disk_mib=local_machine.disk_bytes(folder) // 2**20, memory_mib=local_processes.memory_mib(folder)
        )

    def _folder(self, server_id: CloudId) -> Path:
        return self._files.place(Kind.SERVER, server_id)


def has_container(folder: Path) -> bool:
    """Whether the instance in this folder runs its repository in a container, whatever the cloud's way is today."""
    try:
        launch = json.loads((folder / "state" / "launch.json").read_text())
    except FileNotFoundError:  # a removal was cut short; the container went before the folder's first file
        return False
    return bool(launch.get("runtime") == "docker")
