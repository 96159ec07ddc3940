"""A worker in a process of its own that stops itself (SIGSTOP) just before a call to the cloud: the race tests run it.

Its clock is the real one plus what a file says, so that it wakes up as late as the test wants without anybody waiting.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from provisioning.clouds.openstack import OpenStackCloud
from provisioning.model import BinderId
from provisioning.store.database import Database
from tests.integration.openstack.worlds import Bed, World, cloud_on


def clock_of(file: Path) -> Callable[[], datetime]:
    """Now, and the seconds that ``file`` holds."""
    return lambda: datetime.now(UTC) + timedelta(seconds=float(file.read_text()))


async def _sleep() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


class Sleeper(OpenStackCloud):
    """The driver, falling asleep once between the decision to make something and the request."""

    before = ""

    async def run(self, asked: str, work: Callable[[], Any]) -> Any:
        if asked == self.before:
            self.before = ""
            await super().run("be awake", _sleep)
        return await super().run(asked, work)


def work(bed: Bed, database_url: str, deployment: str, binder_id: str, before: str, offset: Path) -> None:
    """Step the binder until its server is up, or nothing is left to do for this process."""
    asyncio.run(_work(bed, database_url, deployment, BinderId(binder_id), before, clock_of(offset)))


async def _work(
    bed: Bed,
    database_url: str,
    deployment: str,
    binder_id: BinderId,
    before: str,
    clock: Callable[[], datetime],
) -> None:
    db = await Database(database_url).open()
    cloud = cloud_on(bed, deployment=deployment, now=clock, driver=Sleeper)
    cloud.before = before  # type: ignore[attr-defined]  the Sleeper's
    world = World(db, cloud, clock, deployment)  # type: ignore[arg-type]  a clock that nobody moves
    for _ in range(200):
        await world.launcher.step(binder_id)
        if (await world.now(binder_id)).phase not in ("requested", "queued", "creating"):
            break
        await asyncio.sleep(0.1)
    await cloud.close()
    await db.close()
