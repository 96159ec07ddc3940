"""The way to a stranger's server: each address is checked before it is asked, and the checked one is connected to.

Nothing is followed here without a check of its own, no name is looked up twice, and nobody is asked over anything but https,
unless a prefix of the policy exempts the URL.
"""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from provisioning.errors import PersonError
from provisioning.sources import address
from provisioning.sources.git_program import Place
from provisioning.sources.resolved import SourcePolicy
from provisioning.sources.trouble import not_allowed, unreachable

_MOST_REDIRECTS = 5
_EXEMPT_SCHEMES = frozenset({"https", "http", "git"})
# Compressed answers could unfold to more than is read; what is asked for is small, or compressed already.
_HEADERS = {"User-Agent": "binderops", "Accept-Encoding": "identity"}


async def checked(url: str, policy: SourcePolicy) -> Place:
    """The place of a URL, with the checked address of its host.

    Raises `PersonError` (``address-refused``, ``protocol-not-allowed``), `TeamError` (``source-not-allowed``) and `TemporaryError`
    (``source-unreachable``).
    """
    if policy.rules.denies(url):
        raise not_allowed(url, policy)
    scheme = urlsplit(url).scheme
    if policy.exempts(url) and scheme in _EXEMPT_SCHEMES:
        return Place(url=url, address="")
    if scheme != "https":
        raise PersonError(
            "protocol-not-allowed", f"{url} is no https address.", "Give the https address of the repository."
        )
    return Place(url=url, address=await address.look_up(url))


def connector(place: Place) -> aiohttp.TCPConnector | None:
    """What holds a session to the checked address; None where none was checked."""
    return aiohttp.TCPConnector(resolver=_Pinned(place.address)) if place.address else None


@asynccontextmanager
async def answered(url: str, policy: SourcePolicy, accept: str) -> AsyncIterator[aiohttp.ClientResponse]:
    """The answer to a GET, after at most five redirects; its body is not read yet.

    Raises what `checked` raises, `PersonError` ``too-many-redirects`` and `TemporaryError` ``source-unreachable``, the last also
    where the connection breaks while the body is read.
    """
    for _ in range(_MOST_REDIRECTS + 1):
        place = await checked(url, policy)
        try:
            async with (
                aiohttp.ClientSession(
                    connector=connector(place), timeout=aiohttp.ClientTimeout(), auto_decompress=False
                ) as session,
                session.get(url, allow_redirects=False, headers=_HEADERS | {"Accept": accept}) as answer,
            ):
                location = answer.headers.get("Location", "") if answer.status // 100 == 3 else ""
                if not location:
                    yield answer
                    return
                url = urljoin(url, location)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise unreachable(place.url, str(error) or type(error).__name__) from error
    raise PersonError(
        "too-many-redirects", f"{url} redirects again and again.", "Give the record's final address."
    )


class _Pinned(AbstractResolver):
    """Resolves every name to the checked address."""

    def __init__(self, pinned: str) -> None:
        self._pinned = pinned

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        del family
        kind = socket.AF_INET6 if ":" in self._pinned else socket.AF_INET
        return [ResolveResult(hostname=host, host=self._pinned, port=port, family=kind, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is held."""
