"""The playground as one server: a stand-in Slack workspace on one loopback port, with its page and its sample repositories."""

import asyncio
import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from aiohttp import web

from bot.playground.announcements import spoken
from bot.playground.answers import Answers
from bot.playground.changes import Changes
from bot.playground.deeds import Deeds
from bot.playground.delivery import Delivery
from bot.playground.faults import Faults
from bot.playground.git_http import GitHttp
from bot.playground.guard import guard
from bot.playground.http_mode import HttpMode
from bot.playground.person_api import PersonApi
from bot.playground.rates import Rates
from bot.playground.sample import SAMPLES, make_samples
from bot.playground.site import InstalledApp, Site
from bot.playground.socket_mode import Patience, SocketMode
from bot.playground.uploads import Uploads
from bot.playground.web_api import WebApi
from bot.playground.windows import Windows
from bot.playground.workspace import seeded, utc_now

LOOPBACK = ("127.0.0.1", "localhost")
LARGEST_BODY = 64 * 1024 * 1024
WEB = Path(__file__).parent / "web"


class Playground:
    """A stand-in Slack. ``app``: what is installed in it; ``rates``: ``slack``, ``off`` or somebody's own; ``folder``: for the samples.

    Its parts (``site``, ``socket``, ``http``, ``faults``) are open to tests.
    """

    def __init__(
        self,
        *,
        app: InstalledApp | None = None,
        now: Callable[[], datetime] = utc_now,
        rates: str | Rates = "off",
        patience: Patience | None = None,
        folder: Path | None = None,
        sample_url: str = "",
    ) -> None:
        changes = Changes()
        workspace = seeded(now, changes)
        self.site = Site(
            app=app or InstalledApp(),
            changes=changes,
            workspace=workspace,
            windows=Windows(workspace=workspace),
            uploads=Uploads(),
        )
        self.faults = Faults()
        waits = patience or Patience()
        self.socket = SocketMode(site=self.site, faults=self.faults, patience=waits)
        self.http = HttpMode(site=self.site, faults=self.faults, patience=waits)
        self._rates = rates if isinstance(rates, Rates) else Rates(is_on=rates == "slack")
        self._sample_url = sample_url
        self._folder = folder
        self._own_folder: tempfile.TemporaryDirectory[str] | None = None
        self._runner: web.AppRunner | None = None
        self.url = ""

    @property
    def bot_token(self) -> str:
        """For ``SLACK_BOT_TOKEN``."""
        return self.site.app.bot_token

    @property
    def app_token(self) -> str:
        """For ``SLACK_APP_TOKEN``."""
        return self.site.app.app_token

    @property
    def signing_secret(self) -> str:
        """For ``SLACK_SIGNING_SECRET``."""
        return self.site.app.signing_secret

    def deliver_to(self, request_url: str) -> None:
        """Put the app into HTTP mode: everything goes there, as soon as the URL has answered a challenge."""
        self.http.use(request_url)

    @property
    def api_url(self) -> str:
        """For ``SLACK_API_URL``."""
        return f"{self.url}/api/"

    @property
    def sample_url(self) -> str:
        """A repository that becomes a Binder."""
        return self._sample_url or f"{self.url}/sample.git"

    @property
    def broken_url(self) -> str:
        """A repository whose build fails."""
        return f"{self.url}/broken.git"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen. Raises ValueError for a host that others can reach, OSError for a port in use."""
        if host not in LOOPBACK:
            raise ValueError(f"The playground listens on this machine only, not on {host}.")
        if self._folder is None:
            self._own_folder = tempfile.TemporaryDirectory(prefix="playground-")
        folder = self._folder or Path(self._own_folder.name if self._own_folder else "")
        await asyncio.to_thread(make_samples, folder)
        self._runner = web.AppRunner(self._application(folder), access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        chosen = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{chosen}"
        self.site.base_url = f"{self.url}/"
        self._person.samples = {
            "sample": self.sample_url,
            "sample_url": self.sample_url,
            "broken_url": self.broken_url,
        }

    async def stop(self) -> None:
        """End every connection, give the port back."""
        await self.socket.stop()
        await self.http.stop()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None
        if self._own_folder:
            self._own_folder.cleanup()
            self._own_folder = None

    def _application(self, samples: Path) -> web.Application:
        application = web.Application(middlewares=[guard], client_max_size=LARGEST_BODY)
        delivery = Delivery(socket=self.socket, http=self.http)
        self.site.spoken = partial(spoken, self.site, delivery)
        deeds = Deeds(site=self.site, delivery=delivery)
        self._person = PersonApi(
            site=self.site, socket=self.socket, faults=self.faults, deeds=deeds, samples={}
        )
        application.add_routes(
            [
                *WebApi(site=self.site, rates=self._rates, faults=self.faults).routes(),
                *Answers(site=self.site, deeds=deeds, faults=self.faults).routes(),
                web.get("/socket/{ticket}", self.socket.serve),
                *self._person.routes(),
                *GitHttp(folder=samples, names=tuple(SAMPLES)).routes(),
                web.get("/archives/{rest:.+}", _to_page),
                web.get("/{file:.*}", _page),
            ]
        )
        return application


async def _to_page(_request: web.Request) -> web.StreamResponse:
    """A permalink opens the page."""
    raise web.HTTPFound("/")


async def _page(request: web.Request) -> web.StreamResponse:
    """A file of the page."""
    wanted = (WEB / (request.match_info["file"] or "index.html")).resolve()
    if not wanted.is_relative_to(WEB) or not wanted.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(wanted, headers={"Cache-Control": "no-cache"})
