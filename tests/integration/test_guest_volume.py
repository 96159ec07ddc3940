"""The person's volume on a real block device: the machine's own blkid, mkfs.ext4 and mount. Only ``sysctl`` is played."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from provisioning.guest import volume
from provisioning.guest.causes import FailedError
from provisioning.guest.processes import Children, Finished
from tests.beds.left_out import missing

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

ID = "4f1c2d3e-0a1b-4c5d-8e9f-001122334455"
_SIZE = 64 << 20


class Machine:
    """A disk of 64 MiB by its serial, and where it is mounted."""

    def __init__(self, folder: Path, device: str) -> None:
        self.disks, self.place, self.played = folder / "by-id", folder / "volume", folder / "bin"
        self.children = Children(str(folder))
        self.disks.mkdir()
        (self.disks / f"virtio-{ID[:20]}").symlink_to(device)
        self.played.mkdir()
        (self.played / "sysctl").write_text(
            "#!/bin/sh\n"
        )  # this machine's own settings are none of a test's business
        (self.played / "sysctl").chmod(0o755)

    def boots(self) -> None:
        """As the agent does at each start of it."""
        volume.attach(ID, self.place, self.run, self.must_not_wait, self.disks)

    def shuts_down(self) -> None:
        subprocess.run(["umount", str(self.place)], check=True)

    def run(self, args: Sequence[str]) -> Finished:
        path = f"{self.played}:/usr/sbin:/usr/bin:/sbin:/bin"
        return self.children.run(args, env={"PATH": path}, limit_s=60)

    def must_not_wait(self, seconds: float) -> None:
        raise AssertionError(f"waits {seconds} s for a disk that is there")


@pytest.fixture
def device(tmp_path: Path) -> Iterator[str]:
    """A loop device on an empty file."""
    file = tmp_path / "disk"
    with file.open("wb") as made:
        made.truncate(_SIZE)
    found = _run("losetup", "--find", "--show", str(file)) if shutil.which("losetup") else None
    if found is None or found.returncode or not shutil.which("mkfs.ext4"):
        missing("loop device", "be root where losetup, mkfs.ext4 and mount work")
    device = found.stdout.strip()
    yield device
    _run("umount", str(tmp_path / "volume"))
    _run("losetup", "--detach", device)


@pytest.fixture
def machine(tmp_path: Path, device: str) -> Machine:
    return Machine(tmp_path, device)


def _run(*args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(args, capture_output=True, text=True, check=False)


def test_given_a_new_disk_when_an_instance_after_the_other_has_it_then_the_file_is_there(
    machine: Machine,
) -> None:
    machine.boots()
    (machine.place / "files" / "answer.txt").write_text("42\n")
    machine.shuts_down()
    is_empty = not (machine.place / "files").exists()

    machine.boots()

    assert is_empty
    assert (machine.place / "files" / "answer.txt").read_text() == "42\n"
    assert ((machine.place / "files").stat().st_uid, (machine.place / "files").stat().st_gid) == (1000, 1000)


def test_given_it_is_mounted_when_the_agent_starts_again_then_nothing_changes(machine: Machine) -> None:
    machine.boots()
    (machine.place / "files" / "answer.txt").write_text("42\n")

    machine.boots()

    assert (machine.place / "files" / "answer.txt").read_text() == "42\n"
    assert len([m for m in Path("/proc/mounts").read_text().splitlines() if str(machine.place) in m]) == 1


def test_given_a_mounted_volume_then_it_has_no_devices_and_no_set_user_id_programs(machine: Machine) -> None:
    machine.boots()

    (mount,) = [m for m in Path("/proc/mounts").read_text().splitlines() if str(machine.place) in m]
    assert {"nosuid", "nodev"} <= set(mount.split()[3].split(","))


def test_given_a_disk_with_a_partition_table_then_it_is_left_as_it_is_and_told(
    machine: Machine, device: str
) -> None:
    subprocess.run(
        ["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", device], input=",,L\n", text=True, check=True
    )
    before = Path(device).read_bytes()

    with pytest.raises(FailedError, match="volume-unreadable"):
        machine.boots()

    assert Path(device).read_bytes() == before
