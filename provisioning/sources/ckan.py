"""CKAN, on whatever host: a dataset changes in place, so its id is its name with the second of its last change.

docs.ckan.org, "API guide": ``/api/3/action/package_show?id=<name>`` has ``success`` and ``result`` with ``metadata_modified``,
``title``, ``license_title``, ``resources`` with ``size``. An older state, an *activity*, is ``activity_data_show``. The form of
the version is BinderHub's (jupyterhub/binderhub, binderhub/repoproviders.py).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from provisioning.errors import BinderopsError, RefusedError
from provisioning.model import Request
from provisioning.sources.asking import Said, ask, in_time, size_mib, unreadable
from provisioning.sources.resolved import Resolved, SourcePolicy

_PAGE = re.compile(r"(https?://[^?#]*?)/dataset/([^/?#]+)")
_NOT_THERE = frozenset({"record-not-found", "source-unreadable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ckan:
    """Datasets by their page."""

    def detect(self, request: Request) -> bool:
        """Pages of datasets."""
        return request.provider == "ckan" and _PAGE.fullmatch(request.repo) is not None

    async def resolve(self, request: Request, policy: SourcePolicy) -> Resolved:
        """The dataset as it was last changed, or as it was at the activity named."""
        named = _PAGE.fullmatch(request.repo)
        base, name = (named[1], named[2]) if named else ("", "")
        asked = f"package_show?id={name}"
        if request.ref:
            asked = f"activity_data_show?id={quote(request.ref)}&object_type=package"
        try:
            async with in_time(request.repo):
                said = (await ask(f"{base}/api/3/action/{asked}", policy)).at("result")
            said = said if said.at("metadata_modified").text() else said.at("package")
            changed = _second(said.at("metadata_modified"))
        except BinderopsError as error:
            if error.code not in _NOT_THERE:
                raise
            raise _no_dataset(request.repo) from error
        resources = list(said.at("resources").items())
        return Resolved(
            commit=f"{name}.v{int(changed.timestamp())}",
            ref=f"changed {changed:%Y-%m-%d}",
            address="",
            url=said.url,
            size_mib=size_mib([_bytes(resource.at("size")) for resource in resources]),
            title=said.at("title").text() or name,
            licence=said.at("license_title").text() or said.at("license_id").text(),
            provider="ckan",
        )


def _no_dataset(repo: str) -> RefusedError:
    """Nothing but the form of its address says that a page is CKAN's: it may be something else altogether."""
    return RefusedError(
        "source-unreadable",
        f"{repo} looks like a dataset of CKAN, but there is no such public dataset.",
        "Check its address. If it is a git repository, write .git at its end.",
    )


def _bytes(said: Said) -> int | None:
    """A size, which some sites give as text."""
    text = said.text()
    return int(text) if text.isascii() and text.isdigit() else None


def _second(said: Said) -> datetime:
    """CKAN's times are UTC without saying so."""
    try:
        return datetime.strptime(said.needed()[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise unreadable(said.url) from error
