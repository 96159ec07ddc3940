"""HTTP mode: Slack comes to ``POST /slack/events`` with commands, interactions, options and events, each of them signed.

The signature is checked here, over the raw bytes, before anybody reads them: Bolt's own check decodes first, breaks on a
timestamp that is no number, and logs the body of what it refuses. What a listener does is the same as in Socket Mode.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qs

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.inbound import Inbound, Line
from bot.listening import Address, Server
from bot.signatures import Seal, seal_of

log = logging.getLogger(__name__)

PATH = "/slack/events"
DEFAULT = Address("127.0.0.1", 8080)  # behind a proxy that holds the certificate
LARGEST_BODY = 2 * 1024 * 1024  # a view has 250 KB at most, and a form triples what it has to quote
_BODY_PATIENCE_S = 3.0  # for the body to arrive: Slack has given up by then


class HttpMode(Inbound):
    """Listens for Slack. ``url`` is where, once started."""

    def __init__(self, address: Address, signing_secret: str, clock: Callable[[], datetime]) -> None:
        self._secret = signing_secret
        self._clock = clock
        self._heard_at: datetime | None = None
        self._app: AsyncApp | None = None
        application = web.Application(client_max_size=LARGEST_BODY)
        application.add_routes([web.post(PATH, self._take)])
        self._server = Server(application, address, option="--http")

    @property
    def url(self) -> str:
        """Slack's request URL, as this machine sees it."""
        return f"{self._server.url}{PATH}"

    async def start(self, app: AsyncApp) -> None:
        """Take requests. Raises `RefusedError` (``cannot-listen``)."""
        self._app = app
        await self._server.start()

    async def stop(self) -> None:
        """Take no more; what is under way is answered."""
        await self._server.stop()

    def line(self) -> Line:
        """Listening is all that can be said: Slack comes when somebody does something."""
        return Line(is_up=bool(self._server.url), since=self._heard_at, detail="listens for Slack's requests")

    async def _take(self, request: web.Request) -> web.StreamResponse:
        try:
            async with asyncio.timeout(_BODY_PATIENCE_S):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408)
        seal = seal_of(
            body, timestamp=request.headers.get("X-Slack-Request-Timestamp", ""),
            signature=request.headers.get("X-Slack-Signature", ""), secret=self._secret, now=self._clock(),
        )  # fmt: skip
        if seal is not Seal.GOOD:
            return _turned_away(seal, body)
        self._heard_at = self._clock()
        if retry := request.headers.get("X-Slack-Retry-Num"):  # its row is there already, or is made now
            log.info("slack-repeats retry=%s reason=%s", retry, request.headers.get("X-Slack-Retry-Reason"))
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return web.Response(status=400)
        return await self._dispatch(request, text)

    async def _dispatch(self, request: web.Request, text: str) -> web.StreamResponse:
        if self._app is None:
            return web.Response(status=503)
        asked = AsyncBoltRequest(body=text, query=request.query_string, headers=dict(request.headers))
        return await to_aiohttp_response(await self._app.async_dispatch(asked))


def _turned_away(seal: Seal, body: bytes) -> web.Response:
    """Slack's look at the certificate comes unsigned and does nothing."""
    if seal is Seal.MISSING and parse_qs(body[:200].decode(errors="replace")).get("ssl_check") == ["1"]:
        return web.Response()
    hint = "check this machine's clock" if seal is Seal.STALE else "is SLACK_SIGNING_SECRET this app's?"
    log.warning("request-refused seal=%s hint=%s", seal, hint)
    return web.Response(status=401)
