"""The Home tab: drawn when it is opened and when an environment changes, pressed like a thread, answered where it was pressed."""

from typing import Any

import pytest

from bot.narrator import Narrator
from provisioning.model import Phase
from provisioning.store import listening
from tests.integration.desk.conftest import ADA, BEN, GIL, Workspace
from tests.strategies import LAB, a_report

pytestmark = pytest.mark.integration

ONE, TWO = "b1aaaaaaaa", "b2bbbbbbbb"
BENS_DM = "D0BEN00001"


class Home:
    """What one person sees and does there."""

    def __init__(self, workspace: Workspace, user: str = BEN) -> None:
        self._workspace = workspace
        self._user = user

    async def opens(self) -> None:
        before = len(await self._workspace.intents())
        await self._workspace.does("home", {"user": self._user})
        assert await self._workspace.until_wanted(before + 1)
        await self._works()

    async def presses(self, action_id: str, value: str = "") -> None:
        view = await self.view()
        element = next(
            e for e in _elements(view) if e["action_id"] == action_id and value in ("", e["value"])
        )
        body = {"user": self._user, "view_id": view["id"], "action_id": action_id, "block_id": element["in"]}
        assert (await self._workspace.does("press", body))["ok"]
        await self._works()

    async def view(self) -> dict[str, Any]:
        return dict((await self._workspace.inbox(self._user))["home"])

    async def text(self) -> str:
        return str((await self.view())["blocks"])

    async def _works(self) -> None:
        await self._workspace.works()
        self._workspace.clock.forward(seconds=3)
        await self._workspace.works()


def _elements(view: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {**element, "in": block["block_id"]}
        for block in view["blocks"]
        for element in [*block.get("elements", []), block.get("accessory")]
        if isinstance(element, dict) and element["type"] == "button"
    ]


def actions_of(view: dict[str, Any]) -> set[str]:
    return {element["action_id"] for element in _elements(view)}


@pytest.fixture
def home(workspace: Workspace) -> Home:
    return Home(workspace)


async def _tells(workspace: Workspace) -> None:
    narrator = Narrator(db=workspace.db, clock=workspace.clock)
    while await narrator.once():
        pass


async def test_given_nothing_was_launched_when_home_is_opened_then_it_says_how_to_begin(home: Home) -> None:
    await home.opens()

    assert "/binder org/repo" in await home.text()
    assert "binder.form" in actions_of(await home.view())


async def test_given_environments_when_home_is_opened_then_only_mine_are_there_with_their_price(
    workspace: Workspace, home: Home
) -> None:
    await workspace.has(ONE)
    await workspace.has(TWO, owner=ADA)

    await home.opens()

    text = await home.text()
    assert (ONE in text, TWO in text, "2 SU an hour" in text) == (True, False, True)


async def test_given_a_guest_when_home_is_opened_then_it_says_why_there_is_nothing(
    workspace: Workspace,
) -> None:
    home = Home(workspace, GIL)

    await home.opens()

    assert "Guests" in await home.text()
    assert actions_of(await home.view()) == set()


async def test_given_home_was_opened_twice_without_news_then_it_is_published_once(
    workspace: Workspace, home: Home
) -> None:
    await home.opens()
    first = (await home.view())["hash"]

    await home.opens()

    assert (await home.view())["hash"] == first


async def test_given_nobody_opened_home_when_an_environment_changes_then_nothing_is_published(
    workspace: Workspace,
) -> None:
    await workspace.has(ONE)

    await _tells(workspace)

    assert [row for row in await workspace.rows() if row["method"] == "home"] == []


async def test_given_home_was_opened_when_an_environment_begins_then_it_is_there(
    workspace: Workspace, home: Home
) -> None:
    await home.opens()
    await workspace.has(ONE, Phase.BUILDING)

    await _tells(workspace)
    await home._works()

    assert "Building the environment" in await home.text()


async def test_given_home_was_opened_when_a_build_goes_on_then_nothing_new_is_published(
    workspace: Workspace, home: Home
) -> None:
    binder = await workspace.has(ONE, Phase.BUILDING)
    await home.opens()
    await _tells(workspace)
    row = next(row for row in await workspace.rows() if row["method"] == "home")

    async with workspace.db.transaction() as tx:
        await listening.hear(
            tx, binder, a_report("build", n=7, message="pip", step=(1, 3)), workspace.clock()
        )
    await _tells(workspace)

    assert next(r for r in await workspace.rows() if r["method"] == "home")["body_rev"] == row["body_rev"]


async def test_given_a_ready_one_when_its_open_button_is_pressed_then_the_link_stands_below_it(
    workspace: Workspace, home: Home
) -> None:
    await workspace.has(ONE)
    await home.opens()

    await home.presses(f"binder.open.{LAB.name}")

    links = [e for e in _elements(await home.view()) if e["action_id"] == "binder.enter"]
    assert [link["url"] for link in links] == ["http://b.localhost:1/_binder/enter?ticket=t0p.s3cret"]
    assert workspace.links[0] | {"user": BEN, "binder": ONE} == workspace.links[0]
    assert "s3cret" not in str(await workspace.rows())


async def test_given_an_answer_stands_there_when_a_minute_passed_then_the_next_change_takes_it_away(
    workspace: Workspace, home: Home
) -> None:
    await workspace.has(ONE)
    await home.opens()
    await home.presses("binder.help")
    workspace.clock.forward(minutes=1)
    await workspace.has(TWO)

    await _tells(workspace)
    await home._works()

    assert (TWO in await home.text(), "*Help*" in await home.text()) == (True, False)


@pytest.mark.parametrize(("action", "verb"), [("binder.extend", "extend"), ("binder.delete", "delete")])
async def test_given_a_ready_one_when_a_button_is_pressed_then_its_step_gets_it(
    workspace: Workspace, home: Home, action: str, verb: str
) -> None:
    await workspace.has(ONE)
    await home.opens()

    await home.presses(action)

    granted = [row for row in await workspace.intents() if row["state"] == "granted"]
    assert [(row["kind"], row["binder_id"], row["who"]) for row in granted] == [(verb, ONE, BEN)]


async def test_given_a_home_drawn_before_it_changed_hands_when_pressed_then_it_is_refused_there(
    workspace: Workspace, home: Home
) -> None:
    await workspace.has(ONE)
    await home.opens()
    async with workspace.db.transaction() as tx:
        await tx.run("tests/desk.give", id=ONE, owner=ADA)

    await home.presses("binder.delete")

    assert "no environment" in (await home.text()).lower()
    assert [row for row in await workspace.intents() if row["state"] == "granted"] == []


async def test_given_the_launch_button_when_the_form_is_sent_then_the_story_goes_to_our_conversation(
    workspace: Workspace, home: Home
) -> None:
    await home.opens()
    await home.presses("binder.form")

    await workspace.submits(BEN, repository="org/repo")
    await workspace.works()

    assert [binder.channel for binder in await workspace.binders()] == [BENS_DM]


async def test_given_the_launch_button_when_a_channel_without_the_bot_is_chosen_then_home_says_so(
    workspace: Workspace, home: Home
) -> None:
    await home.opens()
    await home.presses("binder.form")

    await workspace.submits(BEN, repository="org/repo", where="C0RANDOM01")
    await home._works()

    assert "I am not in this channel" in await home.text()
    assert '"D0BEN00001"' in (await home.view())["private_metadata"]


async def test_given_more_environments_than_fit_then_slack_still_takes_the_home(
    workspace: Workspace, home: Home
) -> None:
    for number in range(25):
        await workspace.has(f"b{number:02}ccccccc")

    await home.opens()

    view = await home.view()
    assert len(view["blocks"]) <= 100
    assert "5 more" in str(view["blocks"])
