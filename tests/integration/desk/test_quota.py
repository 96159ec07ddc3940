"""What a person is told who asks for the quota: what is known, and never by waiting for the cloud."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from provisioning.model import Flavor
from provisioning.quota import Allowance, Quota, Resource
from provisioning.room import Standing
from tests.integration.desk.conftest import BEN, FLAVORS, Workspace

pytestmark = pytest.mark.integration


def a_standing(read_at: datetime, *fitting: Flavor, **allowances: tuple[int | None, int]) -> Standing:
    found = {Resource(n): Allowance(limit=limit, used=used) for n, (limit, used) in allowances.items()}
    return Standing(
        quota=Quota(read_at=read_at, allowances=found),
        taken_by_others={Resource.CORES: 2},
        fitting=fitting,
    )


def knows(workspace: Workspace, **standings: Standing | None) -> None:
    """What was read of each cloud; ``only`` is the one without a name."""
    found = {"" if name == "only" else name: standing for name, standing in standings.items()}
    reads(workspace, lambda: found)


def reads(workspace: Workspace, look: Callable[[], dict[str, Standing | None]]) -> None:
    workspace.desk.settings = replace(workspace.desk.settings, standings=look)


async def told(workspace: Workspace) -> str:
    await workspace.types(BEN, "quota")
    await workspace.works()
    return await workspace.told(BEN)


async def test_given_numbers_that_were_just_read_when_asked_then_they_are_told_with_what_was_promised(
    workspace: Workspace,
) -> None:
    knows(workspace, only=a_standing(workspace.clock(), *FLAVORS[::-1], cores=(150, 4), floating_ips=(10, 3)))

    assert await told(workspace) == (
        "Quota: floating IPs: 3 of 10 in use or promised; cores: 6 of 150 in use or promised."
        " m3.small and m3.tiny fit now."
    )


async def test_given_a_resource_without_a_limit_when_told_then_only_what_is_used_is_said(
    workspace: Workspace,
) -> None:
    knows(workspace, only=a_standing(workspace.clock(), ram_mib=(None, 6144)))

    assert "RAM: 6 GiB in use or promised. No flavor is known to fit now." in await told(workspace)


async def test_given_several_clouds_when_asked_then_each_is_named(workspace: Workspace) -> None:
    now = workspace.clock()
    knows(workspace, here=a_standing(now, FLAVORS[0]), there=a_standing(now))

    assert await told(workspace) == "Quota: here: m3.tiny fits now. there: No flavor is known to fit now."


async def test_given_old_numbers_when_asked_then_the_answer_follows_once_they_are_read(
    workspace: Workspace,
) -> None:
    old = workspace.clock() - timedelta(minutes=5)
    knows(workspace, only=a_standing(old, floating_ips=(10, 3)))
    before = await told(workspace)

    knows(workspace, only=a_standing(workspace.clock(), floating_ips=(10, 7)))
    workspace.clock.forward(seconds=2)
    await workspace.works()

    assert (before, "7 of 10" in await workspace.told(BEN)) == ("", True)


async def test_given_a_cloud_that_does_not_answer_when_it_took_too_long_then_the_last_numbers_are_told_as_old(
    workspace: Workspace,
) -> None:
    old = workspace.clock() - timedelta(minutes=5)
    knows(workspace, only=a_standing(old, floating_ips=(10, 3)))
    await told(workspace)

    workspace.clock.forward(seconds=11)
    await workspace.works()

    shown = (await workspace.inbox(BEN))["ephemerals"][-1]
    assert "3 of 10" in str(shown["blocks"])
    assert "The cloud does not answer now" in str(shown["blocks"])


async def test_given_a_cloud_that_does_not_tell_when_it_took_too_long_then_that_is_said(
    workspace: Workspace,
) -> None:
    knows(workspace, only=None)
    await told(workspace)

    workspace.clock.forward(seconds=11)
    await workspace.works()

    assert "does not tell what may be used" in await workspace.told(BEN)
