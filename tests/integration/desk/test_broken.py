"""Wishes that break on the way: the person is told, the others go on, and nothing is tried for ever."""

from dataclasses import replace

import pytest

from bot.command import Command
from bot.effects import Effect, say
from bot.intents import Asked
from tests.integration.desk.conftest import BEN, Workspace

pytestmark = pytest.mark.integration


async def _unwritable(_desk: object, _asked: Asked) -> Effect:
    """PostgreSQL takes no NUL, in texts or in JSON."""
    return say("a\0b")


@pytest.fixture
def breaking(workspace: Workspace) -> Workspace:
    """A workspace whose ``help`` decides what cannot be written."""
    known: dict[str, Command] = dict(workspace.desk.commands)
    workspace.desk.commands = {**known, "help": replace(known["help"], handle=_unwritable)}
    return workspace


async def test_given_an_effect_that_cannot_be_written_then_the_person_gets_an_id_that_the_log_has(
    breaking: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    await breaking.types(BEN, "help")
    await breaking.works()

    incident = (await breaking.told(BEN)).partition("incident ")[2][:8]
    assert incident
    assert f"incident={incident}" in caplog.text


async def test_given_an_effect_that_cannot_be_written_then_it_is_not_tried_again(
    breaking: Workspace,
) -> None:
    await breaking.types(BEN, "help")
    await breaking.works()

    assert [i["state"] for i in await breaking.intents()] == ["done"]


async def test_given_a_wish_that_cannot_be_read_then_the_next_one_is_answered(workspace: Workspace) -> None:
    await workspace.types(BEN, "help")
    async with workspace.db.transaction() as tx:
        await tx.run("tests/desk.spoil")
    await workspace.types(BEN, "list")

    await workspace.works()

    assert "environments" in await workspace.told(BEN)
    assert [i["state"] for i in await workspace.intents()] == ["new", "done"]


async def test_given_a_wish_that_could_not_be_read_when_it_can_be_after_five_minutes_then_it_is_answered(
    workspace: Workspace,
) -> None:
    await workspace.types(BEN, "help")
    async with workspace.db.transaction() as tx:
        await tx.run("tests/desk.spoil")
    await workspace.works()
    async with workspace.db.transaction() as tx:
        await tx.run("tests/desk.mend")
    early = await workspace.desk.once()
    workspace.clock.forward(minutes=5, seconds=1)

    await workspace.works()

    assert (early, [i["state"] for i in await workspace.intents()]) == (False, ["done"])


ONE, TWO = "aaaabbbbcc", "ddddeeeeff"


@pytest.mark.parametrize("text", ["list", "list channel"])
async def test_given_a_binder_of_another_version_then_the_list_shows_the_others(
    workspace: Workspace, text: str
) -> None:
    await workspace.has(ONE)
    await workspace.has(TWO)
    async with workspace.db.transaction() as tx:
        await tx.run("tests/desk.of_another_version", id=ONE)
    await workspace.types(BEN, text)
    await workspace.works()

    shown = str((await workspace.inbox(BEN))["ephemerals"][-1])
    assert (TWO in shown, ONE in shown) == (True, False)


async def test_given_a_binder_of_another_version_when_a_verb_names_none_then_it_means_the_other_one(
    workspace: Workspace,
) -> None:
    await workspace.has(ONE)
    await workspace.has(TWO)
    async with workspace.db.transaction() as tx:
        await tx.run("tests/desk.of_another_version", id=ONE)
    await workspace.types(BEN, "extend 3")
    await workspace.works()

    assert [(i["state"], i["binder_id"]) for i in await workspace.intents()] == [("granted", TWO)]
