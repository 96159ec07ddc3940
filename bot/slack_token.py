"""Whether Slack takes the bot's token: noticed at any call, said once, and noticed again when it is mended.

Meanwhile nothing is lost: the outbox and what people want wait (`bot.outbox.verdict`). A token that came from a file is read
again before each look, so that an operator who renews it need not restart anything.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import aiohttp
from slack_sdk.errors import SlackClientError

from bot.outbox import try_now
from bot.outbox.verdict import OPERATORS
from bot.slack_client import SlackClient
from bot.watch import Part
from provisioning.errors import TemporaryError
from provisioning.store.database import Bell, Database

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=60)
EVERY_WHILE_REFUSED = timedelta(seconds=10)
REFUSALS = OPERATORS - {"missing_scope"}  # that one is of a method, not of the token
_NOT_OURS = ("apps.connections.open", "response_url")  # by another token, by none
_HINT = "install the app again and renew SLACK_BOT_TOKEN; everything waits and goes on by itself"


class TokenWatch:
    """Asks ``auth.test`` now and then, and observes every other call of the client."""

    def __init__(
        self, slack: SlackClient, token: Callable[[], str], db: Database, bell: Bell, clock: Callable[[], datetime]
    ) -> None:  # fmt: skip
        self._slack = slack
        self._token = token
        self._db = db
        self._bell = bell
        self._clock = clock
        self._good_at: datetime | None = None
        self._refusal = ""
        self._wants_release = False  # what waited for the mending is still to be told
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def observe(self, method: str, status: str, _seconds: float) -> None:
        """How a call went, as `SlackClient.observers` hear it."""
        if method in _NOT_OURS:
            return
        if status in REFUSALS:
            if status != self._refusal:
                log.error("slack-refuses-token error=%s method=%s hint=%s", status, method, _HINT)
                self._changed.set()
            self._refusal = status
        elif status == "ok":
            self._good_at = self._clock()
            if self._refusal:
                log.warning("slack-takes-token-again after=%s", self._refusal)
                self._refusal, self._wants_release = "", True
                self._changed.set()

    async def start(self) -> None:
        """Begin to look; returns at once."""
        self._task = asyncio.create_task(self._keep_looking(), name="watch-token")

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def part(self) -> Part:
        """Whether the token is good, as far as known."""
        age_s = (self._clock() - self._good_at).total_seconds() if self._good_at else None
        if self._refusal:
            return Part(ok=False, detail=f"Slack refuses the bot's token ({self._refusal})", age_s=age_s)
        return Part(ok=age_s is not None, detail="" if age_s is not None else "not asked yet", age_s=age_s)

    async def once(self) -> None:
        """Take up a renewed token, ask Slack, and let go what waited for it."""
        token = self._token()
        if token and token != self._slack.token:
            log.warning("slack-token-renewed")
            self._slack.token = token
        with suppress(SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError):
            await self._slack.auth_test()  # what it says is observed
        if self._wants_release:
            await self._release()

    async def _release(self) -> None:
        """Nothing waits out a pause that it was given while the token was bad."""
        with suppress(TemporaryError):
            async with self._db.transaction() as tx:
                await try_now(tx, errors=sorted(REFUSALS), now=self._clock())
            self._wants_release = False
            self._bell.ring("outbox")

    async def _keep_looking(self) -> None:
        while True:
            try:
                await self.once()
            except Exception:  # the next look comes, whatever this one ran into
                log.exception("token-watch-broke")
            self._changed.clear()  # what changed until here is in the pause
            pause = EVERY_WHILE_REFUSED if self._refusal or self._wants_release else EVERY
            with suppress(TimeoutError):  # a refusal seen by another call shortens the pause
                await asyncio.wait_for(self._changed.wait(), pause.total_seconds())
