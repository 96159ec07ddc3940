"""The person's volume: a disk that outlives the instance. It is never formatted unless it holds nothing at all."""

from __future__ import annotations

import os
from itertools import chain, count
from pathlib import Path
from typing import Callable, Sequence

from .causes import Cause, FailedError, last
from .job import Job
from .processes import Finished

_DISKS = Path("/dev/disk/by-id")
_SERIAL = 20  # characters of the id: as many as virtio's serial takes
_LOOKS = 120  # a second each
_EMPTY = 2  # blkid's word for it
_PERSON = "1000"

Run = Callable[[Sequence[str]], Finished]


def attach(disk_id: str, place: Path, run: Run, pause: Callable[[float], None], disks: Path = _DISKS) -> None:
    """Mount it at ``place``, unless it is there: the local cloud puts a link there. Raises `FailedError`, as ``run`` does."""
    if place.is_symlink() or os.path.ismount(place):
        return
    disk = str(_disk(disk_id, pause, disks))
    probed = run(["blkid", "-p", disk])
    if probed.code == _EMPTY and not probed.lines:
        _must(
            run, ["dd", f"if={disk}", "of=/dev/null", "bs=1M", "count=1"]
        )  # what cannot be read looks empty too
        _must(run, ["mkfs.ext4", "-q", "-m", "0", disk])
    place.mkdir(exist_ok=True)
    # The server may be deleted at any moment: what was written is on the disk within some two seconds.
    run(["sysctl", "-qw", "vm.dirty_expire_centisecs=100", "vm.dirty_writeback_centisecs=100"])
    _must(run, ["mount", "-t", "ext4", "-o", "nosuid,nodev,commit=1", disk, str(place)])
    # Below the mount, so that a container that Docker starts before us finds no folder and waits.
    _must(run, ["install", "-d", "-o", _PERSON, "-g", _PERSON, str(place / "files")])


def files(state: Path) -> Path:
    """What the person sees of it."""
    return (state / "volume" / "files").resolve()


def name(job: Job) -> str:
    """The folder that it is in, beside the repository's own; the same after a restart."""
    for found in chain(["work"], (f"work-volume{n or ''}" for n in count())):
        there = job.root / found
        if not os.path.lexists(there) or (there.is_symlink() and there.resolve() == files(job.state)):
            break
    return found


def _disk(disk_id: str, pause: Callable[[float], None], disks: Path) -> Path:
    for _ in range(_LOOKS):
        for found in sorted(disks.glob(f"*{disk_id[:_SERIAL]}*")):
            if "-part" not in found.name:
                return found
        pause(1)
    words = "The instance does not see the disk of the volume."
    raise FailedError(
        Cause("volume-missing", words, "Press Retry; if it happens again, tell whoever runs the bot.")
    )


def _must(run: Run, args: Sequence[str]) -> None:
    done = run(args)
    if done.code:
        raise FailedError(
            Cause(
                "volume-unreadable",
                f"The volume cannot be used ({args[0]}). It was left as it is.",
                "Launch without volume=, and tell whoever runs the bot: they may still save what is on it.",
                lines=last(done.lines),
            )
        )
