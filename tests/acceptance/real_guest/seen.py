"""A Binder on a real instance, as its people see it: messages, buttons, links, pages."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import aiohttp

from provisioning import keys
from provisioning.store.database import Database
from provisioning.store.postgres import EmbeddedPostgres
from provisioning.tickets import Signer
from tests.acceptance.playing import Playing, buttons_of, private_links
from tests.fakes.guest_bench import Browser, a_session
from tests.fakes.playground import BEN, GENERAL
from tests.integration.openstack.project import Project


@dataclass(frozen=True, slots=True)
class Seen:
    """One of Ben's, with the message that its launch ended in."""

    room: Playing
    project: Project
    id: str
    ts: str

    @property
    def message(self) -> dict[str, Any]:
        """As it stands now."""
        found = self.room.message(GENERAL, lambda m: m["ts"] == self.ts)()
        assert found is not None
        return found

    def press(self, action: str, *, user: str = BEN) -> None:
        button = buttons_of(self.message)[action]
        pressed = {"ts": self.ts, "action_id": action, "block_id": button["block_id"]}
        assert self.room.post("/person/press", {"user": user, "channel": GENERAL, **pressed})["ok"]

    def until_told(self, has: Callable[[dict[str, Any]], bool], *, within_s: float = 180) -> dict[str, Any]:
        """The message of its channel or thread, once it is there."""
        return self.room.until(self.room.message(GENERAL, has), within_s=within_s)

    def servers(self) -> list[Any]:
        """Its instances, as the cloud shows them."""
        return [s for s in self.project.eyes.compute.servers() if s.metadata["binderops_id"] == self.id]

    def objects(self) -> list[str]:
        """The kind of each thing that the cloud has of it."""
        everything = self.project.everything().items()
        return [kind for kind, found in everything for one in found if self.id in str(one.to_dict())]

    def private_link(self, action: str = "binder.open.lab") -> str:
        """A fresh one, as only the owner is shown it."""
        known = set(private_links(self.room, BEN))
        self.press(action)
        return self.room.until(
            lambda: next((link for link in private_links(self.room, BEN) if link not in known), None),
            within_s=60,
        )

    async def signer(self) -> Signer:
        """What the bot signs with, for tickets as it does not make them."""
        home = self.room.home
        database = await Database(EmbeddedPostgres(home).start()).open()
        try:
            held = await keys.load(database, keys.secret_of(home, ""), lambda: datetime.now(UTC))
        finally:
            await database.close()
        return held.current

    @asynccontextmanager
    async def browser(self, action: str = "binder.open.lab") -> AsyncIterator["Visit"]:
        """A browser that has not been there, with a link that was not used, of the button with that action."""
        parts = urlsplit(self.private_link(action))
        url, ticket = f"{parts.scheme}://{parts.netloc}", parse_qs(parts.query)["ticket"][0]
        async with a_session(says_goodbye=False, cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield Visit(url, self.id, ticket, session)


class Visit(Browser):
    """A person's browser at the public address, and the ticket of their link."""

    def __init__(self, url: str, binder: str, ticket: str, session: aiohttp.ClientSession) -> None:
        self.public_url = self.agent_url = url
        self.id, self.port = binder, 443
        super().__init__(self, session)  # type: ignore[arg-type]  # all that it asks a guest for
        self.own = {}
        self.ticket = ticket

    async def opened(self) -> tuple[int, list[str], str]:
        """Hand in the ticket and go where it leads, keeping cookies: the last status, every path on the way, the page."""
        status, path = await self.enter(self.ticket)
        paths, page = [path], ""
        while status in (301, 302, 303, 307, 308):
            url = self.agent_url + paths[-1]
            async with self.session.get(
                url, headers=self.headers(), allow_redirects=False, ssl=False
            ) as answer:
                status, page = answer.status, await answer.text()
                for cookie in answer.headers.getall("Set-Cookie", ()):
                    self.cookie += "; " + cookie.partition(";")[0]
                if to := answer.headers.get("Location"):
                    paths.append(urljoin(url, to).removeprefix(self.agent_url))
        return status, paths, page

    async def until_answers(self, path: str, *, within_s: float = 180) -> None:
        """Ask as a person who presses reload does."""
        async with asyncio.timeout(within_s):
            while True:
                with suppress(aiohttp.ClientError):
                    if (await self.get(path))[0] == 200:
                        return
                await asyncio.sleep(1)
