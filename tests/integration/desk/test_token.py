"""``/binder token``: given in a form, listed, taken back; the secret is in no row, no message and no log."""

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from provisioning.source_tokens import ANY_USER, SourceToken
from provisioning.store import source_tokens
from provisioning.store.database import Database
from tests.integration.desk.conftest import ADA, BEN, GENERAL, GIL, TEAM, Workspace

pytestmark = pytest.mark.integration

SECRET = "ghp_planted0123456789"
PLAIN = "planted-deploy-token"  # a secret that no pattern knows

Gives = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def gives(workspace: Workspace) -> Gives:
    """A person fills the form in, and the desk works."""

    async def fill(user: str, secret: str = SECRET, host: str = "github.com", **more: str) -> dict[str, Any]:
        await workspace.types(user, "token")
        done = await workspace.submits(user, host=host, secret=secret, **more)
        await workspace.works()
        return done

    return fill


async def kept(workspace: Workspace, person: str) -> list[SourceToken]:
    """What the launches of this person may use."""
    async with workspace.db.transaction() as tx:
        return list(workspace.desk.vault.open(await source_tokens.usable(tx, team=TEAM, person=person)))


def _text_of(folder: Path) -> str:
    return "".join(file.read_text() for file in folder.glob("*.json"))


async def dumped(db: Database) -> str:
    """Every row of every table, as text."""
    async with db.transaction() as tx:
        run = tx._connection.execute
        tables = await (await run("select tablename from pg_tables where schemaname = 'public'")).fetchall()
        rows = [
            await (await run(f"select t::text from {t['tablename']} t".encode())).fetchall() for t in tables
        ]
    return str(rows)


async def test_given_the_form_when_filled_in_then_the_persons_launches_may_use_the_token(
    workspace: Workspace, gives: Gives
) -> None:
    await gives(BEN, host=" https://github.com/Org/ ")

    [token] = await kept(workspace, BEN)
    assert (token.scope.person, token.scope.host, token.scope.prefix) == (BEN, "github.com", "Org")
    assert (token.login.username, token.login.secret) == (ANY_USER, SECRET)
    assert await kept(workspace, ADA) == []


async def test_given_a_deploy_token_then_its_user_name_is_kept_with_it(
    workspace: Workspace, gives: Gives
) -> None:
    await gives(BEN, PLAIN, "gitlab.example.org:8443/group", username="gitlab+deploy-token-1")

    [token] = await kept(workspace, BEN)
    assert (token.scope.host, token.login.username) == ("gitlab.example.org:8443", "gitlab+deploy-token-1")


async def test_given_a_second_token_for_the_same_host_then_it_takes_the_place_of_the_first(
    workspace: Workspace, gives: Gives
) -> None:
    await gives(BEN)
    await gives(BEN, f"{SECRET}-new")

    assert [t.login.secret for t in await kept(workspace, BEN)] == [f"{SECRET}-new"]


async def test_given_an_operator_when_it_is_for_everyone_then_all_may_use_it(
    workspace: Workspace, gives: Gives
) -> None:
    await gives(ADA, whose="everyone")

    assert [t.scope.person for t in await kept(workspace, BEN)] == [""]


async def test_given_a_member_when_it_is_for_everyone_then_it_is_refused_and_not_kept(
    workspace: Workspace, gives: Gives
) -> None:
    await gives(BEN, whose="everyone")

    assert "by operators alone" in await workspace.told(BEN)
    assert await kept(workspace, BEN) == []
    assert SECRET not in await dumped(workspace.db)


async def test_given_a_guest_then_no_token_is_kept(workspace: Workspace, gives: Gives) -> None:
    await gives(GIL)

    assert "Guests of this workspace" in await workspace.told(GIL)
    assert await kept(workspace, GIL) == []


async def test_given_a_mistake_in_the_form_then_it_is_told_at_its_field_and_nothing_is_wanted(
    workspace: Workspace, gives: Gives
) -> None:
    done = await gives(BEN, host=SECRET)

    assert list(done["errors"]) == ["host"]
    assert await workspace.intents() == []


async def test_given_tokens_when_listed_then_host_person_and_time_are_told(
    workspace: Workspace, gives: Gives
) -> None:
    await gives(ADA, host="gitlab.com/group", whose="everyone")
    await gives(BEN)
    await workspace.types(BEN, "token list")
    await workspace.works()

    said = await workspace.told(BEN)
    assert "gitlab.com/group: for everyone here" in said
    assert "github.com: yours" in said


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        pytest.param("token forget github.com", ["gitlab.com"], id="all of a host"),
        pytest.param("token forget github.com/org", ["github.com", "gitlab.com"], id="one organisation"),
        pytest.param(
            "token forget gitlab.com everyone",
            ["github.com", "github.com/org", "gitlab.com"],
            id="not theirs",
        ),
    ],
)
async def test_given_a_host_to_forget_then_only_the_persons_own_there_are_gone(
    workspace: Workspace, gives: Gives, typed: str, left: list[str]
) -> None:
    await gives(ADA, host="gitlab.com", whose="everyone")
    await gives(BEN)
    await gives(BEN, host="github.com/org")

    await workspace.types(BEN, typed)
    await workspace.works()

    assert [t.scope.place for t in await kept(workspace, BEN)] == left


async def test_given_an_operator_when_the_one_for_everyone_is_forgotten_then_it_is_gone(
    workspace: Workspace, gives: Gives
) -> None:
    await gives(ADA, whose="everyone")

    await workspace.types(ADA, "token forget github.com everyone")
    await workspace.works()

    assert await kept(workspace, BEN) == []


async def test_given_a_token_in_a_command_then_it_is_refused_without_a_word_of_it(
    workspace: Workspace,
) -> None:
    done = await workspace.types(BEN, f"token {PLAIN}")

    assert "Revoke it where you made it" in done["ack"]["text"]
    assert "planted" not in str(done["ack"])
    assert "planted" not in await dumped(workspace.db)


async def test_given_a_token_in_a_mention_then_it_is_refused_and_stored_nowhere(workspace: Workspace) -> None:
    await workspace.says(BEN, f"@binderops token {SECRET}", GENERAL)
    assert await workspace.until_wanted()
    await workspace.works()

    assert "Revoke it where you made it" in await workspace.told(BEN)
    assert "planted" not in await dumped(workspace.db)


async def test_given_the_verb_in_a_mention_then_a_button_leads_to_the_form(workspace: Workspace) -> None:
    await workspace.says(BEN, "@binderops token", GENERAL)
    assert await workspace.until_wanted()
    await workspace.works()
    [whisper] = (await workspace.inbox(BEN))["ephemerals"]

    await workspace.presses(BEN, whisper["ts"], "binder.token")

    assert [v["callback_id"] for v in (await workspace.inbox(BEN))["views"]] == ["binder.token"]


async def test_given_a_token_from_the_form_to_its_end_then_nothing_that_is_kept_said_or_logged_holds_it(
    workspace: Workspace, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    await workspace.types(BEN, "token")
    await workspace.submits(BEN, host="github.com", secret=PLAIN)
    stored = await dumped(workspace.db)
    await workspace.works()
    await workspace.types(BEN, "token list")
    await workspace.works()

    stored += await dumped(workspace.db)
    said = str(await workspace.inbox(BEN)) + str(workspace.playground.site.workspace.ephemerals)
    recorded = _text_of(tmp_path / "record")
    assert len(await kept(workspace, BEN)) == 1
    assert [
        name for name, text in {"rows": stored, "said": said, "record": recorded}.items() if PLAIN in text
    ] == []
    assert PLAIN not in "\n".join(r.getMessage() for r in caplog.records)


async def test_given_a_token_that_was_kept_then_its_intent_holds_it_no_longer(
    workspace: Workspace, gives: Gives
) -> None:
    await gives(BEN)

    [intent] = await workspace.intents()
    assert (intent["state"], intent["payload"]["token"]) == ("done", None)
