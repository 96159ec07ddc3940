"""What people do with binders that exist, by text and by button."""

from dataclasses import replace
from typing import Any

import pytest

from provisioning.model import Phase
from provisioning.store import listening
from tests.integration.desk.conftest import ADA, BEN, FLAVORS, GENERAL, GIL, TEACHING, Workspace
from tests.strategies import a_plan, a_report

pytestmark = pytest.mark.integration

ONE, TWO = "aaaabbbbcc", "ddddeeeeff"


async def _granted(workspace: Workspace) -> list[tuple[object, ...]]:
    return [
        (i["kind"], i["binder_id"], i["payload"]["hours"])
        for i in await workspace.intents()
        if i["state"] == "granted"
    ]


async def _shown(workspace: Workspace, user: str, text: str) -> dict[str, Any]:
    """The answer to a text, as the ephemeral message that it is."""
    await workspace.types(user, text)
    await workspace.works()
    found: dict[str, Any] = (await workspace.inbox(user))["ephemerals"][-1]
    return found


def _actions(message: dict[str, Any]) -> list[str]:
    found = [
        element
        for block in message.get("blocks") or []
        for element in [block.get("accessory"), *(block.get("elements") or [])]
    ]
    return [element["action_id"] for element in found if element and "action_id" in element]


@pytest.mark.parametrize(
    ("text", "phase", "expected"),
    [
        pytest.param(f"extend {ONE} 3", Phase.READY, ("extend", ONE, 3.0), id="extend with hours"),
        pytest.param("extend 90m", Phase.READY, ("extend", ONE, 1.5), id="extend the only one"),
        pytest.param("extend", Phase.READY, ("extend", ONE, None), id="extend by what is usual"),
        pytest.param(f"cancel {ONE}", Phase.BUILDING, ("cancel", ONE, None), id="cancel"),
        pytest.param(
            f"DELETE `{ONE.upper()}`", Phase.READY, ("delete", ONE, None), id="delete, in capitals and quotes"
        ),
        pytest.param("retry", Phase.FAILED, ("retry", ONE, None), id="retry"),
        pytest.param("confirm", Phase.REQUESTED, ("confirm", ONE, None), id="confirm"),
    ],
)
async def test_given_a_verb_of_its_owner_then_it_is_granted(
    workspace: Workspace, text: str, phase: Phase, expected: tuple[object, ...]
) -> None:
    await workspace.has(ONE, phase)
    await workspace.types(BEN, text)
    await workspace.works()

    assert await _granted(workspace) == [expected]


async def test_given_a_granted_verb_then_the_binder_is_due_at_once(workspace: Workspace) -> None:
    await workspace.has(ONE, Phase.BUILDING)
    await workspace.types(BEN, f"cancel {ONE}")
    await workspace.works()

    async with workspace.db.transaction() as tx:
        row = await tx.row("binders.get", id=ONE)
    assert row is not None
    assert row["wake_at"] == workspace.clock()


@pytest.mark.parametrize("verb", ["open", "download", "extend", "delete"])
async def test_given_somebody_elses_binder_then_it_is_refused_with_whom_to_ask(
    workspace: Workspace, verb: str
) -> None:
    await workspace.has(ONE, owner=ADA)
    await workspace.types(BEN, f"{verb} {ONE}")
    await workspace.works()

    assert await _granted(workspace) == []
    assert f"belongs to <@{ADA}>" in await workspace.told(BEN)


async def test_given_an_admin_then_they_may_delete_anybodys(workspace: Workspace) -> None:
    await workspace.has(ONE, owner=BEN)
    await workspace.types(ADA, f"delete {ONE}")
    await workspace.works()

    assert await _granted(workspace) == [("delete", ONE, None)]


async def test_given_a_guest_then_even_the_list_is_refused(workspace: Workspace) -> None:
    await workspace.types(GIL, "list")
    await workspace.works()

    assert "Guests" in await workspace.told(GIL)


async def test_given_several_binders_then_a_verb_without_id_lists_them_with_buttons(
    workspace: Workspace,
) -> None:
    await workspace.has(ONE)
    await workspace.has(TWO)
    answer = await _shown(workspace, BEN, "extend")

    assert str(answer["text"]).startswith("Which one?")
    assert _actions(answer) == ["binder.extend", "binder.extend"]


async def test_given_the_choice_then_its_button_acts_on_that_binder(workspace: Workspace) -> None:
    await workspace.has(ONE)
    await workspace.has(TWO)
    answer = await _shown(workspace, BEN, "extend")
    block = next(b for b in answer["blocks"] if b.get("accessory", {}).get("value") == ONE)
    await workspace.presses(BEN, str(answer["ts"]), "binder.extend", block_id=block["block_id"])
    await workspace.works()

    assert await _granted(workspace) == [("extend", ONE, None)]


async def test_given_a_volume_to_keep_then_the_wish_says_so(workspace: Workspace) -> None:
    await workspace.has(ONE)
    await workspace.types(BEN, "delete keep=volume")
    await workspace.works()

    async with workspace.db.transaction() as tx:
        [wish] = await tx.rows("binders.granted", id=ONE)
    assert (wish["kind"], wish["payload"]["keeps_volume"]) == ("delete", True)


async def test_given_a_choice_with_a_volume_to_keep_then_no_button_can_lose_it(workspace: Workspace) -> None:
    await workspace.has(ONE)
    await workspace.has(TWO)
    answer = await _shown(workspace, BEN, "delete keep=volume")

    assert _actions(answer) == []
    assert "/binder delete ID keep=volume" in str(answer["text"])
    assert ONE in str(answer["text"])
    assert TWO in str(answer["text"])


async def test_given_a_choice_for_deletion_then_its_buttons_only_show(workspace: Workspace) -> None:
    await workspace.has(ONE)
    await workspace.has(TWO)

    assert _actions(await _shown(workspace, BEN, "delete")) == ["binder.show", "binder.show"]


async def test_given_several_binders_then_list_shows_mine_each_with_a_button(workspace: Workspace) -> None:
    await workspace.has(ONE)
    await workspace.has(TWO, Phase.BUILDING)
    await workspace.has("gggghhhhjj", owner=ADA)
    answer = await _shown(workspace, BEN, "list")

    assert str(answer["text"]).startswith("2 environments of yours")
    assert _actions(answer) == ["binder.show", "binder.show", "binder.list.channel"]


async def test_given_the_channels_list_then_everybodys_are_in_it(workspace: Workspace) -> None:
    await workspace.has(ONE)
    await workspace.has(TWO, owner=ADA)

    assert str((await _shown(workspace, BEN, "list channel"))["text"]).startswith(
        "2 environments in this channel"
    )


async def test_given_another_channel_then_somebody_elses_binder_is_not_there(workspace: Workspace) -> None:
    await workspace.has(ONE, owner=ADA)
    await workspace.types(BEN, f"show {ONE}", TEACHING)
    await workspace.works()

    assert "Not found" in await workspace.told(BEN)


async def test_given_show_then_state_and_what_can_be_done_are_there(workspace: Workspace) -> None:
    await workspace.has(ONE)
    answer = await _shown(workspace, BEN, f"show {ONE}")

    assert str(answer["text"]).startswith("Ready: org/repo@aaaaaaa")
    assert _actions(answer) == ["binder.open.lab", "binder.extend", "binder.logs", "binder.delete"]


async def test_given_help_then_every_verb_is_in_it(workspace: Workspace) -> None:
    answer = await _shown(workspace, BEN, "help")

    for command in workspace.desk.commands.values():
        assert f"/binder {command.usage}`: {command.summary}" in str(answer["blocks"])


async def test_given_open_then_the_link_goes_to_that_person_and_is_stored_nowhere(
    workspace: Workspace,
) -> None:
    await workspace.has(ONE)
    answer = await _shown(workspace, BEN, "open")

    [link] = [e for b in answer["blocks"] for e in b.get("elements", []) if e.get("url")]
    assert "ticket=t0p.s3cret" in link["url"]
    assert workspace.links == [{"binder": ONE, "team": "T0PLAY0001", "user": BEN, "to": "/lab"}]
    assert "s3cret" not in str(await workspace.rows())


async def test_given_download_while_nothing_answers_then_the_link_leads_to_the_agents_own_page(
    workspace: Workspace,
) -> None:
    binder = await workspace.has(ONE)
    async with workspace.db.transaction() as tx:
        await listening.hear(tx, binder, a_report("ready", n=9, interfaces=()), workspace.clock())
    answer = await _shown(workspace, BEN, "download")

    assert "Download my work" in str(answer["blocks"])
    assert workspace.links == [{"binder": ONE, "team": "T0PLAY0001", "user": BEN, "to": "/_binder/work"}]


async def test_given_an_interface_that_is_not_there_then_the_answer_names_those_that_are(
    workspace: Workspace,
) -> None:
    await workspace.has(ONE)
    await workspace.types(BEN, "open rstudio")
    await workspace.works()

    assert "It has `lab`" in await workspace.told(BEN)


async def test_given_the_press_of_a_link_button_then_it_is_acked_and_nothing_else(
    workspace: Workspace,
) -> None:
    await workspace.has(ONE)
    answer = await _shown(workspace, BEN, "open")
    pressed = await workspace.presses(BEN, str(answer["ts"]), "binder.enter")

    assert pressed["acked"]
    assert len(await workspace.intents()) == 1


async def test_given_logs_then_the_guests_newest_log_is_kept_and_sent_to_the_thread(
    workspace: Workspace,
) -> None:
    await workspace.has(ONE)
    workspace.guest.text = "step 2\n"
    await workspace.types(BEN, "logs")
    await workspace.works()

    async with workspace.db.transaction() as tx:
        assert await listening.log(tx, (await workspace.binders())[0].id, 1) == "step 2\n"
    [file] = [r for r in await workspace.rows() if r["method"] == "file"]
    assert (file["thread_key"], file["channel"]) == (f"binder:{ONE}:root", GENERAL)


async def test_given_a_silent_guest_then_the_kept_log_is_sent(workspace: Workspace) -> None:
    binder = await workspace.has(ONE, Phase.FAILED)
    workspace.guest.text = None
    async with workspace.db.transaction() as tx:
        await listening.keep_log(tx, binder.id, 1, "kept\n", workspace.clock())
    await workspace.types(BEN, "logs")
    await workspace.works()

    assert [r["body"]["log_of"] for r in await workspace.rows() if r["method"] == "file"] == [ONE]


async def test_given_no_log_at_all_then_it_says_so(workspace: Workspace) -> None:
    await workspace.has(ONE, Phase.CREATING)
    await workspace.types(BEN, "logs")
    await workspace.works()

    assert "No log" in await workspace.told(BEN)


async def test_given_a_stale_button_then_advice_fits_the_present_state(workspace: Workspace) -> None:
    await workspace.has(ONE)
    answer = await _shown(workspace, BEN, f"show {ONE}")
    async with workspace.db.transaction() as tx:  # meanwhile it ends
        await tx.run("tests/desk.end", id=ONE)
    await workspace.presses(BEN, str(answer["ts"]), "binder.extend")
    await workspace.works()

    said = (await workspace.inbox(BEN))["ephemerals"][-1]
    assert "Launch again starts the same anew" in said["text"]
    assert _actions(said) == ["binder.relaunch"]
    assert await _granted(workspace) == []


@pytest.mark.parametrize("text", ["launch again", f"launch again {ONE}", f"relaunch {ONE}"])
async def test_given_launch_again_then_the_same_request_starts_anew_for_whoever_asked(
    workspace: Workspace, text: str
) -> None:
    old = await workspace.has(ONE)
    await workspace.types(BEN, text)
    await workspace.works()

    [new] = [b for b in await workspace.binders() if b.id != ONE]
    assert (new.request, new.phase, new.owner) == (old.request, Phase.REQUESTED, BEN)


async def test_given_larger_then_the_same_request_starts_anew_on_the_next_flavor(
    workspace: Workspace,
) -> None:
    tiny = replace(a_plan(), flavor=FLAVORS[0])
    old = await workspace.has(ONE, Phase.FAILED, plan=tiny)
    await workspace.types(BEN, f"larger {ONE}")
    await workspace.works()

    [new] = [b for b in await workspace.binders() if b.id != ONE]
    assert (new.request.repo, new.phase, new.owner) == (old.request.repo, Phase.REQUESTED, BEN)
    assert new.request.options.flavor == FLAVORS[1].name


async def test_given_larger_where_none_is_then_nothing_starts_and_it_is_said(workspace: Workspace) -> None:
    await workspace.has(ONE, Phase.FAILED)
    await workspace.types(BEN, f"larger {ONE}")
    await workspace.works()

    assert "no flavor with more memory than m3.small" in await workspace.told(BEN)
    assert len(await workspace.binders()) == 1


async def test_given_a_press_delivered_twice_then_it_counts_once(workspace: Workspace) -> None:
    await workspace.has(ONE)
    answer = await _shown(workspace, BEN, f"show {ONE}")
    await workspace.breaks(kind="twice")
    await workspace.presses(BEN, str(answer["ts"]), "binder.extend")
    await workspace.works()

    assert len(await _granted(workspace)) == 1


async def test_given_a_binder_that_ran_and_was_deleted_then_its_log_went_with_its_instance(
    workspace: Workspace,
) -> None:
    await workspace.has(ONE)
    async with workspace.db.transaction() as tx:
        await tx.run("tests/desk.end", id=ONE)
    await workspace.types(BEN, f"logs {ONE}")
    await workspace.works()

    assert "went with its instance" in await workspace.told(BEN)


async def test_given_a_binder_that_ran_and_is_silent_without_a_kept_log_then_it_is_said_to_be_silent(
    workspace: Workspace,
) -> None:
    await workspace.has(ONE)
    workspace.guest.text = None
    await workspace.types(BEN, "logs")
    await workspace.works()

    assert "does not answer at the moment" in await workspace.told(BEN)
