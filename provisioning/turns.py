"""How many steps do the same kind of thing at once. Who waits for a turn has noted nothing yet: no call's time runs out in a queue.

Any number of steps may wait, for a listing or for their turn; what the machine and the cloud's threads can bear is bounded here.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from provisioning.actions import (
    Action,
    CheckPublic,
    Delete,
    KeepLog,
    MakeFloatingIp,
    MakePort,
    MakeServer,
    MakeVolume,
    ReadConsole,
    Resolve,
)

# The cloud's: somewhat more than its threads for one service, so that none is idle while a result is written down.
_MAKING = 12
_AT_ONCE: dict[type[Action], int] = {
    MakePort: _MAKING,
    MakeFloatingIp: _MAKING,
    MakeVolume: _MAKING,
    MakeServer: _MAKING,
    Delete: _MAKING,
    ReadConsole: 16,  # two a second, and no call may take longer than its time limit
    Resolve: 16,  # a git process each
    KeepLog: 16,
    CheckPublic: 16,
}


class Turns:
    """The turns of one process."""

    def __init__(self) -> None:
        self._doors: dict[tuple[str, str], asyncio.Semaphore] = {}

    @asynccontextmanager
    async def taken(self, action: Action | None, cloud: str, unless: asyncio.Event) -> AsyncIterator[bool]:
        """Have a turn for this action on this cloud for as long as the context lasts; False where ``unless`` was set before it came."""
        door = self._door(action, cloud)
        if door is None:
            yield True
            return
        if not await _first(door, unless):
            yield False
            return
        try:
            yield True
        finally:
            door.release()

    def _door(self, action: Action | None, cloud: str) -> asyncio.Semaphore | None:
        if action is None or (most := _AT_ONCE.get(type(action))) is None:
            return None
        kind = (
            f"{type(action).__name__} {action.kind}" if isinstance(action, Delete) else type(action).__name__
        )
        return self._doors.setdefault((cloud, kind), asyncio.Semaphore(most))


async def _first(door: asyncio.Semaphore, unless: asyncio.Event) -> bool:
    """Whether the door let us in before the event came; what comes in the same moment lets us in."""
    if not door.locked():
        await door.acquire()
        return True
    entering, leaving = asyncio.create_task(door.acquire()), asyncio.create_task(unless.wait())
    try:
        await asyncio.wait({entering, leaving}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        if entering.done() and not entering.cancelled():
            door.release()
        raise
    finally:
        leaving.cancel()
        if not entering.done():
            entering.cancel()
        await asyncio.gather(entering, leaving, return_exceptions=True)
    return not entering.cancelled()
