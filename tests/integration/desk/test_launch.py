"""``/binder org/repo``, typed or by the form: one binder, an answer at once, mistakes at their place."""

import json
from pathlib import Path

import pytest

from provisioning.model import Happened, Phase
from provisioning.store import binders
from tests.integration.desk.conftest import ADA, BEN, GENERAL, GIL, RANDOM, Workspace

pytestmark = pytest.mark.integration


def _recorded(folder: Path) -> list[dict[str, object]]:
    return [json.loads(file.read_text()) for file in sorted(folder.glob("record/*.json"))]


async def test_given_a_good_launch_then_the_ack_says_what_is_looked_at(workspace: Workspace) -> None:
    done = await workspace.types(BEN, "org/repo main")

    assert done["acked"]
    assert done["ack"]["text"] == "Looking at org/repo ..."
    assert done["ack"]["response_type"] == "ephemeral"


async def test_given_a_good_launch_when_the_desk_works_then_there_is_one_requested_binder(
    workspace: Workspace,
) -> None:
    await workspace.types(BEN, "org/repo main flavor=m3.small hours=2")
    await workspace.works()

    [binder] = await workspace.binders()
    assert (binder.phase, binder.owner, binder.channel) == (Phase.REQUESTED, BEN, GENERAL)
    assert (binder.request.repo, binder.request.ref) == ("https://github.com/org/repo", "main")
    assert (binder.request.options.flavor, binder.request.options.hours) == ("m3.small", 2)
    async with workspace.db.transaction() as tx:
        assert [e.kind for e in await binders.events(tx, binder.id)] == [Happened.REQUESTED]


async def test_given_a_launch_then_its_intent_is_done_and_knows_binder_and_response_url(
    workspace: Workspace,
) -> None:
    await workspace.types(BEN, "org/repo")
    await workspace.works()

    [intent] = await workspace.intents()
    [binder] = await workspace.binders()
    assert (intent["state"], intent["binder_id"], intent["kind"]) == ("done", binder.id, "launch")
    assert "/response/" in intent["payload"]["response_url"]


async def test_given_a_command_that_slack_delivers_twice_then_there_is_one_binder(
    workspace: Workspace,
) -> None:
    await workspace.breaks(kind="twice")
    await workspace.types(BEN, "org/repo")
    await workspace.works()

    assert len(await workspace.binders()) == 1


async def test_given_a_desk_killed_in_mid_work_then_the_next_one_launches_once(workspace: Workspace) -> None:
    await workspace.types(BEN, "org/repo")
    async with workspace.db.transaction() as tx:  # a desk takes it and dies
        await tx.row(
            "bot/intents.claim", desk="0" * 32, most=1, now=workspace.clock(), until=workspace.clock.now
        )
    workspace.clock.forward(seconds=31)
    await workspace.works()

    assert len(await workspace.binders()) == 1


@pytest.mark.parametrize(
    ("text", "marked", "hint"),
    [
        pytest.param("org/repo; rm", "        ^", "Leave it out", id="a shell character"),
        pytest.param(
            "org/repo flavr=m3.tiny", "         ^^^^^", "Did you mean flavor?", id="an unknown option"
        ),
        pytest.param(
            "org/repo flavor=m3.smal",
            "                ^^^^^^^",
            "Did you mean m3.small?",
            id="an unknown flavor",
        ),
        pytest.param("launch org/repo hours=no", "                      ^^", "hours=2", id="after the verb"),
        pytest.param("lst", "^^^", "Did you mean /binder list?", id="an unknown verb"),
        pytest.param("extend abc", "       ^^^", "hours=2", id="a verb's argument"),
        pytest.param("show no-id", "     ^^^^^", "/binder list", id="no id"),
    ],
)
async def test_given_wrong_input_then_the_ack_marks_the_place(
    workspace: Workspace, text: str, marked: str, hint: str
) -> None:
    ack = (await workspace.types(BEN, text))["ack"]

    shown = [line for block in ack["blocks"] for line in block["text"]["text"].splitlines()]
    assert text in shown
    assert shown[shown.index(text) + 1] == marked
    assert hint in ack["text"]


async def test_given_wrong_input_then_nothing_is_stored(workspace: Workspace) -> None:
    await workspace.types(BEN, "org/repo; rm -rf")

    assert await workspace.intents() == []


async def test_given_a_repository_named_like_a_verb_then_launch_takes_it(workspace: Workspace) -> None:
    await workspace.types(BEN, "launch list/show")
    await workspace.works()

    [binder] = await workspace.binders()
    assert binder.request.repo == "https://github.com/list/show"


async def test_given_a_channel_without_the_bot_then_it_says_how_to_invite_it(workspace: Workspace) -> None:
    await workspace.types(BEN, "org/repo", RANDOM)
    await workspace.works()

    assert "/invite" in await workspace.told(BEN)
    assert await workspace.binders() == ()


async def test_given_a_private_channel_without_the_bot_then_it_says_how_to_invite_it(
    workspace: Workspace,
) -> None:
    await workspace.types(BEN, "org/repo", "C0STAFF001")
    await workspace.works()

    assert "/invite" in await workspace.told(BEN)


async def test_given_a_direct_message_with_the_bot_then_it_launches(workspace: Workspace) -> None:
    await workspace.types(BEN, "org/repo", "D0BEN00001")
    await workspace.works()

    assert len(await workspace.binders()) == 1


async def test_given_a_guest_then_nothing_is_launched_and_they_learn_whom_to_ask(
    workspace: Workspace,
) -> None:
    await workspace.types(GIL, "org/repo")
    await workspace.works()

    assert await workspace.binders() == ()
    assert "Ask a member" in await workspace.told(GIL)


async def test_given_slack_away_then_the_launch_waits_and_happens_later(workspace: Workspace) -> None:
    await workspace.types(BEN, "org/repo")
    await workspace.breaks(kind="500", method="users.info")
    await workspace.works()
    before = await workspace.binders()
    workspace.clock.forward(seconds=6)
    await workspace.works()

    assert (len(before), len(await workspace.binders())) == (0, 1)


async def test_given_no_text_then_the_form_opens_with_flavors_and_prices(workspace: Workspace) -> None:
    await workspace.types(BEN, "")

    [view] = (await workspace.inbox(BEN))["views"]
    [flavor] = [b for b in view["blocks"] if b["block_id"] == "flavor"]
    labels = [o["text"]["text"] for o in flavor["element"]["options"]]
    assert labels[1] == "m3.small: 2 CPUs, 6 GB, 2 SU an hour"


async def test_given_a_filled_form_then_it_launches_in_its_channel(workspace: Workspace) -> None:
    await workspace.types(BEN, "form")
    await workspace.submits(
        BEN, repository="org/repo", ref="dev", flavor="m3.tiny", hours="3", path="my notes/a.ipynb"
    )
    await workspace.works()

    [binder] = await workspace.binders()
    assert (binder.request.ref, binder.request.path, binder.channel) == ("dev", "my notes/a.ipynb", GENERAL)
    assert (binder.request.options.flavor, binder.request.options.hours) == ("m3.tiny", 3)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"repository": "not a repo;"}, "repository", id="repository"),
        pytest.param({"repository": "https://x:y@github.com/a/b"}, "repository", id="credentials"),
        pytest.param({"repository": "org/repo", "ref": "--upload-pack=x"}, "ref", id="ref"),
        pytest.param({"repository": "org/repo", "ref": "main hours=9"}, "ref", id="a ref with a space"),
        pytest.param({"repository": "org/repo", "path": "../etc"}, "path", id="path"),
        pytest.param({"repository": "org/repo", "hours": "long"}, "hours", id="hours"),
    ],
)
async def test_given_a_wrong_field_then_the_mistake_is_told_there(
    workspace: Workspace, fields: dict[str, str], field: str
) -> None:
    await workspace.types(BEN, "")
    done = await workspace.submits(BEN, **fields)

    assert list(done["errors"]) == [field]
    assert await workspace.intents() == []


async def test_given_a_mention_with_a_command_then_it_is_answered_to_that_person(
    workspace: Workspace,
) -> None:
    await workspace.says(ADA, "@binderops list")
    assert await workspace.until_wanted()
    await workspace.works()

    assert "No environments of yours" in await workspace.told(ADA)


async def test_given_a_record_folder_then_no_response_url_is_in_it(
    workspace: Workspace, tmp_path: Path
) -> None:
    await workspace.types(BEN, "")
    await workspace.types(BEN, "list")
    await workspace.works()

    files = _recorded(tmp_path)
    assert {"views.open", "users.info", "response_url"} <= {f["method"] for f in files}
    assert "/response/" not in json.dumps(files)
