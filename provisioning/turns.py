"""How many steps do the same kind of thing at once. Who waits for a turn has noted nothing yet, and hears what happens meanwhile.

Nearly any number of steps may wait, for a listing or for their turn; what the machine and the cloud's threads can bear is bounded here.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from provisioning.actions import (
    MADE_BY,
    Action,
    CheckPublic,
    CountWork,
    Delete,
    KeepLog,
    ReadConsole,
    Resolve,
)
from provisioning.cloud_objects import Kind

_SERVICE = {
    Kind.PORT: "network",
    Kind.FLOATING_IP: "network",
    Kind.VOLUME: "volume",
    Kind.WORK_VOLUME: "volume",
    Kind.SERVER: "compute",
}
#: Of one service of a cloud: somewhat more than its threads, so that none is idle while a result is written down.
_CHANGING = 12
_AT_ONCE = {
    Resolve: 48,  # a git process each
    ReadConsole: 16,  # two a second, and no call may take longer than its time limit
    KeepLog: 16,
    CheckPublic: 16,
    CountWork: 16,
}
_LONGEST_WAIT_S = 20.0  # what was decided then is decided anew


class Turns:
    """The turns of one process."""

    def __init__(self) -> None:
        self._doors: dict[tuple[str, str], asyncio.Semaphore] = {}
        self._closed = asyncio.Event()

    def close(self) -> None:
        """Begin nothing more that needs a turn."""
        self._closed.set()

    @asynccontextmanager
    async def taken(self, action: Action | None, cloud: str, unless: asyncio.Event) -> AsyncIterator[bool]:
        """Have a turn for this action on this cloud for as long as the context lasts.

        False where there is none any more, where it did not come for long, or where ``unless`` was set before it came.
        """
        door = self._door(action, cloud)
        if door is None:
            yield True
            return
        if self._closed.is_set() or not await _first(door, unless, self._closed):
            yield False
            return
        try:
            yield True
        finally:
            door.release()

    def _door(self, action: Action | None, cloud: str) -> asyncio.Semaphore | None:
        if action is None:
            return None
        kind = action.kind if isinstance(action, Delete) else MADE_BY.get(type(action))
        name = _SERVICE[kind] if kind else type(action).__name__
        most = _CHANGING if kind else _AT_ONCE.get(type(action))
        return self._doors.setdefault((cloud, name), asyncio.Semaphore(most)) if most else None


async def _first(door: asyncio.Semaphore, *others: asyncio.Event) -> bool:
    """Whether the door let us in before any of the others came; what comes in the same moment lets us in."""
    if not door.locked():
        await door.acquire()
        return True
    entering = asyncio.create_task(door.acquire())
    leaving = [asyncio.create_task(other.wait()) for other in others]
    try:
        await asyncio.wait({entering, *leaving}, timeout=_LONGEST_WAIT_S, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        if not entering.cancel():  # it was let in
            door.release()
        raise
    finally:
        for task in leaving:
            task.cancel()
    entering.cancel()
    with suppress(asyncio.CancelledError):
        return await entering
    return False
