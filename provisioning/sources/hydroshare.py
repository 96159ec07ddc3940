"""HydroShare: a resource changes in place, so its id is its number with the second of its last change.

www.hydroshare.org/hsapi: ``/hsapi/resource/<number>/scimeta/elements/`` has ``title``, ``dates`` with ``type`` and
``start_date``, ``rights``; ``.../files/`` has pages of ``results`` with ``size``, and ``next``. The form of the version is
BinderHub's (jupyterhub/binderhub, binderhub/repoproviders.py).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from provisioning.model import Request
from provisioning.sources.asking import Said, ask, in_time, size_mib, unreadable
from provisioning.sources.records import resource_in
from provisioning.sources.resolved import Resolved, SourcePolicy

_MOST_PAGES = 20  # of files, so that a lookup ends


@dataclass(frozen=True, slots=True, kw_only=True)
class HydroShare:
    """Public resources."""

    site: str = "https://www.hydroshare.org"

    def detect(self, request: Request) -> bool:
        """Resources whose number is known: it is part of their DOIs too."""
        return request.provider == "hydroshare" and bool(resource_in(request.repo))

    async def resolve(self, request: Request, policy: SourcePolicy) -> Resolved:
        """The resource as it was last changed."""
        number = resource_in(request.repo)
        url = f"{self.site}/hsapi/resource/{number}"
        async with in_time(request.repo):
            said = await ask(f"{url}/scimeta/elements/", policy)
            size = await _size_mib(f"{url}/files/", policy)
        changed = [d.at("start_date") for d in said.at("dates").items() if d.at("type").text() == "modified"]
        if not changed:
            raise unreadable(said.url)
        at = _second(changed[0])
        return Resolved(
            commit=f"{number}.v{int(at.timestamp())}",
            ref=f"changed {at:%Y-%m-%d}",
            address="",
            url=said.url,
            size_mib=size,
            title=(said.at("title", "value").text() or said.at("title").text()),
            licence=said.at("rights", "statement").text() or said.at("rights").text(),
            provider="hydroshare",
        )


async def _size_mib(url: str, policy: SourcePolicy) -> int | None:
    """The size of all files; None where there are too many to add up."""
    sizes: list[int | None] = []
    for _ in range(_MOST_PAGES):
        said = await ask(url, policy)
        sizes += [file.at("size").number() for file in said.at("results").items()]
        url = said.at("next").text()
        if not url:
            return size_mib(sizes)
    return None


def _second(said: Said) -> datetime:
    """HydroShare's times are UTC, with or without saying so."""
    try:
        return datetime.strptime(said.needed()[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise unreadable(said.url) from error
