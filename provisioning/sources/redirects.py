"""Where a repository's URL really leads. Redirects are followed here, not by git: each place is checked as the first one was."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

import aiohttp

from provisioning.errors import PersonError
from provisioning.sources.git_program import Place
from provisioning.sources.guarded import checked, connector
from provisioning.sources.resolved import SourcePolicy
from provisioning.sources.trouble import absent, unreachable

_MOST = 3
_ASKED = "/info/refs?service=git-upload-pack"
_SMART = "application/x-git-upload-pack-advertisement"
# Sites send browsers elsewhere than git; version 2 answers with a few lines instead of all refs.
_HEADERS = {"User-Agent": "git/binderops", "Git-Protocol": "version=2"}
_MOST_READ = 64 * 1024
_CLOSED = frozenset({401, 403, 404})  # what sites answer strangers about a private repository
_REFUSED = frozenset({401, 403})


async def final_place(url: str, policy: SourcePolicy) -> Place:
    """The place that answers git itself, after at most three redirects.

    Raises `PersonError` (``address-refused``, ``protocol-not-allowed``, ``too-many-redirects``, ``repository-not-found``, ``token-refused``),
    `TemporaryError` (``source-unreachable``, ``token-refused``) and what keeps the deployment's GitHub App from making a token.
    """
    for _ in range(_MOST + 1):
        place = await checked(url, policy)
        if urlsplit(url).scheme == "git":
            return place
        place, url = await _opened(place, policy)
        if not url:
            return place
    raise PersonError(
        "too-many-redirects", f"{url} redirects again and again.", "Give the repository's final address."
    )


async def _opened(place: Place, policy: SourcePolicy) -> tuple[Place, str]:
    """The place, with a token only where it is closed without one, and where it leads instead.

    What is open is asked for without a token: an expired one closes nothing, and no site learns who reads what.
    """
    closed: PersonError | None = None
    status, onward = 0, ""
    try:
        status, onward = await _redirect(place)
        if status not in _CLOSED:
            return place, onward
    except PersonError as error:  # sites send strangers to a page for signing in, too
        closed = error
    token = await policy.token_for(place.url)
    if token is None and closed is not None:
        raise closed
    if token is None:
        return place, onward
    place = replace(place, token=token)
    status, onward = await _redirect(place)
    if status in _REFUSED:
        if token.is_the_apps and policy.app is not None:
            policy.app.forget(place.url)
        raise token.refused()
    return place, onward


async def _redirect(place: Place) -> tuple[int, str]:
    """The server's status, and where it sends git instead; empty where it answers itself. Nothing is followed."""
    asked = place.url + _ASKED
    token = {"Authorization": place.token.login.authorization} if place.token else {}
    try:
        async with (
            aiohttp.ClientSession(connector=connector(place), timeout=aiohttp.ClientTimeout()) as session,
            session.get(asked, allow_redirects=False, headers=_HEADERS | token) as answer,
        ):
            status = answer.status
            location = answer.headers.get("Location", "") if answer.status // 100 == 3 else ""
            is_page = answer.status == 200 and answer.content_type != _SMART
            with suppress(asyncio.IncompleteReadError):  # the usual case: a short answer, read to its end
                await answer.content.readexactly(_MOST_READ)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise unreachable(place.url, str(error) or type(error).__name__) from error
    if is_page:
        # Git would read it as the listing of a server without the smart protocol, mostly an empty one.
        raise absent(place.url)
    if not location:
        return status, ""
    target = urljoin(asked, location)
    if not target.endswith(_ASKED):
        raise absent(place.url)  # a sign-in page, or an ordinary web page
    return status, target.removesuffix(_ASKED)
