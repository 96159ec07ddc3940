"""``volume=`` in a launch and ``volumes``: who has one, who is told what, and the end of one."""

from dataclasses import replace
from typing import Any

import pytest

from bot.desk import DeskSettings
from provisioning.cloud_objects import CloudId, CloudObject, Kind, Mark, Status
from provisioning.model import Binder, Phase
from provisioning.store import binders, resources, volumes
from provisioning.work_volumes import Kept, VolumeLimits
from tests.integration.desk.conftest import ADA, BEN, GENERAL, TEAM, Workspace

pytestmark = pytest.mark.integration


async def _told(workspace: Workspace, user: str, text: str) -> str:
    await workspace.types(user, text)
    await workspace.works()
    return await workspace.told(user)


async def _kept(workspace: Workspace, owner: str = BEN) -> list[Kept]:
    async with workspace.db.transaction() as tx:
        return await volumes.of_person(tx, team=TEAM, owner=owner)


async def _launched(workspace: Workspace, text: str = "org/repo volume=data", user: str = BEN) -> Binder:
    before = {b.id for b in await workspace.binders()}
    await workspace.types(user, text)
    await workspace.works()
    [new] = [b for b in await workspace.binders() if b.id not in before]
    return new


async def _gone(workspace: Workspace, binder: Binder) -> None:
    """What the binder's steps do: the cloud has its volume, and the binder is gone."""
    mark = Mark(deployment="d", binder=binder.id, attempt=1)
    work = CloudObject(kind=Kind.WORK_VOLUME, id=CloudId(f"of-{binder.id}"), mark=mark, status=Status.ACTIVE)
    async with workspace.db.transaction() as tx:
        await resources.made(tx, work, workspace.clock())
        await tx.run("binders.gone", id=binder.id, at=workspace.clock())


async def _last(workspace: Workspace, user: str = BEN) -> dict[str, Any]:
    return dict((await workspace.inbox(user))["ephemerals"][-1])


async def test_given_a_launch_with_a_volume_then_its_binder_holds_it(workspace: Workspace) -> None:
    binder = await _launched(workspace, "org/repo volume=data:20")

    [kept] = await _kept(workspace)
    assert binder.volume == kept.volume
    assert (kept.volume.name, kept.volume.size_gib, kept.held_by) == ("data", 20, binder.id)


async def test_given_no_size_then_the_deployments_own_counts(workspace: Workspace) -> None:
    workspace.desk.settings = replace(workspace.desk.settings, volumes=VolumeLimits(default_gib=3))

    await _launched(workspace)

    assert [k.volume.size_gib for k in await _kept(workspace)] == [3]


async def test_given_two_launches_with_one_volume_then_the_second_is_told_who_has_it_and_nothing_is_launched(
    workspace: Workspace,
) -> None:
    first = await _launched(workspace)

    told = await _told(workspace, BEN, "other/repo volume=data")

    assert told.startswith("Not started: your volume `data` is in use by https://github.com/org/repo")
    assert f"(`{first.id}`) in <#{GENERAL}> since <!date^" in told
    assert [b.id for b in await workspace.binders()] == [first.id]
    intents = [(i["kind"], i["state"]) for i in await workspace.intents()]
    assert intents == [("launch", "done"), ("launch", "done")]


async def test_given_who_is_told_who_has_it_then_a_button_shows_that_environment(
    workspace: Workspace,
) -> None:
    first = await _launched(workspace)
    await _told(workspace, BEN, "other/repo volume=data")

    await workspace.presses(BEN, str((await _last(workspace))["ts"]), "binder.show")
    await workspace.works()

    assert first.id in await workspace.told(BEN)


async def test_given_the_first_is_gone_then_the_next_launch_has_the_same_volume(workspace: Workspace) -> None:
    first = await _launched(workspace)
    await _gone(workspace, first)

    second = await _launched(workspace)

    assert second.volume == first.volume


async def test_given_anothers_volume_of_that_name_then_each_has_their_own(workspace: Workspace) -> None:
    mine = await _launched(workspace)

    theirs = await _launched(workspace, user=ADA)

    assert mine.volume is not None
    assert theirs.volume is not None
    assert mine.volume.id != theirs.volume.id
    assert "You have no volumes" not in await _told(workspace, ADA, "volumes")
    assert mine.id not in await workspace.told(ADA)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("org/repo volume=data:20", "has 10 GiB, not 20", id="another size"),
        pytest.param("org/repo volume=new:101", "at most 100 GiB", id="too large"),
    ],
)
async def test_given_a_size_that_cannot_be_then_it_is_said_and_nothing_is_launched(
    workspace: Workspace, text: str, said: str
) -> None:
    first = await _launched(workspace)
    await _gone(workspace, first)

    assert said in await _told(workspace, BEN, text)
    assert len(await workspace.binders()) == 1
    assert len(await _kept(workspace)) == 1


async def test_given_several_clouds_then_the_volume_and_its_launch_are_on_one(workspace: Workspace) -> None:
    workspace.desk.settings = DeskSettings(flavors=lambda: {"iu": (), "az": ()})

    first = await _launched(workspace)
    second = await _launched(workspace, "org/repo volume=data cloud=az")

    assert [k.cloud for k in await _kept(workspace)] == ["az", "iu"]
    assert (first.request.options.cloud, second.request.options.cloud) == ("iu", "az")


async def test_given_a_volume_from_when_there_was_one_cloud_then_it_is_found_in_the_first_of_several(
    workspace: Workspace,
) -> None:
    first = await _launched(workspace)
    await _gone(workspace, first)
    workspace.desk.settings = DeskSettings(flavors=lambda: {"iu": (), "az": ()})

    assert (await _launched(workspace)).volume == first.volume


async def test_given_volumes_then_the_list_says_of_each_who_has_it(workspace: Workspace) -> None:
    first = await _launched(workspace)
    await _gone(workspace, await _launched(workspace, "org/repo volume=old"))

    told = await _told(workspace, BEN, "volumes")

    assert f"`data`, 10 GiB: in use by https://github.com/org/repo (`{first.id}`) since <!date^" in told
    assert "`old`, 10 GiB: free, last used until <!date^" in told


async def test_given_no_volumes_then_it_is_said_how_one_comes_to_be(workspace: Workspace) -> None:
    assert "volume=data" in await _told(workspace, BEN, "volumes")


async def test_given_a_free_volume_when_its_deletion_is_typed_then_it_is_asked_and_done_by_the_button(
    workspace: Workspace,
) -> None:
    await _gone(workspace, await _launched(workspace))
    asked = await _told(workspace, BEN, "volume delete data")
    before = [k.deleting_since for k in await _kept(workspace)]

    await workspace.presses(BEN, str((await _last(workspace))["ts"]), "binder.volumes.delete")
    await workspace.works()

    assert asked.startswith("Delete for good?")
    assert before == [None]
    assert "Being deleted: the volume `data`" in await workspace.told(BEN)
    assert [k.deleting_since for k in await _kept(workspace)] == [workspace.clock.now]


async def test_given_a_volume_in_use_when_its_deletion_is_typed_then_it_is_said_who_has_it(
    workspace: Workspace,
) -> None:
    first = await _launched(workspace)

    told = await _told(workspace, BEN, "volumes delete data")

    assert told.startswith("Not deleted: your volume `data` is in use")
    assert first.id in told
    assert [k.deleting_since for k in await _kept(workspace)] == [None]


async def test_given_a_volume_that_a_launch_took_between_question_and_press_then_it_stays(
    workspace: Workspace,
) -> None:
    await _gone(workspace, await _launched(workspace))
    await _told(workspace, BEN, "volume delete data")
    question = await _last(workspace)
    await _launched(workspace)

    await workspace.presses(BEN, str(question["ts"]), "binder.volumes.delete")
    await workspace.works()

    assert (await workspace.told(BEN)).startswith("Not deleted")
    assert [k.deleting_since for k in await _kept(workspace)] == [None]


async def test_given_anothers_volume_then_it_is_neither_found_nor_deleted(workspace: Workspace) -> None:
    await _gone(workspace, await _launched(workspace))
    [kept] = await _kept(workspace)

    assert "you have no volume" in await _told(workspace, ADA, "volume delete data")
    assert "you have no volume" in await _told(workspace, ADA, f"volume delete {kept.volume.id}")


async def test_given_drop_when_an_environment_is_deleted_then_its_volume_is_marked_and_the_wish_says_so(
    workspace: Workspace,
) -> None:
    binder = await _launched(workspace)
    await _told(workspace, BEN, f"delete {binder.id} drop=volume")

    [kept] = await _kept(workspace)
    async with workspace.db.transaction() as tx:
        [wish] = await tx.rows("binders.granted", id=binder.id)
    assert (wish["payload"]["drops_volume"], kept.deleting_since) == (True, workspace.clock.now)
    assert "and is deleted after that" in await _told(workspace, BEN, "volumes")


async def test_given_an_admin_then_they_delete_the_environment_but_not_the_volume_of_another(
    workspace: Workspace,
) -> None:
    binder = await _launched(workspace)

    refused = await _told(workspace, ADA, f"delete {binder.id} drop=volume")
    await _told(workspace, ADA, f"delete {binder.id}")

    assert f"belongs to <@{BEN}>" in refused
    assert [k.deleting_since for k in await _kept(workspace)] == [None]
    async with workspace.db.transaction() as tx:
        assert [w["kind"] for w in await tx.rows("binders.granted", id=binder.id)] == ["delete"]


async def test_given_an_environment_without_a_volume_then_drop_is_refused(workspace: Workspace) -> None:
    await workspace.has("aaaabbbbcc", Phase.READY)

    assert "no volume of yours is in it" in await _told(workspace, BEN, "delete drop=volume")
    async with workspace.db.transaction() as tx:
        assert await tx.rows("binders.granted", id="aaaabbbbcc") == []


async def test_given_the_form_then_a_volume_can_be_named_in_it(workspace: Workspace) -> None:
    await workspace.types(BEN, "")
    await workspace.submits(BEN, repository="org/repo", volume="data:7")
    await workspace.works()

    assert [(k.volume.name, k.volume.size_gib) for k in await _kept(workspace)] == [("data", 7)]
    async with workspace.db.transaction() as tx:
        [binder] = await binders.all_of(tx)
    assert binder.volume is not None
