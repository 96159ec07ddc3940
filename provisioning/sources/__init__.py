"""Sources: where repositories and records come from. ``SOURCES`` is asked in order; the first that detects a request looks it up.

A source has ``detect`` (no network) and ``resolve`` (the immutable id, with what the source tells of title, size and licence).
Both `identify` and `resolve` raise `PersonError` (``ref-not-found``, ``ambiguous-commit``, ``repository-not-found``,
``repository-empty``, ``record-not-found``, ``doi-leads-elsewhere``, ``not-an-archive``, ``source-too-large``, ``address-refused``,
``protocol-not-allowed``, ``too-many-redirects``, ``source-not-yet``; none knows a place in the person's text), `TemporaryError`
(``source-unreachable``, ``source-slow``) or `RefusedError` (``source-unreadable``, ``git-too-old``, ``program-missing``).
"""

from collections.abc import Sequence
from typing import Protocol

from provisioning.errors import PersonError
from provisioning.model import Request
from provisioning.sources.archive import Archive
from provisioning.sources.ckan import Ckan
from provisioning.sources.dataverse import Dataverse
from provisioning.sources.doi import Doi
from provisioning.sources.figshare import Figshare
from provisioning.sources.git import Git
from provisioning.sources.heritage import Heritage
from provisioning.sources.hydroshare import HydroShare
from provisioning.sources.resolved import Resolved, SourcePolicy
from provisioning.sources.zenodo import Zenodo


class Source(Protocol):
    """One kind of source."""

    @property
    def is_fetched(self) -> bool:
        """Whether instances can fetch it: what they cannot is looked up, but not launched."""
        ...

    def detect(self, request: Request) -> bool:
        """Whether this source can resolve the request; touches no network."""
        ...

    async def resolve(self, request: Request, policy: SourcePolicy) -> Resolved:
        """The immutable id of what was asked for."""
        ...


_KNOWN_BY_NAME = (Zenodo(), Figshare(), Dataverse(), HydroShare(), Ckan(), Heritage(), Archive(), Git())
SOURCES: Sequence[Source] = (
    *_KNOWN_BY_NAME,
    Doi(leads_to=_KNOWN_BY_NAME),
)  # last: it has to ask somebody else first


async def resolve(request: Request, *, policy: SourcePolicy, sources: Sequence[Source] = SOURCES) -> Resolved:
    """The immutable id of what is to be launched, before anything is created. Refuses what instances cannot fetch, unasked."""
    source = _source(request, sources)
    if not source.is_fetched:
        raise PersonError(
            "source-not-yet",
            f"{request.repo} is understood, but instances cannot fetch records and archives yet.",
            "Use the git repository behind it; its page often links to it.",
        )
    return await source.resolve(request, policy)


async def identify(
    request: Request, *, policy: SourcePolicy, sources: Sequence[Source] = SOURCES
) -> Resolved:
    """The immutable id of a request of any kind, whether or not it can be launched yet."""
    return await _source(request, sources).resolve(request, policy)


def _source(request: Request, sources: Sequence[Source]) -> Source:
    for source in sources:
        if source.detect(request):
            return source
    raise PersonError(
        "source-not-yet",
        f"{request.repo} is a kind of source that is not supported.",
        "Give a git repository or a DOI.",
    )


__all__ = ["SOURCES", "Resolved", "Source", "SourcePolicy", "identify", "resolve"]
