"""A DOI whose site only the resolver knows: it is asked where the DOI leads, and the site that is there is asked next.

www.doi.org, "DOI Resolution Documentation", proxy server REST API: ``https://doi.org/api/handles/<doi>`` has ``values`` with
``type`` and ``data.value``; the first ``URL`` is the page. An unknown DOI is answered by 404.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import quote, urlsplit

from provisioning.errors import PersonError
from provisioning.model import Request
from provisioning.sources.asking import ask, in_time
from provisioning.sources.records import doi_in, of_page
from provisioning.sources.resolved import Resolved, SourcePolicy

_FORGES = frozenset({"github.com", "gitlab.com", "codeberg.org", "bitbucket.org"})
_KEEP_THE_PAGE = frozenset({"dataverse"})  # whose DOI alone does not say which installation has it


class _Asked(Protocol):
    def detect(self, request: Request) -> bool: ...

    async def resolve(self, request: Request, policy: SourcePolicy) -> Resolved: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Doi:
    """DOIs of every prefix, through the resolver to one of the other sources."""

    leads_to: Sequence[_Asked]
    resolver: str = "https://doi.org/api/handles"

    def detect(self, request: Request) -> bool:
        """Whatever is a DOI and was not known better by another source."""
        return bool(doi_in(request.repo))

    async def resolve(self, request: Request, policy: SourcePolicy) -> Resolved:
        """What the source behind the DOI says. Raises `PersonError` ``doi-leads-elsewhere`` where there is none."""
        doi = doi_in(request.repo)
        async with in_time(request.repo):
            said = await ask(f"{self.resolver}/{quote(doi, safe='/')}", policy)
        pages = [
            v.at("data", "value").text() for v in said.at("values").items() if v.at("type").text() == "URL"
        ]
        page = _secure(pages[0], policy) if pages else ""
        behind = _behind(request, page)
        for source in self.leads_to:
            if behind is not None and source.detect(behind):
                found = await source.resolve(behind, policy)
                return replace(found, provider=found.provider or behind.provider)
        raise PersonError(
            "doi-leads-elsewhere",
            f"{doi} leads to {page or 'nothing'}, which is no record that can be launched.",
            "A paper's DOI is not its code's: look on its page for the DOI or the repository of the code.",
        )


def _behind(request: Request, page: str) -> Request | None:
    """The request for what is on the page; None where that is nothing known, or the DOI leads back to itself."""
    parts = urlsplit(page)
    names = [part for part in parts.path.split("/") if part]
    if parts.netloc.removeprefix("www.") in _FORGES and len(names) == 2:
        return replace(request, provider="git", repo=page.rstrip("/"))
    record = of_page(page) if parts.netloc else None
    if record is None or record.provider == "doi":
        return None
    repo = page if record.provider in _KEEP_THE_PAGE else record.repo
    return replace(request, provider=record.provider, repo=repo, ref=request.ref or record.version)


def _secure(page: str, policy: SourcePolicy) -> str:
    """The page by https, as all these sites have it by now; old DOIs still say http."""
    if page.startswith("http://") and not policy.exempts(page):
        return "https://" + page.removeprefix("http://")
    return page
