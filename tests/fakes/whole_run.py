"""All that people do with the bot, once: each way to ask, each command, a launch to its end and one that fails."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.playground.deeds import Deeds
from bot.playground.faults import Fault
from bot.playground.workspace import Channel
from bot.shortcut import CALLBACK
from tests.acceptance.playing import buttons_of
from tests.fakes.playground import ADA, ADAS_DM, BEN, GENERAL
from tests.fakes.quick_bot import Room

#: What is typed of each command while one environment is ready; the others are pressed, or typed where they fit.
TYPED = ("list", "list channel", "quota", "help", "show {id}", "open {id}", "logs {id}", "extend {id} 1")
#: What a ready one is not there for: the answer says so.
TYPED_IN_VAIN = ("cancel {id}", "retry {id}", "confirm {id}")
MISTAKE = "org/repo flavr=small"


@dataclass(slots=True, kw_only=True)
class WholeRun:
    """One run; its parts follow each other."""

    room: Room

    @property
    def _deeds(self) -> Deeds:
        return self.room.playground._person.deeds

    @property
    def _general(self) -> Channel:
        return self.room.playground.site.workspace.channel(GENERAL)

    async def go(self) -> None:
        """All of it; at its end nothing is left running."""
        await self._fills_the_form()  # with a launch that fails, while the rest goes on
        ready = await self._launches()
        await self._asks(ready)
        await self._is_at_home()
        await self._writes()
        await self._keeps_a_token()
        await self._gives_up()
        await self.room.presses(ready, "binder.delete")
        await self.room.until(self.room.message("Deleted: first", "was deleted by"))
        await self.room.until(lambda: not self.room.servers())

    async def _launches(self) -> dict[str, Any]:
        """With a mistake before, and with Slack's answers lost twice: to the thread's beginning, and in the thread."""
        await self.room.types(MISTAKE)
        playground = self.room.playground
        playground.faults.waiting.append(_lost())
        await self.room.types(f"{playground.sample_url} name=first")
        await self.room.until(lambda: playground.faults.asked["conversations.history"])
        playground.faults.waiting.append(_lost())
        ready = await self.room.until(self.room.message("Ready", "binder.open.lab"))
        await self.room.until(lambda: playground.faults.asked["conversations.replies"])
        return ready

    async def _asks(self, ready: dict[str, Any]) -> None:
        await self.room.presses(ready, "binder.open.lab")
        await self.room.until(lambda: "binder.enter" in str(self._told(BEN)))
        known = buttons_of(ready)["binder.open.lab"]["value"]
        for text in (*TYPED, *TYPED_IN_VAIN):
            before = len(self._told(BEN))
            await self.room.types(text.format(id=known))
            await self.room.until(lambda: len(self._told(BEN)) > before)  # noqa: B023  awaited in its own turn
        await self.room.until(lambda: any(m.get("files") for m in self._general.messages.values()))

    async def _is_at_home(self) -> None:
        windows = self.room.playground.site.windows
        self._deeds.open_home(self._deeds.person(BEN))
        view = await self.room.until(lambda: windows.home(BEN))
        await self._deeds.press_view(
            self._deeds.person(BEN), {"view_id": view["id"], "action_id": "binder.open.lab"}
        )
        await self.room.until(lambda: "binder.enter" in str(windows.home(BEN)))

    async def _writes(self) -> None:
        """Mentions the bot, in the channel and in a thread, and talks to it alone."""
        ada = self._deeds.person(ADA)
        self._deeds.say(ada, self._general, "@binderops list", None)
        await self.room.until(lambda: self._told(ADA))
        said = self._deeds.say(ada, self._general, f"Look: {self.room.playground.sample_url}", None)
        self._deeds.say(ada, self._general, "@binderops help", said["ts"])
        await self.room.until(lambda: len(self._told(ADA)) > 1)
        alone = self.room.playground.site.workspace.channel(ADAS_DM)
        self._deeds.say(ada, alone, "hello", None)
        await self.room.until(lambda: self._told(ADA)[-1]["channel"] == ADAS_DM)
        await self._deeds.use_shortcut(ada, self._general, said["ts"], CALLBACK)
        await self._submits(ADA, "binder.launch", {"repository": "org/repo", "hours": "soon"})

    async def _fills_the_form(self) -> None:
        await self.room.types("")
        await self._submits(BEN, "binder.launch", {"repository": self.room.playground.broken_url})

    async def _gives_up(self) -> None:
        """The launch whose build failed."""
        failed = await self.room.until(self.room.message("Failed", "binder.retry"))
        await self.room.types(f"delete {buttons_of(failed)['binder.retry']['value']}")

    async def _keeps_a_token(self) -> None:
        await self.room.types("token")
        before = len(self._told(BEN))
        await self._submits(BEN, "binder.token", {"host": "git.example.org", "secret": "a-token-of-bens"})
        await self.room.until(lambda: len(self._told(BEN)) > before)

    async def _submits(self, user: str, callback: str, fields: dict[str, str]) -> None:
        windows = self.room.playground.site.windows
        view = await self.room.until(_top(lambda: windows.open_views(user), callback))
        given = {name: {"value": text} for name, text in fields.items()}
        assert (await self._deeds.submit(self._deeds.person(user), view["id"], given))["acked"]

    def _told(self, user: str) -> list[dict[str, Any]]:
        return self.room.playground.site.workspace.whispers(user)


def _lost() -> Fault:
    return Fault(kind="cut", method="chat.postMessage")


def _top(views: Callable[[], list[dict[str, Any]]], callback: str) -> Callable[[], dict[str, Any] | None]:
    return lambda: next((v for v in views()[-1:] if v["callback_id"] == callback), None)
