"""The agent brings the person's disk: found by its serial, formatted only if it is empty, mounted, and shown. Programs are played."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from provisioning.guest import volume
from provisioning.guest.build_docker import run_command
from provisioning.guest.causes import FailedError
from provisioning.guest.job import Endpoint, Job
from provisioning.guest.processes import Children, Finished, StoppedError
from tests.unit.test_guest_orders import job

ID = "4f1c2d3e-0a1b-4c5d-8e9f-001122334455"
SEEN_AS = ["virtio-4f1c2d3e-0a1b-4c5d-8", "scsi-0QEMU_QEMU_HARDDISK_4f1c2d3e-0a1b-4c5d-8e9f-001122334455"]

# What is on the disk is the text in the file that stands for it.
PLAYED = """#!/bin/sh
here=$(dirname "$0")
name=$(basename "$0")
echo "$name $@" >> "$here/calls"
for disk; do :; done
case "$name" in
    blkid) content=$(cat "$disk"); [ -n "$content" ] || exit 2; echo "$disk: TYPE=\\"$content\\"" ;;
    dd) [ ! -e "$here/unreadable" ] || { echo "dd: error reading"; exit 1; } ;;
    mkfs.ext4) echo ext4 > "$disk" ;;
    mount) [ "$(cat "$5")" = ext4 ] || { echo "mount: wrong fs type"; exit 32; } ;;
    install) mkdir -p "$disk" ;;
esac
"""


class Instance:
    """A machine with the programs and, perhaps, the disk."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.disks, self.place = folder / "bin", folder / "by-id", folder / "volume"
        self.children = Children(str(folder))
        for name in ("blkid", "dd", "mkfs.ext4", "mount", "sysctl", "install"):
            self.bin.mkdir(exist_ok=True)
            (self.bin / name).write_text(PLAYED)
            (self.bin / name).chmod(0o755)
        self.disks.mkdir()

    def plug_in(self, name: str = SEEN_AS[0], content: str = "") -> Path:
        disk = self.disks / name
        disk.write_text(content)
        return disk

    def attach(self, pause: Callable[[float], None] | None = None) -> None:
        volume.attach(ID, self.place, self.run, pause or self.must_not_wait, self.disks)

    def run(self, args: Sequence[str]) -> Finished:
        return self.children.run(args, env={"PATH": f"{self.bin}:/usr/bin:/bin"}, limit_s=20)

    def must_not_wait(self, seconds: float) -> None:
        raise AssertionError(f"waits {seconds} s for a disk that is there")

    def called(self) -> list[str]:
        calls = self.bin / "calls"
        return [line.split()[0] for line in calls.read_text().splitlines()] if calls.exists() else []


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(tmp_path)


@pytest.mark.parametrize("name", SEEN_AS)
def test_given_an_empty_disk_when_attached_then_it_gets_a_file_system_and_a_folder_for_the_person(
    instance: Instance, name: str
) -> None:
    disk = instance.plug_in(name)

    instance.attach()

    assert disk.read_text() == "ext4\n"
    assert instance.called() == ["blkid", "dd", "mkfs.ext4", "sysctl", "mount", "install"]
    calls = (instance.bin / "calls").read_text()
    assert f"mount -t ext4 -o nosuid,nodev,commit=1 {disk} {instance.place}\n" in calls
    assert f"install -d -o 1000 -g 1000 {instance.place}/files\n" in calls


def test_given_a_disk_that_was_used_before_when_attached_then_it_is_mounted_as_it_is(
    instance: Instance,
) -> None:
    instance.plug_in(content="ext4")

    instance.attach()

    assert instance.called() == ["blkid", "sysctl", "mount", "install"]


def test_given_a_disk_with_anything_else_when_attached_then_it_is_left_as_it_is_and_told(
    instance: Instance,
) -> None:
    disk = instance.plug_in(content="xfs")

    with pytest.raises(FailedError, match="volume-unreadable") as failed:
        instance.attach()

    assert disk.read_text() == "xfs"
    assert failed.value.cause.lines == ("mount: wrong fs type",)


def test_given_a_disk_that_cannot_be_read_when_it_looks_empty_then_it_is_not_formatted(
    instance: Instance,
) -> None:
    disk = instance.plug_in()
    (instance.bin / "unreadable").touch()

    with pytest.raises(FailedError, match="volume-unreadable"):
        instance.attach()

    assert disk.read_text() == ""


def test_given_a_disk_that_comes_late_then_it_is_waited_for(instance: Instance) -> None:
    waited: list[float] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            instance.plug_in()

    instance.attach(pause)

    assert (len(waited), "mount" in instance.called()) == (3, True)


def test_given_only_a_part_of_a_disk_of_that_serial_then_it_is_not_taken(instance: Instance) -> None:
    instance.plug_in(f"{SEEN_AS[0]}-part1", content="ext4")

    def told_to_end(_: float) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        instance.attach(told_to_end)

    assert instance.called() == []


def test_given_no_disk_within_two_minutes_then_it_is_told(instance: Instance) -> None:
    waited: list[float] = []

    with pytest.raises(FailedError, match="volume-missing"):
        instance.attach(waited.append)

    assert sum(waited) == 120


def test_given_what_the_local_cloud_linked_then_nothing_is_done(instance: Instance, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    instance.place.symlink_to(tmp_path / "elsewhere")

    instance.attach()

    assert instance.called() == []


def with_volume(folder: Path) -> Job:
    one = job(folder)
    one = replace(one, orders=replace(one.orders, volume="data", disk=ID))
    (one.state / "volume" / "files").mkdir(parents=True)
    one.root.mkdir(parents=True, exist_ok=True)
    return one


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        pytest.param([], "work", id="free"),
        pytest.param(["work"], "work-volume", id="the repository has it"),
        pytest.param(["work", "work-volume"], "work-volume1", id="the repository has both"),
    ],
)
def test_given_a_repository_then_the_volume_takes_none_of_its_names(
    tmp_path: Path, taken: list[str], name: str
) -> None:
    one = with_volume(tmp_path)
    for there in taken:
        (one.root / there).mkdir()

    assert volume.name(one) == name


def test_given_the_link_of_before_a_restart_then_its_name_stays(tmp_path: Path) -> None:
    one = with_volume(tmp_path)
    (one.root / "work").symlink_to(volume.files(one.state))

    assert volume.name(one) == "work"


def test_given_a_container_then_it_gets_the_volume_and_cannot_start_without_it(tmp_path: Path) -> None:
    one = with_volume(tmp_path)

    args = run_command(one, Endpoint(port=8123, token="secret"), memory_mib=512)

    mount = args[args.index("--mount") + 1]
    assert mount == f"type=bind,source={one.state}/volume/files,target=/home/jovyan/work"


def test_given_an_instance_without_a_volume_then_its_container_has_none(tmp_path: Path) -> None:
    assert "--mount" not in run_command(job(tmp_path), Endpoint(port=8123, token="secret"), memory_mib=512)
