"""What this machine has for instances: sizes, free TCP ports, the disk that a folder takes, and what it refuses."""

import asyncio
import errno
import os
import random
import shutil
import socket
from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

from provisioning.clouds.local_files import HOST
from provisioning.errors import CapacityError, TemporaryError
from provisioning.model import Flavor

R = TypeVar("R")

_ANY = random.SystemRandom()
_TCP_PORTS = range(20_000, 30_000)  # below what systems hand out to outgoing connections
# A browser tries both for *.localhost; a stranger on the second would get what is meant for the Binder.
_LOOPBACKS = ((socket.AF_INET, HOST), (socket.AF_INET6, "::1"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an instance takes of this machine."""

    disk_mib: int  # as du counts; files shared with the package cache count too
    memory_mib: int  # resident


async def done_aside(work: Callable[..., R], *arguments: object) -> R:
    """The blocking work's result, from a thread. What the machine refuses, a full disk for one, is tried again."""
    try:
        return await asyncio.to_thread(work, *arguments)
    except OSError as error:
        raise TemporaryError(
            "machine-refused",
            f"This machine refused: {error}.",
            "Look at its free disk and memory; it is tried again.",
        ) from error


def flavors(home: Path) -> tuple[Flavor, ...]:
    """A quarter and a half of this machine, smallest first: as information, nothing holds an instance to them."""
    vcpus = os.cpu_count() or 1
    ram_mib = psutil.virtual_memory().total // 2**20
    disk_gib = shutil.disk_usage(home).total // 2**30
    return tuple(
        Flavor(
            name=f"local.{name}",
            vcpus=max(1, vcpus // share),
            ram_mib=ram_mib // share // 256 * 256 or ram_mib,
            disk_gib=max(1, min(most_gib, disk_gib // share)),
        )
        for name, share, most_gib in (("small", 4, 10), ("medium", 2, 20))
    )


def free_tcp_port(taken: Container[int]) -> int:
    """A TCP port of this machine's loopback that nothing listens on and nobody has reserved."""
    candidates = [tcp for tcp in _ANY.sample(_TCP_PORTS, 500) if tcp not in taken]
    for tcp in candidates:
        if all(_is_free(family, host, tcp) for family, host in _LOOPBACKS):
            return tcp
    raise CapacityError(
        "no-free-port", "No free TCP port was found on this machine.", "Delete a Binder that nobody needs."
    )


def _is_free(family: socket.AddressFamily, host: str, tcp: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.bind((host, tcp))
    except OSError as error:
        return family is socket.AF_INET6 and error.errno != errno.EADDRINUSE  # a machine without IPv6
    return True


def disk_bytes(folder: Path) -> int:
    """What a folder takes of the disk, a file with several names once; what goes while we look counts nothing."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for where, _, names in os.walk(folder):
        for name in (".", *names):
            try:
                stat = os.lstat(Path(where, name))
            except OSError:
                continue
            if (stat.st_dev, stat.st_ino) not in seen:
                seen.add((stat.st_dev, stat.st_ino))
                total += stat.st_blocks * 512
    return total
