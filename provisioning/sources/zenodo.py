"""Zenodo, its sandbox, and other sites of its program InvenioRDM: a published version's files never change.

developers.zenodo.org, "Records": ``GET /api/records/<number>``. The number of all versions together, the concept's, answers by
a redirect to the newest one. Read: ``id``, ``metadata`` with ``title``, ``version``, ``license.id``; ``files`` with ``size``.
Other sites answer in InvenioRDM's own form (inveniordm.docs.cern.ch, "REST API"): ``metadata.rights`` with ``id``, and
``files.total_bytes``.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from provisioning.model import Request
from provisioning.sources.asking import ask, in_time, size_mib
from provisioning.sources.resolved import Resolved, SourcePolicy

_DOI = re.compile(r"10\.(5281|5072)/zenodo\.([0-9]+)", re.ASCII)
_PAGE = re.compile(r"/records/([a-z0-9-]+)", re.ASCII)
_SANDBOX = "5072"


@dataclass(frozen=True, slots=True, kw_only=True)
class Zenodo:
    """Records by their number."""

    site: str = "https://zenodo.org"
    sandbox: str = "https://sandbox.zenodo.org"

    def detect(self, request: Request) -> bool:
        """Records whose number is known: by Zenodo's own DOIs, and by the page elsewhere."""
        return request.provider == "zenodo" and bool(self._asked(request.repo))

    async def resolve(self, request: Request, policy: SourcePolicy) -> Resolved:
        """The record's number in its newest version, or in the one that the DOI names."""
        async with in_time(request.repo):
            record = await ask(self._asked(request.repo), policy)
        metadata = record.at("metadata")
        number = record.at("id").needed()
        files, total = list(record.at("files").items()), record.at("files", "total_bytes").number()
        return Resolved(
            commit=number,
            ref=metadata.at("version").text() or number,
            address="",
            url=record.url,
            size_mib=size_mib([file.at("size").number() for file in files] or [total]),
            title=metadata.at("title").needed(),
            licence=metadata.at("license", "id").text() or metadata.at("rights", 0, "id").text(),
            provider="zenodo",
        )

    def _asked(self, repo: str) -> str:
        """The address that tells of the record; empty where the number is not known."""
        doi = _DOI.fullmatch(repo)
        if doi:
            return f"{self.sandbox if doi[1] == _SANDBOX else self.site}/api/records/{doi[2]}"
        parts = urlsplit(repo)
        page = _PAGE.fullmatch(parts.path)
        return f"{parts.scheme}://{parts.netloc}/api/records/{page[1]}" if page and parts.netloc else ""
