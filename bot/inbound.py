"""How Slack reaches the bot, as the rest of the program sees it: Socket Mode or HTTP, started, stopped, asked how it goes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from slack_bolt.async_app import AsyncApp


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The way from Slack to us, now."""

    is_up: bool
    detail: str  # for whoever runs the bot
    since: datetime | None = None  # of the connection, or of the last request


class Inbound(Protocol):
    """One way in. `start` returns soon, and what cannot be had yet is tried again until `stop`."""

    async def start(self, app: AsyncApp) -> None: ...

    async def stop(self) -> None: ...

    def line(self) -> Line: ...
