"""A Home in the outbox: the newest view is what Slack shows, whatever answer is lost, and no older one comes after it."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.outbox import Outbox
from bot.playground import InstalledApp, Playground
from bot.playground.faults import Fault
from provisioning.errors import RefusedError, TemporaryError
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.fakes.playground import BEN

pytestmark = pytest.mark.integration

KEY = f"home:T1:{BEN}"


class Homes:
    """One person's Home in the playground, and the outbox before it."""

    def __init__(
        self, db: Database, clock: Clock, playground: Playground, http: aiohttp.ClientSession
    ) -> None:
        self.db, self.clock, self.playground = db, clock, playground
        self.error: Exception | None = None
        self.slack = AsyncWebClient(token=playground.bot_token, base_url=playground.api_url)
        self.outbox = Outbox(db, self.slack, clock, http, self._link)

    async def _link(self, _: Mapping[str, Any]) -> str:
        if self.error:
            raise self.error
        return "http://b.localhost/_binder/enter?t=secret"

    async def draws(self, text: str, **said: Any) -> None:
        body = {"user": BEN, "view": view(text), "said": said or None}
        async with self.db.transaction() as tx:
            await tx.run(
                "bot/home.put", key=KEY, team="T1", channel="D1", body=body, now=self.clock(), again=False,
                is_awaited=True, not_before=self.clock(),
            )  # fmt: skip

    async def goes(self, seconds: int = 5) -> None:
        for _ in range(seconds):
            while await self.outbox.answer() or await self.outbox.once():
                pass
            self.clock.forward(seconds=1)

    def shown(self) -> str:
        home = self.playground.site.windows.home(BEN)
        return str(home["blocks"]) if home else ""

    async def row(self) -> dict[str, Any]:
        async with self.db.transaction() as tx:
            [row] = await tx.rows("tests/desk.outbox")
        return row


def view(text: str) -> dict[str, Any]:
    return {"type": "home", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]}


@pytest.fixture
async def homes(db: Database, clock: Clock) -> AsyncIterator[Homes]:
    playground = Playground(now=clock)
    await playground.start()
    async with aiohttp.ClientSession() as http:
        yield Homes(db, clock, playground, http)
    await playground.stop()


async def test_given_two_views_before_the_first_is_out_then_only_the_newest_is_shown(homes: Homes) -> None:
    await homes.draws("one")
    await homes.draws("two")

    await homes.goes()

    assert "two" in homes.shown()
    assert (await homes.row())["sent_rev"] == 2


async def test_given_a_lost_answer_when_it_is_sent_again_then_the_newest_view_is_shown(homes: Homes) -> None:
    await homes.draws("one")
    await homes.goes()
    homes.playground.faults.waiting.append(Fault(kind="cut", method="views.publish"))
    await homes.draws("two")
    await homes.goes()
    await homes.draws("three")

    await homes.goes()

    row = await homes.row()
    assert ("three" in homes.shown(), row["sent_rev"]) == (True, row["body_rev"])


async def test_given_somebody_else_published_since_then_ours_is_shown_all_the_same(homes: Homes) -> None:
    await homes.draws("one")
    await homes.goes()
    await homes.slack.views_publish(user_id=BEN, view=view("theirs"))
    await homes.draws("two")

    await homes.goes()

    assert "two" in homes.shown()


async def test_given_rates_then_what_is_refused_comes_after_the_pause(homes: Homes) -> None:
    homes.playground.faults.waiting.append(Fault(kind="429", method="views.publish", retry_after=3))
    await homes.draws("one")
    await homes.goes(3)
    before = homes.shown()

    await homes.goes(3)

    assert (before, "one" in homes.shown()) == ("", True)


async def test_given_the_environment_ended_when_its_link_is_made_then_words_stand_in_its_place(
    homes: Homes,
) -> None:
    homes.error = RefusedError("not-open", "It is not running.", "Launch it again.")
    await homes.draws("binderops:private-link", private={"binder": "b"})

    await homes.goes()

    assert "It is not running. Launch it again." in homes.shown()


async def test_given_the_database_is_away_when_a_link_is_made_then_it_waits(homes: Homes) -> None:
    homes.error = TemporaryError("database-away", "Away.", "Later.")
    await homes.draws("binderops:private-link", private={"binder": "b"})
    await homes.goes(2)
    homes.error = None

    await homes.goes(10)

    assert "t=secret" in homes.shown()


async def test_given_a_workspace_without_the_tab_then_it_is_set_aside(db: Database, clock: Clock) -> None:
    playground = Playground(app=InstalledApp(has_home=False), now=clock)
    await playground.start()
    async with aiohttp.ClientSession() as http:
        homes = Homes(db, clock, playground, http)
        await homes.draws("one")
        await homes.goes()
    await playground.stop()

    row = await homes.row()
    assert (row["error"], row["sent_rev"]) == ("not_enabled", 1)
