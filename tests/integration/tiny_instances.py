"""Instances whose guest is the tiny one: making them, waiting for them, looking at their processes."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import psutil

from provisioning.cloud_objects import DELETION_ORDER, CloudId, CloudObject, Kind, Mark
from provisioning.clouds import ServerSpec
from provisioning.clouds.local import LocalCloud
from provisioning.clouds.local_processes import marked
from provisioning.model import BinderId
from tests.conftest import Clock

TINY_GUEST = Path(__file__).parents[1] / "fakes" / "tiny_guest"
MARK = Mark(deployment="test", binder=BinderId("abcdefgh23"), attempt=1)

T = TypeVar("T")


@asynccontextmanager
async def emptied(place: Path, clock: Clock) -> AsyncIterator[LocalCloud]:
    """An open cloud; afterwards all of its home is deleted, of every deployment that tests use."""
    cloud = cloud_at(place, clock)
    await cloud.open()
    yield cloud
    for deployment in ("test", "other"):
        mine = cloud_at(place, clock, deployment=deployment)
        for kind in DELETION_ORDER:
            for there in await listed(mine, kind):
                await mine.delete(kind, there.id)


def cloud_at(place: Path, clock: Clock, *, deployment: str = "test", guest: Path = TINY_GUEST) -> LocalCloud:
    return LocalCloud(
        place, deployment=deployment, guest=guest, caddy=Path("/opt/caddy"), uv=Path("/opt/uv"),
        max_instances=2, now=clock,
    )  # fmt: skip


def spec(port: CloudObject, *tiny: str, volume_id: CloudId | None = None) -> ServerSpec:
    return ServerSpec(
        mark=port.mark, flavor="local.small", image="", port_id=port.id, volume_id=volume_id,
        metadata={"binderops_id": port.mark.binder}, launch={"v": 1, "tiny": list(tiny)},
    )  # fmt: skip


async def running(cloud: LocalCloud, place: Path, *tiny: str) -> tuple[CloudObject, dict[str, Any]]:
    """A server whose guest has started its child, and what the guest says of itself."""
    server = await cloud.create_server(spec(await cloud.create_port(MARK), *tiny))
    return server, await pids_of(place, server)


async def pids_of(place: Path, server: CloudObject, *, other_than: int = 0) -> dict[str, Any]:
    path = place / "servers" / server.id / "state" / "pids.json"

    def look() -> dict[str, Any] | None:
        said: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"agent": other_than}
        return said if said["agent"] != other_than else None

    return await until(look)


async def until(look: Callable[[], T | None]) -> T:
    """What ``look`` finds, sooner or later; the test's time limit is the end of patience."""
    while (found := look()) is None:  # noqa: ASYNC110  what happens outside sets no event
        await asyncio.sleep(0.01)
    return found


async def listed(cloud: LocalCloud, kind: Kind) -> list[CloudObject]:
    return [o for o in (await cloud.listing()).objects if o.kind is kind]


def supervisor_of(place: Path, server: CloudObject) -> int:
    return int((place / "servers" / server.id / "supervisor.lock").read_text())


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


async def kill_all_of(server: CloudObject) -> None:
    """As the machine's switch would: every process at once, back only when the last one is gone."""
    processes = marked(server.id)
    for process in processes:
        process.suspend()  # a supervisor that lives a moment longer starts nothing
    for process in processes:
        process.kill()
    for process in processes:
        await until(gone(process.pid))


def gone(pid: int) -> Callable[[], bool | None]:
    return lambda: None if is_alive(pid) else True
