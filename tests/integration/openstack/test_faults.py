"""Every request of a launch and a deletion made to go wrong, in every way: no double, no leak, an honest end.

The requests are found by a first life that nothing disturbs. Each other life has a proxy before the cloud, a deployment and a
clock of its own; what a fault lasts is the clock's time, so nothing here waits for a limit.
"""

import asyncio
import logging
import os
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from provisioning.cloud_objects import DELETION_ORDER
from provisioning.errors import BinderopsError
from provisioning.model import BinderId, Outcome, Phase
from provisioning.phases import Policy
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.fakes.fault_proxy import FaultProxy, How
from tests.integration.openstack.project import Project
from tests.integration.openstack.worlds import World, world_on

pytestmark = [pytest.mark.integration, pytest.mark.timeout(5400)]
log = logging.getLogger(__name__)

_ASKED = os.environ.get("BINDEROPS_FAULTS", "")  # "all", "2/3" for the second third, or a part of their names
_SIDE_BY_SIDE = 4
_ANSWER_WITHIN_S = 20.0  # a busy bed is no fault
_TOO_LATE_S = 3.0
_MAKES = {
    "POST network /ports",
    "POST network /floatingips",
    "POST volume /volumes",
    "POST compute /servers",
    "POST network /security-groups",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One way to go wrong."""

    name: str
    how: How | int
    times: int | None = 1
    seconds: float = 0.0


ONCE = (
    Wrong(name="500", how=500),
    Wrong(name="503", how=503),
    Wrong(name="409", how=409),
    Wrong(name="403", how=403),
    Wrong(name="garbage", how=How.GARBAGE),
    Wrong(name="cut", how=How.CUT),
)
WORKED = (
    Wrong(name="worked, but no answer", how=How.NO_ANSWER),
    Wrong(name="worked, but 500", how=How.WORKED_BUT_500),
    Wrong(name="worked, but garbage", how=How.WORKED_BUT_GARBAGE),
    Wrong(name="worked, but too late", how=How.SLOW, seconds=2 * _TOO_LATE_S),
)
ALWAYS = (
    Wrong(name="500 always", how=500, times=None),
    Wrong(name="garbage always", how=How.GARBAGE, times=None),
)


def lives(labels: list[str]) -> list[tuple[str, Wrong]]:
    """What to try: everything or a part of it where asked for, which takes its time; else a small share."""
    whole = [(label, wrong) for label in sorted(labels) for wrong in (*ONCE, *WORKED, *ALWAYS)]
    if _ASKED and _ASKED != "all" and not re.fullmatch(r"\d+/\d+", _ASKED):
        return [(label, wrong) for label, wrong in whole if _ASKED in f"{label}: {wrong.name}"]
    if _ASKED:
        part, _, parts = _ASKED.replace("all", "1/1").partition("/")
        return whole[int(part) - 1 :: int(parts)]
    doubles = [(label, wrong) for label in labels if label in _MAKES for wrong in WORKED]
    rest = [pair for pair in whole if pair not in doubles]
    return [*doubles[::9], *rest[::51]]


@asynccontextmanager
async def proxied(
    project: Project, db: Database, folder: Path, *, answer_within_s: float = _ANSWER_WITHIN_S
) -> AsyncIterator[tuple[World, FaultProxy]]:
    folder.mkdir()  # noqa: ASYNC240  an empty folder
    async with (
        FaultProxy(project.clouds_yaml, project.member, folder=folder) as proxy,
        world_on(proxy, db, Clock(), answer_within_s=answer_within_s) as world,
    ):
        world.policy = Policy(volume_root_below_gib=40, volume_gib=20)
        world.launcher = world.another_process(world.cloud)
        yield world, proxy
        proxy.heal()


async def live(world: World, proxy: FaultProxy, *, patience_s: float) -> tuple[BinderId, Phase]:
    """A launch to its end, then a deletion as far as the faults let it come; the phase that the launch came to."""
    asked = await world.ask()
    came_to = (
        await world.until(asked, Phase.BOOTING, Phase.FAILED, Phase.DELETING, Phase.DELETED, s=patience_s)
    ).phase
    if came_to is Phase.BOOTING:
        doubled = [kind for kind, n in Counter(o.kind for o in await seen(world)).items() if n > 1]
        assert doubled == []
        await world.want_deleted(asked)
    for _ in range(25):
        if (await world.now(asked)).phase is Phase.DELETED:
            break
        await world.later(patience_s)
        await world.launcher.step(asked)
    proxy.heal()
    await world.until(asked, Phase.DELETED)
    return asked, came_to


async def seen(world: World) -> list[object]:
    """What is there, asked until it can be told."""
    for _ in range(20):
        try:
            return list(await world.objects())
        except BinderopsError:  # the fault of this life
            await asyncio.sleep(0.05)
    return []


async def held_the_promise(world: World, proxy: FaultProxy, asked: BinderId, came_to: Phase) -> None:
    """Nothing was made twice, nothing is left, and the binder says how it ended."""
    made = Counter(c.label for c in proxy.calls if c.was_forwarded and c.label in _MAKES)
    assert [label for label, n in made.items() if n > 1] == []
    assert await world.objects() == ()
    binder = await world.now(asked)
    if came_to is Phase.BOOTING:
        assert binder.outcome is Outcome.CANCELLED
    else:
        assert binder.outcome is Outcome.FAILED
        assert binder.failure is not None
        assert binder.failure.message
        assert binder.failure.hint


async def test_given_any_request_that_goes_wrong_when_launched_and_deleted_then_nothing_doubles_or_stays(
    openstack_project: Project, db: Database, tmp_path: Path, record_property: Callable[[str, str], None]
) -> None:
    async with proxied(openstack_project, db, tmp_path / "unharmed") as (world, proxy):
        asked, came_to = await live(world, proxy, patience_s=2)
        await held_the_promise(world, proxy, asked, came_to)
        labels = proxy.labels()
    assert came_to is Phase.BOOTING
    assert {o for o in labels if o.startswith(("POST", "DELETE"))} >= _MAKES
    assert len([o for o in labels if o.startswith("DELETE")]) == len(DELETION_ORDER)

    chosen = lives(labels)
    broken: dict[str, str] = {}
    ended: Counter[str] = Counter()
    free = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def one(number: int, label: str, wrong: Wrong) -> None:
        limit_s = _TOO_LATE_S if wrong.seconds else _ANSWER_WITHIN_S
        folder = tmp_path / str(number)
        async with free, proxied(openstack_project, db, folder, answer_within_s=limit_s) as (world, proxy):
            proxy.fail(label, wrong.how, times=wrong.times, seconds=wrong.seconds)
            # A fault that stays is waited out in great strides; where an answer is late, time must not run ahead of the bed.
            world.is_in_real_time = wrong.seconds > 0
            stride_s = 30 if wrong.times is None else 1 if wrong.seconds else 5
            try:
                asked, came_to = await live(world, proxy, patience_s=stride_s)
                await held_the_promise(world, proxy, asked, came_to)
            except AssertionError as error:
                broken[f"{label}: {wrong.name}"] = str(error)[:600]
                log.warning("life-broke request=%s wrong=%s error=%s", label, wrong.name, str(error)[:600])
            else:
                ended["came up" if came_to is Phase.BOOTING else "failed honestly"] += 1
                log.info("life-held request=%s wrong=%s came_to=%s", label, wrong.name, came_to)

    await asyncio.gather(*(one(n, label, wrong) for n, (label, wrong) in enumerate(chosen)))
    record_property(
        "requests made to fail", f"{len(chosen)} lives over {len(labels)} requests: {dict(ended)}"
    )
    assert broken == {}
