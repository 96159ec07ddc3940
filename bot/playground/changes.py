"""What changed in the workspace, counted, so that a page can wait for the next change. Holds no content."""

import asyncio
from collections import deque

from bot.playground.shapes import Json

KEPT = 1000


class Changes:
    """A counter with a memory of the last `KEPT` changes."""

    def __init__(self) -> None:
        self.last = 0
        self._kept: deque[Json] = deque(maxlen=KEPT)
        self._news = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def note(self, what: str, **where: str) -> None:
        """Something changed: ``what`` is channel, inbox, home, bot, faults; ``where`` says which."""
        self.last += 1
        self._kept.append({"n": self.last, "what": what, **where})
        task = asyncio.ensure_future(self._wake())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()

    def after(self, number: int) -> list[Json]:
        """The changes after this number that are still remembered."""
        return [change for change in self._kept if change["n"] > number]

    async def wait_after(self, number: int, *, longest_s: float) -> list[Json]:
        """As `after`, but waits for the first one."""
        try:
            async with asyncio.timeout(longest_s), self._news:
                await self._news.wait_for(lambda: self.last > number)
        except TimeoutError:
            return []
        return self.after(number)
