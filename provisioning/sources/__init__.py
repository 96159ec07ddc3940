"""Sources: where repositories and records come from. ``SOURCES`` is asked in order; the first that detects a request looks it up.

A source has ``detect`` (no network) and ``resolve`` (the immutable id, with what the source tells of title, size and licence).
Both `identify` and `resolve` raise `PersonError` (``ref-not-found``, ``ambiguous-commit``, ``repository-not-found``,
``repository-empty``, ``record-not-found``, ``doi-leads-elsewhere``, ``not-an-archive``, ``source-too-large``, ``address-refused``,
``protocol-not-allowed``, ``too-many-redirects``, ``token-refused``, ``source-unknown``; none knows a place in the person's text), `TemporaryError`
(``source-unreachable``, ``source-slow``), `TeamError` (``source-not-allowed``) or `RefusedError` (``source-unreadable``, ``git-too-old``, ``program-missing``).
With a GitHub App in the policy also what `github_app.GitHubApp.token` raises.
"""

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urlsplit

from provisioning.errors import PersonError
from provisioning.model import Request
from provisioning.sources.archive import Archive
from provisioning.sources.asking import in_time
from provisioning.sources.ckan import Ckan
from provisioning.sources.content import content_of
from provisioning.sources.dataverse import Dataverse
from provisioning.sources.doi import Doi
from provisioning.sources.figshare import Figshare
from provisioning.sources.git import Git
from provisioning.sources.guarded import checked
from provisioning.sources.heritage import Heritage
from provisioning.sources.hydroshare import HydroShare
from provisioning.sources.records import doi_in
from provisioning.sources.resolved import Resolved, SourcePolicy
from provisioning.sources.trouble import not_allowed
from provisioning.sources.zenodo import Zenodo

_MIB_IN_GIB = 1024


class Source(Protocol):
    """One kind of source."""

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
    """`identify` for a launch: what is larger than an instance may fetch is refused, before anything is created."""
    resolved = await identify(request, policy=policy, sources=sources)
    if resolved.size_mib is not None and resolved.size_mib > policy.most_mib:
        raise PersonError(
            "source-too-large",
            f"{request.repo} has {_size(resolved.size_mib)}; at most {_size(policy.most_mib)} are fetched here.",
            "Launch a smaller source and download the data that you need in the notebook, "
            "or ask whoever runs the bot to raise limits.source_mib.",
        )
    return resolved


async def identify(
    request: Request, *, policy: SourcePolicy, sources: Sequence[Source] = SOURCES
) -> Resolved:
    """The immutable id of a request of any kind, whatever its size.

    The rules count for what was named, for where that led, and for what nbgitpuller would bring in.
    """
    for source in sources:
        if source.detect(request):
            _refuse_by_rules(request, policy)
            await _refuse_content(request, policy)
            resolved = await source.resolve(request, policy)
            final = resolved.url or request.repo
            if not policy.rules.allows(final):
                raise not_allowed(final, policy)
            return resolved
    raise PersonError(
        "source-unknown",
        f"{request.repo} is a kind of source that is not supported.",
        "Give a git repository or a DOI.",
    )


def _refuse_by_rules(request: Request, policy: SourcePolicy) -> None:
    """Before anybody is asked. A DOI may be denied; whether it is allowed is told by the site that it leads to."""
    doi = doi_in(request.repo)
    named = f"https://doi.org/{doi}" if doi else request.repo
    if policy.rules.denies(named) or (urlsplit(named).netloc and not doi and not policy.rules.allows(named)):
        raise not_allowed(request.repo, policy)


async def _refuse_content(request: Request, policy: SourcePolicy) -> None:
    """As if it were launched itself, up to where it would be asked: its host's address is looked up, nobody is connected to."""
    pulled = content_of(request.open_url)
    if pulled is None:
        return
    try:
        if not policy.rules.allows(pulled.repo):
            raise not_allowed(pulled.repo, policy)
        async with in_time(pulled.repo):
            await checked(pulled.repo, policy)
    except ValueError as error:  # no URL at all, such as half of an IPv6 address
        raise PersonError(
            "address-refused",
            f"The link brings in the files of {pulled.repo}, which is no address.",
            "Correct what follows repo= in the link.",
        ) from error


def _size(mib: int) -> str:
    return f"{mib:,} MiB" if mib < _MIB_IN_GIB else f"{mib / _MIB_IN_GIB:,.1f} GiB ({mib:,} MiB)"


__all__ = ["SOURCES", "Resolved", "Source", "SourcePolicy", "identify", "resolve"]
