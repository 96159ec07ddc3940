"""Questions asked once for everybody: who asks the same meanwhile waits for the same answer. Knows no cloud.

A failure is remembered too, but shortly: of a hundred launches that need the image of a silent service, one waits for it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from provisioning.errors import BinderopsError, ConflictError

T = TypeVar("T")

_KEPT = timedelta(minutes=5)
_FAILED = timedelta(seconds=10)


class Memory:
    """Answers by their questions, for a while. ``now`` may be a wall clock: one that is set anew costs a question more."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._asking: defaultdict[tuple[str, ...], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._answers: dict[tuple[str, ...], tuple[datetime, Any]] = {}
        self._failures: dict[tuple[str, ...], tuple[datetime, BinderopsError]] = {}

    async def once(
        self, question: tuple[str, ...], ask: Callable[[], Awaitable[T]], *, kept: timedelta = _KEPT
    ) -> T:
        """The remembered answer, else what ``ask`` says now. Raises what it raises, for ten seconds to everybody.

        Not to everybody: `ConflictError`, which may be the asker's own (its lease is over). Who is cancelled leaves the question
        to the next.
        """
        async with self._asking[question]:
            if (answer := self._answers.get(question)) and self._is_within(answer[0], kept):
                return cast("T", answer[1])
            if (failure := self._failures.get(question)) and self._is_within(failure[0], _FAILED):
                raise failure[1].with_traceback(None)
            try:
                found = await ask()
            except ConflictError:
                raise
            except BinderopsError as error:
                self._failures[question] = (self._now(), error)
                raise
            self._answers[question] = (self._now(), found)
            self._failures.pop(question, None)
            return found

    def forget(self) -> None:
        """Ask anew what was answered. What failed just now stays so for its ten seconds."""
        self._answers.clear()

    def _is_within(self, at: datetime, span: timedelta) -> bool:
        return abs(self._now() - at) < span
