"""Whether the loops of a process come round."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from provisioning.store.database import Bell
from provisioning.worker import Loop, Worker


class Work:
    """Something to do that says when it was begun, and ends when it is let."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.is_fatal = False

    async def once(self) -> bool:
        self.begun.set()
        if self.is_fatal:
            raise asyncio.CancelledError  # what no loop catches
        await self.may_end.wait()
        return False


@pytest.fixture
async def work() -> Work:
    return Work()


@pytest.fixture
async def worker(work: Work) -> AsyncIterator[Worker]:
    found = Worker(Bell("unused"), [Loop(topic="story", once=work.once)])
    yield found
    work.may_end.set()
    await found.stop(patience_s=5)


async def test_given_a_loop_at_work_when_asked_then_it_is_not_stalled(worker: Worker, work: Work) -> None:
    await worker.start()
    await work.begun.wait()

    assert worker.stalled(longest_s=600) == ()


async def test_given_a_loop_that_does_not_come_round_when_asked_then_it_is_named(
    worker: Worker, work: Work
) -> None:
    await worker.start()
    await work.begun.wait()

    assert worker.stalled(longest_s=-1) == ("story",)


async def test_given_a_loop_that_has_ended_when_asked_then_it_is_named(worker: Worker, work: Work) -> None:
    work.is_fatal = True
    await worker.start()
    await work.begun.wait()
    await asyncio.wait(worker._tasks)

    assert worker.stalled(longest_s=600) == ("story",)
