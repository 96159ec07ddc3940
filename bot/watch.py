"""Something outside that is looked at again and again, and how it was the last time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from provisioning.errors import BinderopsError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that the bot needs, for whoever runs it. ``age_s``: how old this knowledge is; None: there is none yet."""

    ok: bool
    detail: str = ""
    age_s: float | None = None


class Watch:
    """Looks each ``every``. One look never waits for another, and none takes longer than ``patience``."""

    def __init__(
        self,
        name: str,
        look: Callable[[], Awaitable[object]],
        clock: Callable[[], datetime],
        *,
        every: timedelta,
        patience: timedelta = timedelta(seconds=60),
    ) -> None:
        self._name = name
        self._look = look
        self._clock = clock
        self._every = every
        self._patience = patience
        self._good_at: datetime | None = None
        self._trouble = ""
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look; returns at once."""
        self._task = asyncio.create_task(self._keep_looking(), name=f"watch-{self._name}")

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def once(self) -> None:
        """Look now."""
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                await self._look()
        except BinderopsError as error:
            trouble = f"{error.code}: {error.message}"
        except TimeoutError:
            trouble = f"no answer within {self._patience.total_seconds():g} s"
        except Exception as error:  # whatever it runs into, the next look comes
            log.exception("watch-broke watch=%s", self._name)
            trouble = type(error).__name__
        else:
            self._good_at, trouble = self._clock(), ""
        if bool(trouble) != bool(self._trouble):
            log.warning("watch-changed watch=%s ok=%s detail=%s", self._name, not trouble, trouble)
        self._trouble = trouble

    def part(self) -> Part:
        """As it was the last time. What was good too long ago, is not good."""
        if self._good_at is None:
            return Part(ok=False, detail=self._trouble or "not looked at yet")
        age = self._clock() - self._good_at
        is_fresh = age <= 2 * self._every + self._patience
        detail = self._trouble or ("" if is_fresh else "not looked at for too long")
        return Part(ok=is_fresh and not self._trouble, detail=detail, age_s=age.total_seconds())

    async def _keep_looking(self) -> None:
        while True:
            await self.once()
            await asyncio.sleep(self._every.total_seconds())
