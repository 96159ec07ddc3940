"""Questions that are asked once for everybody."""

import asyncio

import pytest

from provisioning.clouds.openstack_memory import Memory
from provisioning.errors import BinderopsError, ConflictError, NotFoundError, TemporaryError
from tests.conftest import Clock

AWAY = TemporaryError("away", "It is away.", "Wait.")
GONE = NotFoundError("gone", "It is gone.", "Name another.")
BUSY = ConflictError("lease-lost", "Another has it.", "Nothing to do.")


class Source:
    """Says what it is told to, after a moment, and counts."""

    def __init__(self, *says: str | BinderopsError) -> None:
        self.asked = 0
        self._says = list(says)

    async def ask(self) -> str:
        self.asked += 1
        await asyncio.sleep(0)
        said = self._says.pop(0) if len(self._says) > 1 else self._says[0]
        if isinstance(said, BinderopsError):
            raise said
        return said


async def heard(memory: Memory, source: Source) -> str:
    try:
        return await memory.once(("q",), source.ask)
    except BinderopsError as error:
        return error.code


@pytest.mark.parametrize(
    ("says", "told"),
    [pytest.param("blue", "blue", id="an answer"), pytest.param(AWAY, "away", id="silence"), pytest.param(GONE, "gone", id="a refusal")],
)  # fmt: skip
async def test_given_many_that_ask_at_once_then_one_question_is_asked_and_all_are_told(
    clock: Clock, says: str | BinderopsError, told: str
) -> None:
    memory, source = Memory(clock), Source(says)

    all_heard = await asyncio.gather(*(heard(memory, source) for _ in range(10)))

    assert (all_heard, source.asked) == ([told] * 10, 1)


@pytest.mark.parametrize(
    ("says", "seconds", "asked"),
    [
        pytest.param("blue", 299, 1, id="an answer within five minutes"),
        pytest.param("blue", 301, 2, id="an answer after five minutes"),
        pytest.param(AWAY, 9, 1, id="a failure within ten seconds"),
        pytest.param(AWAY, 11, 2, id="a failure after ten seconds"),
        pytest.param(BUSY, 0, 2, id="what concerns the asker alone"),
    ],
)
async def test_given_what_was_heard_when_asked_later_then_it_is_asked_anew_only_once_it_is_old(
    clock: Clock, says: str | BinderopsError, seconds: int, asked: int
) -> None:
    memory, source = Memory(clock), Source(says)
    first = await heard(memory, source)

    clock.forward(seconds=seconds)

    assert (await heard(memory, source), source.asked) == (first, asked)


async def test_given_a_failure_that_is_over_when_asked_again_then_the_answer_is_told(clock: Clock) -> None:
    memory, source = Memory(clock), Source(AWAY, "blue")
    await heard(memory, source)
    clock.forward(seconds=11)

    assert [await heard(memory, source), await heard(memory, source)] == ["blue", "blue"]


async def test_given_answers_forgotten_then_they_are_asked_anew_and_what_just_failed_is_not(
    clock: Clock,
) -> None:
    memory, answered, failed = Memory(clock), Source("blue"), Source(AWAY)
    await memory.once(("a",), answered.ask)
    with pytest.raises(TemporaryError):
        await memory.once(("f",), failed.ask)

    memory.forget()

    await memory.once(("a",), answered.ask)
    with pytest.raises(TemporaryError):
        await memory.once(("f",), failed.ask)
    assert (answered.asked, failed.asked) == (2, 1)


async def test_given_the_asker_cancelled_then_the_next_one_asks(clock: Clock) -> None:
    memory, never = Memory(clock), asyncio.Event()
    first = asyncio.create_task(memory.once(("q",), never.wait))
    second = asyncio.create_task(heard(memory, Source("blue")))
    await asyncio.sleep(0)

    first.cancel()

    assert await second == "blue"
