"""A guest's control groups, which hold the flavor's limits. Version 2 alone, or beside version 1 as Debian's `hybrid` has them."""

import os
import pathlib
from contextlib import suppress

from spec import Spec

_ALL = pathlib.Path("/sys/fs/cgroup")


def make(spec: Spec) -> list[pathlib.Path]:
    """The groups, made; a process is in the guest once it is in each."""
    unified = _ALL / "unified" if (_ALL / "unified").is_dir() else _ALL
    wanted: dict[pathlib.Path, dict[str, str]] = {unified: {}}
    memory, quota = spec.memory << 20, spec.cpus * 100_000
    if (_ALL / "memory").is_dir():
        wanted[_ALL / "memory"] = {"memory.limit_in_bytes": f"{memory}"} if memory else {}
        wanted[_ALL / "cpu"] = {"cpu.cfs_quota_us": f"{quota}"} if quota else {}
    else:
        with suppress(OSError):
            (unified / "cgroup.subtree_control").write_text("+memory +cpu +pids")
            wanted[unified] |= {"memory.max": f"{memory}"} if memory else {}
            wanted[unified] |= {"cpu.max": f"{quota} 100000"} if quota else {}
    for parent, limits in wanted.items():
        group = parent / spec.namespace
        group.mkdir(exist_ok=True)
        for name, value in limits.items():
            (group / name).write_text(value)
    return [parent / spec.namespace for parent in wanted]


def remove(groups: list[pathlib.Path]) -> None:
    """With the groups that the guest's systemd made below them."""
    for group in groups:
        for inner, _, _ in os.walk(group, topdown=False):
            with suppress(OSError):
                pathlib.Path(inner).rmdir()
