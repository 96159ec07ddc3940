"""Socket Mode: the bot calls Slack and keeps the line open. No inbound port is needed.

The SDK renews a connection that Slack ends. What it does not survive is looked after here: an app token that is refused (it
would log a trace for each try), a one-time address that failed (it would try the same one for ever), a line that stays down.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.inbound import Inbound, Line
from bot.slack_client import SlackClient

log = logging.getLogger(__name__)

FIRST_TRY_S = 20.0  # `start` waits so long for the first connection; after that the process works without it
_LOOK_S = 5.0
_DOWN_LOOKS = 6  # so often found down, the SDK's own renewal has failed
_LONGEST_PAUSE_S = 30.0


class SocketMode(Inbound):
    """One connection, held until `stop`. ``app_token`` is read for each try: a renewed one is taken up by itself."""

    def __init__(
        self, slack: SlackClient, app_token: Callable[[], str], clock: Callable[[], datetime]
    ) -> None:
        self._slack = slack
        self._app_token = app_token
        self._clock = clock
        self._handler: AsyncSocketModeHandler | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._first_try = asyncio.Event()  # it went well or was refused: waiting longer tells nothing new
        self._since: datetime | None = None
        self._trouble = ""

    async def start(self, app: AsyncApp) -> None:
        """Connect. Where Slack does not let us, the trying goes on behind."""
        self._keeper = asyncio.create_task(self._keep(app), name="socket-mode")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._first_try.wait(), FIRST_TRY_S)

    async def stop(self) -> None:
        """Close the line."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self._close()

    def line(self) -> Line:
        """Whether Slack's envelopes reach us now."""
        if self._is_up():
            return Line(is_up=True, since=self._since, detail="connected")
        return Line(is_up=False, detail=self._trouble or "not connected")

    def _is_up(self) -> bool:
        session = self._handler.client.current_session if self._handler else None
        return session is not None and not session.closed

    async def _keep(self, app: AsyncApp) -> None:
        pause_s = 1.0
        while True:
            try:
                await self._connect(app)
            except SlackApiError as error:
                self._fail(f"refused ({error.response.get('error')})", _HINT)
            except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                self._fail(f"no answer ({type(error).__name__})")
            except Exception:  # whatever the SDK runs into must not end the trying
                log.exception("slack-connecting-broke")
            else:
                pause_s = 1.0
                await self._while_up()
            await self._close()
            await asyncio.sleep(pause_s)
            pause_s = min(_LONGEST_PAUSE_S, 2 * pause_s)

    async def _connect(self, app: AsyncApp) -> None:
        token = self._app_token()
        answer = await self._slack.apps_connections_open(app_token=token)
        self._handler = AsyncSocketModeHandler(app, token)
        self._handler.client.wss_uri = str(answer["url"])
        async with asyncio.timeout(FIRST_TRY_S):  # the SDK repeats this one address without end
            await self._handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt's own
        self._since = self._clock()
        self._first_try.set()
        if self._trouble:
            log.warning("slack-connected-again after=%s", self._trouble)
        self._trouble = ""

    async def _while_up(self) -> None:
        downs = 0
        while downs < _DOWN_LOOKS:
            await asyncio.sleep(_LOOK_S)
            downs = 0 if self._is_up() else downs + 1
        self._fail("connection lost")

    def _fail(self, why: str, hint: str = "it is tried again by itself") -> None:
        """Said once for each cause, however often it is tried."""
        if why != self._trouble:
            log.error("slack-not-connected error=%s hint=%s", why, hint)
        self._trouble = why
        self._first_try.set()

    async def _close(self) -> None:
        handler, self._handler = self._handler, None
        if handler is not None:
            await handler.close_async()  # type: ignore[no-untyped-call]  # Bolt's own


_HINT = "renew SLACK_APP_TOKEN (scope connections:write); it is tried again by itself"
