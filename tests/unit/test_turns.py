"""Who may act at the same time: as many as there are turns, the others in line, and out of it when there is news."""

import asyncio

import pytest

from provisioning.actions import Action, Admit, Delete, MakeFloatingIp, MakePort, Resolve
from provisioning.cloud_objects import CloudId, Kind
from provisioning.turns import Turns
from tests.strategies import NOW


class Crowd:
    """Steps that want a turn and keep it until they are told to end."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.inside = 0
        self.refused = 0
        self.news = asyncio.Event()
        self.end = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def come(self, count: int, action: Action | None, cloud: str = "") -> None:
        self._tasks += [asyncio.create_task(self._one(action, cloud)) for _ in range(count)]
        await self.settle()

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def leave(self) -> None:
        self.end.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _one(self, action: Action | None, cloud: str) -> None:
        async with self.turns.taken(action, cloud, self.news) as is_ours:
            if not is_ours:
                self.refused += 1
                return
            self.inside += 1
            try:
                await self.end.wait()
            finally:
                self.inside -= 1


async def test_given_more_steps_than_turns_then_the_others_wait_and_follow() -> None:
    crowd = Crowd()
    await crowd.come(50, MakePort())
    first = crowd.inside
    await crowd.leave()

    assert 0 < first < 50
    assert (crowd.inside, crowd.refused) == (0, 0)


@pytest.mark.parametrize(
    ("action", "cloud"),
    [
        pytest.param(Resolve(), "", id="another kind of action"),
        pytest.param(Delete(kind=Kind.SERVER, id=CloudId("s")), "", id="another service"),
        pytest.param(MakePort(), "elsewhere", id="another cloud"),
    ],
)
async def test_given_no_turn_left_then_what_is_not_of_the_kind_does_not_wait(
    action: Action, cloud: str
) -> None:
    crowd = Crowd()
    await crowd.come(50, MakePort())
    full = crowd.inside
    await crowd.come(1, action, cloud)

    assert crowd.inside == full + 1
    await crowd.leave()


@pytest.mark.parametrize("action", [None, Admit(since=NOW)])
async def test_given_what_burdens_nobody_then_there_is_no_line(action: Action | None) -> None:
    crowd = Crowd()
    await crowd.come(200, action)

    assert crowd.inside == 200
    await crowd.leave()


async def test_given_news_then_who_waits_goes_away_and_who_acts_stays() -> None:
    crowd = Crowd()
    await crowd.come(50, MakePort())
    inside = crowd.inside
    crowd.news.set()
    await crowd.settle()

    assert (crowd.inside, crowd.refused) == (inside, 50 - inside)
    await crowd.leave()


async def test_given_a_free_turn_then_old_news_send_nobody_away() -> None:
    crowd = Crowd()
    crowd.news.set()
    await crowd.come(1, MakePort())

    assert crowd.inside == 1
    await crowd.leave()


async def test_given_turns_that_are_closed_then_nobody_gets_one_and_who_waits_goes_away() -> None:
    crowd = Crowd()
    await crowd.come(50, MakePort())
    inside = crowd.inside
    crowd.turns.close()
    await crowd.come(1, Resolve())
    await crowd.come(1, None)

    assert (crowd.inside, crowd.refused) == (inside + 1, 50 - inside + 1)
    await crowd.leave()


async def test_given_a_turn_that_does_not_come_for_long_then_who_waits_goes_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("provisioning.turns._LONGEST_WAIT_S", 0.01)
    crowd = Crowd()
    await crowd.come(50, MakePort())
    inside = crowd.inside
    async with asyncio.timeout(30):
        while crowd.refused < 50 - inside:  # noqa: ASYNC110  its clock is the loop's own
            await asyncio.sleep(0.01)

    assert crowd.inside == inside
    await crowd.leave()


@pytest.mark.parametrize(
    "action", [MakeFloatingIp(port_id=CloudId("p")), Delete(kind=Kind.PORT, id=CloudId("p"))]
)
async def test_given_a_service_with_no_turn_left_then_its_other_things_wait_too(action: Action) -> None:
    crowd = Crowd()
    await crowd.come(50, MakePort())
    full = crowd.inside
    await crowd.come(1, action)

    assert crowd.inside == full
    await crowd.leave()


async def test_given_steps_cut_off_in_line_and_in_action_then_no_turn_is_lost() -> None:
    crowd = Crowd()
    await crowd.come(50, MakePort())
    before = crowd.inside
    await crowd.cancel()
    await crowd.come(50, MakePort())

    assert crowd.inside == before
    await crowd.leave()
