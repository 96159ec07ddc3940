"""``share`` and ``unshare``: who is let in and shut out, what they are told, and that a share goes with its binder."""

import base64
import json
from dataclasses import replace
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pytest

from bot.entrance import Entrance
from bot.narrator import Narrator
from provisioning.errors import NotFoundError
from provisioning.model import Binder, BinderId, Outcome, Phase
from provisioning.store import binders, shares
from provisioning.store.membership import epoch_of
from provisioning.tickets import Signer
from tests.fakes.signing import one
from tests.integration.desk.conftest import ADA, BEN, GENERAL, GIL, RANDOM, TEACHING, Workspace

pytestmark = pytest.mark.integration

ONE, TWO = "aaaabbbbcc", "ddddeeeeff"
ADAS_DM, BENS_DM = "D0ADA00001", "D0BEN00001"


async def _told(workspace: Workspace, user: str, text: str, channel: str = GENERAL) -> str:
    """What a person is told who types this."""
    await workspace.types(user, text, channel)
    await workspace.works()
    return await workspace.told(user)


async def _whom(workspace: Workspace, name: str = ONE) -> list[str]:
    async with workspace.db.transaction() as tx:
        return [share.whom for share in await shares.of(tx, BinderId(name))]


async def _epoch(workspace: Workspace, name: str = ONE) -> int:
    async with workspace.db.transaction() as tx:
        return await epoch_of(tx, BinderId(name))


async def _in_thread(workspace: Workspace) -> list[str]:
    """The notes of the story, as they are in the outbox."""
    narrator = Narrator(db=workspace.db, clock=workspace.clock)
    while await narrator.once():
        pass
    return [str(row["body"]["text"]) for row in await workspace.rows() if ":note-" in row["key"]]


def _claims(link: str) -> dict[str, Any]:
    """What the bot signed into the link's ticket."""
    head = unquote(link.partition("?ticket=")[2]).partition(".")[0]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    return claims


async def test_given_it_is_shared_with_a_person_when_they_press_open_then_they_get_a_link_of_their_own(
    workspace: Workspace,
) -> None:
    await workspace.has(ONE, owner=ADA)
    await _told(workspace, ADA, f"share {ONE} @ben")
    await _told(workspace, BEN, f"show {ONE}")
    card = (await workspace.inbox(BEN))["ephemerals"][-1]
    await workspace.presses(BEN, str(card["ts"]), "binder.open.lab")
    await workspace.works()

    assert "Your private link" in await workspace.told(BEN)
    assert [(wanted["user"], wanted["share"]) for wanted in workspace.links] == [(BEN, BEN)]


async def test_given_it_is_shared_with_nobody_then_open_is_refused_with_whom_to_ask(
    workspace: Workspace,
) -> None:
    await workspace.has(ONE, owner=ADA)

    assert f"Ask <@{ADA}> to share it with you" in await _told(workspace, BEN, f"open {ONE}")
    assert workspace.links == []


async def test_given_a_person_it_is_shared_with_then_nothing_else_is_theirs(workspace: Workspace) -> None:
    await workspace.has(ONE, owner=ADA)
    await _told(workspace, ADA, f"share {ONE} @ben")
    texts = [f"delete {ONE}", f"extend {ONE}", f"share {ONE} @gil", f"unshare {ONE}", f"cancel {ONE}"]

    assert [t for t in texts if f"belongs to <@{ADA}>" not in await _told(workspace, BEN, t)] == []
    assert await _whom(workspace) == [BEN]


async def test_given_it_is_shared_then_the_owner_learns_how_it_goes_on_and_the_thread_calls_the_other(
    workspace: Workspace,
) -> None:
    await workspace.has(ONE, owner=ADA)
    told = await _told(workspace, ADA, "share @ben")

    assert told.startswith(f"Shared: org/repo@aaaaaaa with <@{BEN}>. They can type `/binder open {ONE}`")
    assert await _in_thread(workspace) == [f"Shared with <@{BEN}> by <@{ADA}>: press Open."]


async def test_given_it_is_shared_then_no_link_stands_anywhere_but_in_the_answer(
    workspace: Workspace,
) -> None:
    await workspace.has(ONE, owner=ADA)
    await _told(workspace, ADA, "share channel")
    await _told(workspace, BEN, f"open {ONE}")
    await _in_thread(workspace)

    assert "ticket=" not in str(await workspace.rows())


async def test_given_the_same_share_twice_then_it_is_said_and_changes_nothing(workspace: Workspace) -> None:
    await workspace.has(ONE, owner=ADA)
    await _told(workspace, ADA, "share @ben")

    assert "Shared already" in await _told(workspace, ADA, "share @ben")
    assert await _whom(workspace) == [BEN]
    assert len(await _in_thread(workspace)) == 1


async def test_given_what_it_cannot_be_shared_with_then_it_says_why(workspace: Workspace) -> None:
    await workspace.has(ONE, owner=BEN)
    says = {
        "share @binderops": "is a bot",
        "share @gil": "is a guest",
        "share <@U0NOBODY01>": "is no member of this workspace",
        "share @nobody": "Slack did not make a person of @nobody",
        "share @ben": "is its owner",
        "share #teaching": f"launched in <#{GENERAL}>",
        "share": "say with whom",
    }

    told = {text: await _told(workspace, BEN, text) for text in says}

    assert {text: says[text] in said for text, said in told.items()} == dict.fromkeys(says, True)
    assert await _whom(workspace) == []


async def test_given_somebody_elses_then_nobody_but_admins_shares_it(workspace: Workspace) -> None:
    await workspace.has(ONE, owner=BEN)
    await workspace.has(TWO, owner=ADA)

    await _told(workspace, ADA, f"share {ONE} channel")
    await _told(workspace, BEN, f"share {TWO} channel")

    assert (await _whom(workspace, ONE), await _whom(workspace, TWO)) == (["channel"], [])


@pytest.mark.parametrize("word", ["channel", "here", "#general"])
async def test_given_its_channel_then_whoever_is_in_it_may_open_it_there_and_nowhere_else(
    workspace: Workspace, word: str
) -> None:
    await workspace.has(ONE, owner=ADA)
    await _told(workspace, ADA, f"share {word}")

    assert "Your private link" in await _told(workspace, BEN, f"open {ONE}")
    assert "Not found" in await _told(workspace, BEN, f"open {ONE}", TEACHING)
    assert "Guests" in await _told(workspace, GIL, f"open {ONE}")


async def test_given_a_conversation_with_the_bot_then_there_is_no_channel_to_share_it_with(
    workspace: Workspace,
) -> None:
    binder = await workspace.has(ONE, owner=ADA)
    async with workspace.db.transaction() as tx:
        await tx.run("tests/desk.move", id=binder.id, channel=ADAS_DM)

    assert "nobody else is" in await _told(workspace, ADA, f"share {ONE} channel")
    assert f"`/binder open {ONE}`. `/binder unshare" in await _told(workspace, ADA, f"share {ONE} @ben")


async def test_given_it_is_shared_by_name_then_list_and_open_without_id_find_it_anywhere(
    workspace: Workspace,
) -> None:
    await workspace.has(ONE, owner=ADA)
    await _told(workspace, ADA, f"share {ONE} @ben")

    assert "1 environment shared with you" in await _told(workspace, BEN, "list", RANDOM)
    assert "Ready: org/repo" in await _told(workspace, BEN, "show", BENS_DM)
    assert "Your private link" in await _told(workspace, BEN, "open", BENS_DM)
    assert "none of your environments" in await _told(workspace, BEN, "extend", BENS_DM)


async def test_given_shares_then_show_names_them(workspace: Workspace) -> None:
    await workspace.has(ONE, owner=ADA)
    await _told(workspace, ADA, "share @ben")
    workspace.clock.forward(seconds=1)
    await _told(workspace, ADA, "share channel")
    await _told(workspace, ADA, "show")

    card = (await workspace.inbox(ADA))["ephemerals"][-1]
    assert f"Shared with <@{BEN}> and everybody in <#{GENERAL}>." in str(card["blocks"])


@pytest.mark.parametrize("said", ["unshare @ben", "unshare"])
async def test_given_it_is_taken_back_then_sessions_end_and_open_is_refused(
    workspace: Workspace, said: str
) -> None:
    await workspace.has(ONE, owner=ADA)
    await _told(workspace, ADA, "share @ben")
    told = await _told(workspace, ADA, said)

    assert told.startswith(f"No longer shared: org/repo@aaaaaaa with <@{BEN}>. Open pages end within seconds")
    assert (await _whom(workspace), await _epoch(workspace)) == ([], 1)
    assert "belongs to" in await _told(workspace, BEN, f"open {ONE}")
    assert await _in_thread(workspace) == [f"No longer shared with <@{BEN}>, by <@{ADA}>."]


async def test_given_one_of_two_is_taken_back_then_the_other_stays(workspace: Workspace) -> None:
    await workspace.has(ONE, owner=ADA)
    await _told(workspace, ADA, "share channel")
    await _told(workspace, ADA, "share @ben")

    assert f"still shared with <@{BEN}>" in await _told(workspace, ADA, "unshare channel")
    assert await _whom(workspace) == [BEN]


@pytest.mark.parametrize(
    ("first", "says"),
    [
        pytest.param("show", "is shared with nobody", id="shared with nobody"),
        pytest.param("share channel", f"not shared with <@{BEN}>, but with everybody", id="shared otherwise"),
    ],
)
async def test_given_nothing_to_take_back_then_it_is_said_and_nobody_is_thrown_out(
    workspace: Workspace, first: str, says: str
) -> None:
    await workspace.has(ONE, owner=ADA)
    await _told(workspace, ADA, first)

    assert says in await _told(workspace, ADA, "unshare @ben")
    assert await _epoch(workspace) == 0


async def test_given_it_was_taken_back_before_the_link_is_sent_then_there_is_none(
    workspace: Workspace,
) -> None:
    await workspace.has(ONE, owner=ADA)
    await _told(workspace, ADA, "share @ben")
    await _told(workspace, BEN, f"open {ONE}")
    [wanted] = workspace.links
    entrance = Entrance(workspace.db, one(Signer.generate()), workspace.clock)
    before = _claims(await entrance.private_link(wanted))

    await _told(workspace, ADA, "unshare")

    assert (before["sub"], before["epoch"]) == (f"{wanted['team']}:{BEN}", 0)
    with pytest.raises(NotFoundError, match="not-shared"):
        await entrance.private_link(wanted)


async def test_given_the_owner_then_their_link_is_of_the_epoch_of_now(workspace: Workspace) -> None:
    await workspace.has(ONE, owner=ADA)
    for said in ("share @ben", "unshare", f"open {ONE}"):
        await _told(workspace, ADA, said)
    entrance = Entrance(workspace.db, one(Signer.generate()), workspace.clock)

    assert [("share" in wanted) for wanted in workspace.links] == [False]
    assert _claims(await entrance.private_link(workspace.links[0]))["epoch"] == 1


async def test_given_its_end_then_its_shares_are_gone(workspace: Workspace) -> None:
    binder = await workspace.has(ONE, owner=ADA)
    await _told(workspace, ADA, "share @ben")
    await _ends(workspace, binder)

    assert await _whom(workspace) == []
    assert "state is “deleted”" in await _told(workspace, ADA, f"share {ONE} @ben")


async def _ends(workspace: Workspace, binder: Binder) -> None:
    ended = replace(binder, phase=Phase.DELETED, outcome=Outcome.OK)
    async with workspace.db.transaction() as tx:
        await binders.wake(tx, binder.id, workspace.clock())
        claimed = await binders.claim(tx, lease=uuid4(), now=workspace.clock(), until=workspace.clock())
        assert claimed is not None
        await binders.record(
            tx, claimed, ended, events=[], wake_at=None, now=workspace.clock(), keep_lease=False
        )
