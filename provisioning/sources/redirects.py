"""Where a repository's URL really leads. Redirects are followed here, not by git: each place is checked as the first one was."""

import asyncio
from contextlib import suppress
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


async def final_place(url: str, policy: SourcePolicy) -> Place:
    """The place that answers git itself, after at most three redirects.

    Raises `PersonError` (``address-refused``, ``protocol-not-allowed``, ``too-many-redirects``, ``repository-not-found``) and
    `TemporaryError` (``source-unreachable``).
    """
    for _ in range(_MOST + 1):
        place = await checked(url, policy)
        onward = await _redirect(place) if urlsplit(url).scheme != "git" else ""
        if not onward:
            return place
        url = onward
    raise PersonError(
        "too-many-redirects", f"{url} redirects again and again.", "Give the repository's final address."
    )


async def _redirect(place: Place) -> str:
    """Where the server sends git instead; empty where it answers itself. Nothing is followed."""
    asked = place.url + _ASKED
    try:
        async with (
            aiohttp.ClientSession(connector=connector(place), timeout=aiohttp.ClientTimeout()) as session,
            session.get(asked, allow_redirects=False, headers=_HEADERS) as answer,
        ):
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
        return ""
    target = urljoin(asked, location)
    if not target.endswith(_ASKED):
        raise absent(place.url)  # a sign-in page, or an ordinary web page
    return target.removesuffix(_ASKED)
