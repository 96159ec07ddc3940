"""A whole bot in this process, in a playground, on a local cloud whose guests are ready at once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from bot.clouds import program
from bot.http_mode import HttpMode
from bot.listening import Address
from bot.manifest import manifest
from bot.playground import InstalledApp, Playground
from bot.runtime import Parts, running, utc_now
from bot.settings import Settings, load
from provisioning.clouds.local import LocalCloud
from provisioning.plan import preset
from provisioning.sites import Sites, site
from provisioning.sources import SOURCES, Source
from tests.fakes.playground import BEN, GENERAL

QUICK_GUEST = Path(__file__).parent / "quick_guest"
ANYWHERE = Address("127.0.0.1", 0)

T = TypeVar("T")


@dataclass
class Room:
    """A workspace with the bot in it."""

    playground: Playground
    cloud: Path
    token_file: Path

    async def until(self, look: Callable[[], T | None], *, within_s: float = 60) -> T:
        """What ``look`` finds, change by change."""
        changes = self.playground.site.changes
        async with asyncio.timeout(within_s):
            while not (found := look()):
                await changes.wait_after(changes.last, longest_s=0.2)
            return found

    def message(self, begins: str, action: str = "") -> Callable[[], dict[str, Any] | None]:
        """A look for a message of #general or its threads."""
        kept = self.playground.site.workspace.channel(GENERAL).messages
        return lambda: next(
            (m for m in kept.values() if m["text"].startswith(begins) and action in str(m)), None
        )

    async def types(self, text: str) -> dict[str, Any]:
        """Ben types ``/binder`` with this text."""
        deeds = self.playground._person.deeds
        general = self.playground.site.workspace.channel(GENERAL)
        return dict(await deeds.command(deeds.person(BEN), general, f"/binder {text}"))

    async def presses(self, message: dict[str, Any], action: str) -> None:
        """Ben presses a button."""
        deeds = self.playground._person.deeds
        general = self.playground.site.workspace.channel(GENERAL)
        await deeds.press_message(deeds.person(BEN), general, {"ts": message["ts"], "action_id": action})

    def servers(self) -> list[Path]:
        """The instances that there are."""
        return list((self.cloud / "servers").glob("*"))


@asynccontextmanager
async def quick_bot(
    folder: Path,
    database_url: str,
    *,
    slack: str = "socket",
    ops: Address | None = None,
    guest: Path = QUICK_GUEST,
    sources: Sequence[Source] = SOURCES,
    exempt: Sequence[str] = (),
    record: Path | None = None,
    may_all: bool = False,
    change: Callable[[Settings], Settings] = lambda settings: settings,
) -> AsyncIterator[Room]:
    """From a playground with nobody in it to a bot that is reached there, and back.

    ``guest``: the folder with the agent that instances run. ``exempt``: what may be fetched beside the samples. ``record``: where
    what goes to Slack is kept. ``may_all``: whatever scopes the manifest asks for. ``change``: what else the settings say.
    """
    app = InstalledApp.from_manifest(manifest())
    app = replace(app, scopes=None) if may_all else app
    playground = Playground(app=app, folder=folder / "samples")
    await playground.start()
    room = Room(playground, folder / "cloud", folder / "bot-token")
    room.token_file.write_text(playground.bot_token)
    cloud = LocalCloud(room.cloud, deployment="t", guest=guest, caddy=program("caddy"), uv=program("uv"))
    await cloud.open()
    http = HttpMode(ANYWHERE, playground.signing_secret, utc_now)
    parts = Parts(
        settings=change(_settings(room, folder, exempt, record)), url=database_url, ops=ops,
        sites=Sites([site(cloud, utc_now, plans=preset("local"))]), inbound=http if slack == "http" else None,
        sources=sources,
    )  # fmt: skip
    try:
        async with running(parts):
            if slack == "http":
                playground.deliver_to(http.url)
            await room.until(lambda: playground._person.deeds.delivery.is_connected)
            yield room
    finally:
        await cloud.switch_off()
        await playground.stop()


def _settings(room: Room, folder: Path, exempt: Sequence[str], record: Path | None) -> Settings:
    settings = load(
        {
            "BINDEROPS_HOME": str(folder / "home"),
            "SLACK_API_URL": room.playground.api_url,
            "SLACK_BOT_TOKEN_FILE": str(room.token_file),
            "SLACK_APP_TOKEN": room.playground.app_token,
            **({"BINDEROPS_RECORD": str(record)} if record else {}),
        }
    )
    own = {"sources.allow_exact": [f"{room.playground.url}/", *exempt], "deployment": "t"}
    return replace(settings, values={**settings.values, **own})
