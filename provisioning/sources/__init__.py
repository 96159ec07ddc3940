"""Sources: where repositories come from. ``SOURCES`` is asked in order; the first that detects a request resolves it.

A source has ``detect`` (no network) and ``resolve`` (the immutable id). Resolving raises `PersonError` (``ref-not-found``,
``ambiguous-commit``, ``repository-not-found``, ``repository-empty``, ``source-too-large``, ``address-refused``,
``protocol-not-allowed``, ``too-many-redirects``; none knows a place in the person's text), `TemporaryError`
(``source-unreachable``, ``source-slow``) or `RefusedError` (``git-too-old``, ``program-missing``).
"""

from collections.abc import Sequence
from typing import Protocol

from provisioning.errors import PersonError
from provisioning.model import Request
from provisioning.sources.git import Git
from provisioning.sources.resolved import Resolved, SourcePolicy


class Source(Protocol):
    """One kind of source."""

    def detect(self, request: Request) -> bool:
        """Whether this source can resolve the request; touches no network."""
        ...

    async def resolve(self, request: Request, policy: SourcePolicy) -> Resolved:
        """The immutable id of what was asked for."""
        ...


SOURCES: Sequence[Source] = (Git(),)  # git last: it takes whatever is left


async def resolve(request: Request, *, policy: SourcePolicy) -> Resolved:
    """The commit that the request means, before anything is created."""
    for source in SOURCES:
        if source.detect(request):
            return await source.resolve(request, policy)
    raise PersonError(
        "source-not-yet",
        f"{request.repo} is a kind of source that is not supported.",
        "Give a git repository.",
    )


__all__ = ["SOURCES", "Resolved", "Source", "SourcePolicy", "resolve"]
