"""A deployment's GitHub App: makes tokens that read one private repository for an hour, at the moment of use.

The App proves itself by a JSON Web Token signed with its key, looks up its installation on the repository, and has a token made
that is restricted to it: "Generating an installation access token for a GitHub App", and in the REST API ``GET
/repos/{owner}/{repo}/installation`` and ``POST /app/installations/{id}/access_tokens`` (docs.github.com/en/rest/apps/apps). Git takes
such a token as the password of ``x-access-token`` ("Authenticating as a GitHub App installation"). Nothing of it is stored.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urljoin
from weakref import WeakValueDictionary

import aiohttp

from provisioning.source_tokens import ANY_USER, LONGEST, Login, Scope, SourceToken
from provisioning.sources import github_app_words as words
from provisioning.sources.asking import Said, first_bytes, unreadable
from provisioning.sources.github_app_words import About, Answer
from provisioning.sources.guarded import checked, connector
from provisioning.sources.resolved import SourcePolicy

log = logging.getLogger(__name__)

_PATIENCE_S = 5  # for one answer; a token takes two, an explanation three
_MOST_BYTES = 256 * 1024
_MARGIN = timedelta(minutes=5)  # before its end a token is used no more: git may take a while
_MOST_MOVES = 2
_HEADERS = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    "User-Agent": "binderops",  # without one GitHub answers nobody
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True, slots=True)
class _Made:
    token: SourceToken
    until: datetime


class GitHubApp:
    """Any number of tasks may ask; those for one repository wait for one another.

    ``key``: the private key as PEM, read at each use, so that a renewed file counts; ``api``: the API's address; ``policy``: which
    addresses may be asked.
    """

    def __init__(
        self, app: str, key: Callable[[], str], *, api: str, policy: SourcePolicy, clock: Callable[[], datetime]
    ) -> None:  # fmt: skip
        self._app = app
        self._key = key
        self._api = api.rstrip("/")
        self.host = words.git_host(api)  # whose repositories it opens
        self._policy = policy
        self._clock = clock
        self._made: dict[str, _Made] = {}  # for lookups, by repository in small letters
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def token(self, url: str, *, to_fetch: bool = False) -> SourceToken | None:
        """A token for reading this repository; None where it is none of the App's host.

        Lookups share one until shortly before it ends. ``to_fetch``: a new one, for whoever fetches alone, that lasts the fetch.

        Raises `NotInstalledError` (``github-app-not-installed``), `RefusedError` (``github-app-key-wrong``,
        ``github-app-clock-wrong``, ``github-app-not-permitted``, ``source-unreadable``), `TemporaryError` (``source-unreachable``) and what
        `checked` raises about the API's address.
        """
        named = words.repository_in(url, self.host)
        if named is None:
            return None
        if to_fetch:
            return (await self._make(url, *named)).token
        key = "/".join(named).casefold()
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            made = self._made.get(key)
            if made is None or self._clock() >= made.until - _MARGIN:
                made = await self._make(url, *named)
                self._keep(key, made)
        return made.token

    def forget(self, url: str) -> None:
        """Make the next one for this repository anew: this one is refused."""
        named = words.repository_in(url, self.host) or ("", "")
        self._made.pop("/".join(named).casefold(), None)

    async def about(self) -> About:
        """What the App is. Raises as `token` does."""
        answer = await self._ask("GET", "/app")
        if answer.status != 200:
            raise words.refused(answer, self._app, self._clock())
        return words.about(answer.said)

    def _keep(self, key: str, made: _Made) -> None:
        now = self._clock()
        for old in [k for k, m in self._made.items() if now >= m.until]:
            del self._made[old]
        self._made[key] = made

    async def _make(self, url: str, owner: str, name: str) -> _Made:
        installation, repository = await self._installation(url, owner, name)
        wanted = {**repository, "permissions": {"contents": "read"}}
        answer = await self._ask("POST", f"/app/installations/{installation}/access_tokens", wanted)
        if answer.status == 404 or (answer.status == 422 and "not accessible" in answer.message):
            raise words.not_installed(url, await self.about())
        if answer.status != 201:
            raise words.refused(answer, self._app, self._clock())
        until = _time(answer.said.at("expires_at"))
        granted = answer.said.at("permissions").value
        if isinstance(granted, dict) and any(level != "read" for level in granted.values()):
            raise words.too_much(granted)
        # Opaque: 40 characters before, some 520 since GitHub's changelog of 24 April 2026.
        secret = answer.said.at("token").value
        if not isinstance(secret, str) or not secret.isascii() or not 0 < len(secret) <= LONGEST:
            raise unreadable(answer.said.url)
        log.info("github-app-token repository=%s/%s until=%s", owner, name, until.isoformat())
        scope = Scope(team="", person="", host=self.host, prefix=f"{owner}/{name}")
        token = SourceToken(scope=scope, login=Login(username=ANY_USER, secret=secret), is_the_apps=True)
        return _Made(token, until)

    async def _installation(self, url: str, owner: str, name: str) -> tuple[int, dict[str, object]]:
        """Its id, and the repository as a token's restriction names it: by its number where it was moved."""
        path, repository = f"/repos/{quote(owner)}/{quote(name)}/installation", {"repositories": [name]}
        answer = await self._ask("GET", path)
        restricted: dict[str, object] = {**repository}
        for _ in range(_MOST_MOVES):
            number = self._moved_to(answer, path)
            if number is None:
                break
            path, restricted = f"/repositories/{number}/installation", {"repository_ids": [number]}
            answer = await self._ask("GET", path)
        if answer.status == 404 and "integration" not in answer.message.lower():
            raise words.not_installed(url, await self.about())
        if answer.status != 200:
            raise words.refused(answer, self._app, self._clock())
        installation = answer.said.at("id").number()
        if installation is None:
            raise unreadable(answer.said.url)
        return installation, restricted

    def _moved_to(self, answer: Answer, path: str) -> int | None:
        """The repository's number where it was renamed. Nothing but a number is taken: the assertion goes to no other address."""
        if answer.status not in (301, 302, 307, 308):
            return None
        target = urljoin(self._api + path, answer.location)
        middle = target.removeprefix(f"{self._api}/repositories/").removesuffix("/installation")
        if not (middle.isascii() and middle.isdigit()):
            raise unreadable(self._api + path)
        return int(middle)

    async def _ask(self, method: str, path: str, body: dict[str, object] | None = None) -> Answer:
        """One answer. The address is checked as that of any source, and nothing is followed."""
        place = await checked(self._api + path, self._policy)
        proof = words.assertion(self._app, words.private_key(self._key()), self._clock())
        sent: dict[str, Any] = {"headers": _HEADERS | {"Authorization": f"Bearer {proof}"}}
        if body is not None:
            sent["json"] = body
        try:
            async with (
                asyncio.timeout(_PATIENCE_S),
                aiohttp.ClientSession(
                    connector=connector(place), timeout=aiohttp.ClientTimeout(), auto_decompress=False
                ) as session,
                session.request(method, place.url, allow_redirects=False, **sent) as answer,
            ):
                text = await first_bytes(answer, _MOST_BYTES)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            why = "it does not answer in time" if isinstance(error, TimeoutError) else str(error)
            raise words.unanswered(place.url, why or type(error).__name__) from error
        return _answer(answer, place.url, text)


def _answer(answer: aiohttp.ClientResponse, url: str, text: bytes) -> Answer:
    try:
        value = json.loads(text) if text else None
    except (ValueError, RecursionError):  # a proxy's page; the status tells enough
        value = None
    headers = answer.headers
    after = headers.get("Retry-After", "")
    wait = timedelta(seconds=int(after)) if after.isascii() and after.isdigit() and len(after) < 6 else None
    if wait is None and headers.get("X-RateLimit-Remaining") == "0" and answer.status in (403, 429):
        wait = timedelta(minutes=1)
    return Answer(
        status=answer.status, said=Said(value=value, url=url), at=_date(headers.get("Date", "")), wait=wait,
        location=headers.get("Location", ""),
    )  # fmt: skip


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _time(said: Said) -> datetime:
    try:
        found = datetime.fromisoformat(said.needed())
    except ValueError as error:
        raise unreadable(said.url) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
