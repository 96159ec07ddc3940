"""Figshare: each version of an article is kept, and the one that was resolved is the one that is passed on.

docs.figshare.com, "Public article versions" and "Public article version details": ``GET /v2/articles/<number>/versions`` lists
``version``; ``.../versions/<version>`` has ``title``, ``license.name``, ``size`` and ``files`` with ``size``.
A DOI without a version means the newest one (jupyterhub/binderhub, binderhub/repoproviders.py), never the first.
"""

import re
from dataclasses import dataclass

from provisioning.errors import PersonError
from provisioning.model import Request
from provisioning.sources.asking import Said, ask, in_time, refusal, size_mib
from provisioning.sources.resolved import Resolved, SourcePolicy

_NAMED = re.compile(
    r"(?:10\.6084/m9\.figshare\.|https?://[^/]+/articles/_/)([0-9]+)(?:(?:\.v|/)([0-9]+))?", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figshare:
    """Articles, which is what Figshare calls data and software too."""

    api: str = "https://api.figshare.com/v2"

    def detect(self, request: Request) -> bool:
        """Articles whose number is known."""
        return request.provider == "figshare" and _NAMED.fullmatch(request.repo) is not None

    async def resolve(self, request: Request, policy: SourcePolicy) -> Resolved:
        """Article and version: the one named, otherwise the newest."""
        named = _NAMED.fullmatch(request.repo)
        article, version = (named[1], named[2]) if named else ("", "")
        url = f"{self.api}/articles/{article}/versions"
        async with in_time(request.repo):
            version = version or str(_newest(await ask(url, policy)))
            said = await ask(f"{url}/{version}", policy)
        if said.at("is_public").value is False:
            raise refusal(request.repo, 404)
        total = said.at("size").number()
        each = [file.at("size").number() for file in said.at("files").items()]
        return Resolved(
            commit=f"{article}.v{version}",
            ref=f"v{version}",
            address="",
            url=said.url,
            size_mib=size_mib(each if total is None else [total]),
            title=said.at("title").needed(),
            licence=said.at("license", "name").text(),
            provider="figshare",
        )


def _newest(versions: Said) -> int:
    numbers = [number for each in versions.items() if (number := each.at("version").number()) is not None]
    if not numbers:
        raise PersonError(
            "record-not-found", f"{versions.url} lists no published version.", "Copy the DOI from its page."
        )
    return max(numbers)
