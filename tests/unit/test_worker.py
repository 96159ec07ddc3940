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


class Queue:
    """Things to do one by one; whoever takes one rings, as a chained loop must."""

    def __init__(self, bell: Bell) -> None:
        self.bell = bell
        self.due = 0
        self.looks = 0
        self.under_way = 0
        self.may_end = asyncio.Event()

    async def once(self) -> bool:
        self.looks += 1
        if not self.due:
            return False
        self.due -= 1
        self.under_way += 1
        self.bell.ring("step")
        await self.may_end.wait()
        self.under_way -= 1
        return True


@pytest.fixture
async def queue() -> Queue:
    return Queue(Bell("unused"))


@pytest.fixture
async def chained(queue: Queue) -> AsyncIterator[Worker]:
    found = Worker(queue.bell, [Loop(topic="step", once=queue.once, width=5, tick_s=600, is_chained=True)])
    await found.start()
    await settled()
    yield found
    queue.may_end.set()
    await found.stop(patience_s=5)


async def settled() -> None:
    """Let every loop come as far as it can."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_given_chained_loops_at_rest_when_it_rings_then_one_of_them_looks(
    chained: Worker, queue: Queue
) -> None:
    before = queue.looks
    queue.bell.ring("step")
    await settled()

    assert queue.looks == before + 1


async def test_given_chained_loops_at_rest_when_it_is_to_ring_later_then_one_of_them_looks_then(
    chained: Worker, queue: Queue
) -> None:
    before = queue.looks
    queue.bell.ring_in("step", 0.05)
    await settled()
    too_early = queue.looks

    async with asyncio.timeout(10):
        while queue.looks == before:  # noqa: ASYNC110  a loop tells nobody that it looked
            await asyncio.sleep(0.01)

    assert too_early == before


async def test_given_chained_loops_at_rest_when_several_things_are_due_then_all_are_done_at_once(
    chained: Worker, queue: Queue
) -> None:
    queue.due = 4
    queue.bell.ring("step")
    await settled()

    assert queue.under_way == 4


async def test_given_a_chained_loop_that_is_done_then_it_leaves_looking_to_the_others(
    chained: Worker, queue: Queue
) -> None:
    queue.due = 1
    queue.bell.ring("step")
    await settled()
    before = queue.looks
    queue.may_end.set()
    await settled()

    assert (queue.under_way, queue.looks) == (0, before)


async def test_given_more_due_than_chained_loops_when_some_are_done_then_the_rest_is_taken(
    chained: Worker, queue: Queue
) -> None:
    queue.due = 12
    queue.may_end.set()
    queue.bell.ring("step")
    await settled()

    assert (queue.due, queue.under_way) == (0, 0)


async def test_given_chained_loops_at_rest_when_stopped_then_all_end_by_themselves(
    chained: Worker, queue: Queue
) -> None:
    await chained.stop(patience_s=60)

    assert [task.cancelled() for task in chained._tasks] == [False] * 5
