"""One path, however Slack reaches the bot: a command, a ready environment, its button, its end. With quick guests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bot.http_mode import HttpMode
from bot.listening import Address
from bot.manifest import manifest
from bot.playground import InstalledApp, Playground
from bot.runtime import Parts, running, utc_now
from bot.settings import load
from provisioning.clouds.local import LocalCloud
from provisioning.plan import preset
from provisioning.sites import Sites, site
from tests.acceptance.doomed import QUICK_GUEST
from tests.acceptance.playing import buttons_of, playing
from tests.fakes.playground import ADA, BEN, GENERAL

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

T = TypeVar("T")


@dataclass
class Room:
    """A workspace with the bot in it."""

    playground: Playground
    cloud: Path

    async def until(self, look: Callable[[], T | None]) -> T:
        """What ``look`` finds, change by change."""
        changes = self.playground.site.changes
        async with asyncio.timeout(60):
            while not (found := look()):
                await changes.wait_after(changes.last, longest_s=0.2)
            return found

    def message(self, begins: str, action: str = "") -> Callable[[], dict[str, Any] | None]:
        kept = self.playground.site.workspace.channel(GENERAL).messages
        return lambda: next(
            (
                m
                for m in kept.values()
                if m["text"].startswith(begins) and (not action or action in buttons_of(m))
            ),
            None,
        )

    async def types(self, text: str) -> dict[str, Any]:
        deeds = self.playground._person.deeds
        general = self.playground.site.workspace.channel(GENERAL)
        return dict(await deeds.command(deeds.person(BEN), general, f"/binder {text}"))

    async def presses(self, message: dict[str, Any], action: str, user: str = BEN) -> None:
        deeds = self.playground._person.deeds
        general = self.playground.site.workspace.channel(GENERAL)
        await deeds.press_message(deeds.person(user), general, {"ts": message["ts"], "action_id": action})

    def private_link(self) -> str | None:
        for whisper in self.playground.site.workspace.whispers(BEN):
            if enter := buttons_of(whisper).get("binder.enter"):
                return str(enter["url"])
        return None

    def servers(self) -> list[Path]:
        return list((self.cloud / "servers").glob("*"))


@pytest.fixture(params=["socket", "http"])
async def room(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> AsyncIterator[Room]:
    app = InstalledApp.from_manifest(manifest())
    playground = Playground(app=app, folder=tmp_path / "samples")
    await playground.start()
    settings = load(
        {
            "BINDEROPS_HOME": str(tmp_path / "home"),
            "SLACK_API_URL": playground.api_url,
            "SLACK_BOT_TOKEN": playground.bot_token,
            "SLACK_APP_TOKEN": playground.app_token,
        }
    )
    settings = replace(
        settings, values={**settings.values, "sources.allow_exact": [f"{playground.url}/"], "deployment": "t"}
    )
    cloud = LocalCloud(
        tmp_path / "cloud", deployment="t", guest=QUICK_GUEST, caddy=Path("/bin/false"), uv=Path("/bin/false")
    )
    await cloud.open()
    http = HttpMode(Address("127.0.0.1", 0), playground.signing_secret, utc_now)
    parts = Parts(
        settings=settings, url=database_url, sites=Sites([site(cloud, utc_now, plans=preset("local"))]),
        inbound=http if request.param == "http" else None,
    )  # fmt: skip
    async with _bot(parts, playground, http):
        found = Room(playground, tmp_path / "cloud")
        await found.until(lambda: playground._person.deeds.delivery.is_connected)
        yield found
    await cloud.switch_off()
    await playground.stop()


@asynccontextmanager
async def _bot(parts: Parts, playground: Playground, http: HttpMode) -> AsyncIterator[None]:
    async with running(parts):
        if parts.inbound is http:
            playground.deliver_to(http.url)
        yield


async def test_given_a_way_in_when_launched_pressed_and_deleted_then_each_is_answered_and_nothing_is_left(
    room: Room,
) -> None:
    typed = await room.types(room.playground.sample_url)
    ready = await room.until(room.message("Ready", "binder.open.lab"))
    await room.presses(ready, "binder.open.lab")
    link = await room.until(room.private_link)
    await room.presses(ready, "binder.delete")
    await room.until(room.message("Deleted"))
    await room.until(lambda: not room.servers())

    assert typed["acked"]
    assert "/_binder/enter?ticket=" in link


async def test_given_a_way_in_when_the_form_is_filled_then_it_is_launched(room: Room) -> None:
    await room.types("")
    (view,) = await room.until(lambda: room.playground.site.windows.open_views(BEN))
    deeds = room.playground._person.deeds
    values = {"repository": {"value": room.playground.sample_url}}
    submitted = await deeds.submit(deeds.person(BEN), view["id"], values)

    assert submitted["acked"]
    await room.until(room.message("Ready", "binder.open.lab"))


async def test_given_a_way_in_when_mentioned_then_the_mention_is_answered(room: Room) -> None:
    deeds = room.playground._person.deeds
    general = room.playground.site.workspace.channel(GENERAL)

    deeds.say(deeds.person(ADA), general, "@binderops help", None)

    await room.until(lambda: room.playground.site.workspace.whispers(ADA))


def test_given_try_over_http_when_a_command_is_typed_then_it_is_acked(tmp_path: Path) -> None:
    with playing(tmp_path / "home", tmp_path / "log", "--slack", "http") as found:
        done = found.post("/person/command", {"user": ADA, "channel": GENERAL, "text": "/binder help"})

    assert done["acked"]
