"""Records as their DOIs, numbers and pages name them. Pure: where a DOI leads is asked elsewhere, what it leads to is read here.

A kind is told by the form of a DOI where one site alone gives such DOIs out, by the host of a page, or by the form of a page
that every installation of a program has (Dataverse, CKAN). The grammar and the lookup read alike because both ask this module.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlsplit

_DOI = re.compile(
    r"(?:(?:https?:/+)?(?:www\.|dx\.)?doi\.org/)?(?:doi:\s*)?(10\.[0-9]{4,9}(?:\.[0-9]+)*/[A-Za-z0-9._()/:+~@=,-]{1,200})",
    re.IGNORECASE | re.ASCII,
)
# Prefixes: zenodo.org and its sandbox, figshare.com, hydroshare.org, dataverse.harvard.edu. Other sites share theirs.
_OWN_FORMS = (
    ("zenodo", re.compile(r"10\.(?:5281|5072)/zenodo\.[0-9]+", re.IGNORECASE)),
    ("figshare", re.compile(r"10\.6084/m9\.figshare\.[0-9]+(?:\.v[0-9]+)?", re.IGNORECASE)),
    ("hydroshare", re.compile(r"10\.4211/hs\.[0-9a-f]{32}", re.IGNORECASE)),
)
_HARVARD = re.compile(r"10\.7910/dvn/.+", re.IGNORECASE)
_ZENODO_PREFIXES = {"zenodo.org": "10.5281", "www.zenodo.org": "10.5281", "sandbox.zenodo.org": "10.5072"}
_INVENIO_HOSTS = frozenset(
    {"data.caltech.edu"}
)  # Zenodo's program elsewhere; DOIs without the record's number
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_INVENIO_ID = re.compile(r"[a-z0-9]{1,5}-[a-z0-9]{1,5}|[0-9]{1,18}", re.ASCII)
_RESOURCE = re.compile(r"[0-9a-f]{32}")
_VERSION = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?", re.ASCII)
_PERSISTENT = re.compile(r"(?:hdl|perma):[A-Za-z0-9._/-]{1,200}", re.ASCII)
_CKAN_NAME = re.compile(
    r"([\w-]{2,100})(?:\.(?:jsonld|n3|rdf|ttl|xml))?"
)  # as data of some kind, or as a page
_ACTIVITY = re.compile(r"[0-9a-f-]{36}")
_ARCHIVE = re.compile(r"\.(?:zip|tar|tgz|tbz2?|txz|tar\.(?:gz|bz2|xz))", re.IGNORECASE)
_SWITCHES = frozenset({"download", "dl", "raw"})  # other questions may hold a signature, which is a secret
_DATAVERSE_PAGES = frozenset({"dataset.xhtml", "file.xhtml", "citation"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record, of which nothing was looked up."""

    provider: str  # zenodo figshare dataverse hydroshare ckan doi archive
    repo: str  # its DOI; the page's URL where it has none that the page tells
    version: str = (
        ""  # the version that the page names, where the record's own name does not: Dataverse, CKAN
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    host: str  # lower case, with its port
    parts: tuple[str, ...]  # of the path, decoded; none is empty
    asked: dict[str, str]  # the query, each name's first value
    scheme: str

    def url(self, parts: Sequence[str]) -> str:
        return "/".join((f"{self.scheme}://{self.host}", *(quote(part, safe="~@%=,:+") for part in parts)))


def doi_in(text: str) -> str:
    """The DOI that a text is: bare, after ``doi:`` or below a resolver's address. Empty where it is none."""
    found = _DOI.fullmatch(text.rstrip("/.,"))
    return found[1] if found else ""


def of_doi(doi: str) -> Record:
    """The record of a DOI; of kind ``doi`` where only asking the resolver tells more."""
    for provider, form in _OWN_FORMS:
        if form.fullmatch(doi):
            return Record(provider=provider, repo=doi.lower())
    return Record(provider="dataverse" if _HARVARD.fullmatch(doi) else "doi", repo=doi)


def of_page(url: str) -> Record | None:
    """The record whose page, file or badge is at the URL; None where it is no record's."""
    doi = doi_in(unquote(url.partition("#")[0].partition("?")[0]))
    if doi:
        return of_doi(doi)
    parts = urlsplit(url)
    page = _Page(
        host=parts.netloc.lower(),
        parts=tuple(unquote(part) for part in parts.path.split("/") if part),
        asked=dict(reversed(parse_qsl(parts.query))),
        scheme=parts.scheme,
    )
    return next((found for read in _PAGES if (found := read(page))), None)


def is_record_host(host: str) -> bool:
    """Whether nothing but records is at the host, so that no git repository can be meant."""
    name = host.partition(":")[0].removeprefix("www.")
    return name in {"doi.org", "dx.doi.org", "hydroshare.org", *_ZENODO_PREFIXES, *_INVENIO_HOSTS} or bool(
        re.fullmatch(r"(.*\.)?figshare\.com|dataverse\.(.*\.)?[a-z]+", name)
    )


def archive_ending(name: str) -> str:
    """The ending by which a file's name says that it is an archive, such as ``.tar.gz``; empty where none does."""
    for at in (name.rfind(".", 0, name.rfind(".")), name.rfind(".")):
        if at > 0 and _ARCHIVE.fullmatch(name, at):
            return name[at:]
    return ""


def _zenodo(page: _Page) -> Record | None:
    first, rest = next(iter(page.parts), ""), page.parts[1:]
    if page.host in _INVENIO_HOSTS and first == "records" and rest and _INVENIO_ID.fullmatch(rest[0]):
        return Record(provider="zenodo", repo=f"https://{page.host}/records/{rest[0]}")
    prefix = _ZENODO_PREFIXES.get(page.host)
    if prefix is None or not rest:
        return None
    if first in {"record", "records", "deposit", "uploads"} and _NUMBER.fullmatch(rest[0]):
        return Record(provider="zenodo", repo=f"{prefix}/zenodo.{rest[0]}")
    if first == "doi" or (first == "badge" and rest[0].lower() == "doi"):
        named = "/".join(rest if first == "doi" else rest[1:]).removesuffix(".svg")
        return of_doi(named) if doi_in(named) == named else None
    return None


def _figshare(page: _Page) -> Record | None:
    if page.host != "figshare.com" and not page.host.endswith(".figshare.com"):
        return None
    parts = page.parts[1:] if page.parts[:1] == ("account",) else page.parts
    numbers = [part for part in parts[-2:] if _NUMBER.fullmatch(part)]
    if parts[:1] != ("articles",) or not numbers or len(parts) < 2:
        return None
    # A version stands last, after the article's number; a title of digits alone would come before a lone number.
    article, version = (numbers[0], numbers[1]) if len(numbers) == 2 and len(parts) > 3 else (numbers[-1], "")
    if page.host in {"figshare.com", "www.figshare.com"}:
        return Record(
            provider="figshare", repo=f"10.6084/m9.figshare.{article}" + (f".v{version}" if version else "")
        )
    return Record(  # an institution's portal may give out DOIs of its own
        provider="figshare",
        repo="/".join((f"https://{page.host}/articles/_", article, *([version] if version else []))),
    )


def _hydroshare(page: _Page) -> Record | None:
    if page.host not in {"hydroshare.org", "www.hydroshare.org"}:
        return None
    named = next((part for part in page.parts[1:] if _RESOURCE.fullmatch(part)), "")
    return of_resource(named) if named and page.parts[0] in {"resource", "hsapi"} else None


def resource_in(text: str) -> str:
    """The number of a HydroShare resource that stands somewhere in the text, as BinderHub looks for it; or nothing."""
    found = _RESOURCE.search(text)
    return found[0] if found else ""


def of_resource(number: str) -> Record:
    """HydroShare's resource of this number; most have no DOI."""
    return Record(provider="hydroshare", repo=f"https://www.hydroshare.org/resource/{number}")


def _dataverse(page: _Page) -> Record | None:
    last = page.parts[-1] if page.parts else ""
    version = page.asked.get("version", "")
    version = version if _VERSION.fullmatch(version) else ""
    named = page.asked.get("persistentId", "")
    below_api = page.parts[-4:-1] == ("api", "access", "datafile") or page.parts[-3:-1] == (
        "access",
        "datafile",
    )
    if last in _DATAVERSE_PAGES or (last == ":persistentId" and "access" in page.parts):
        doi = doi_in(named)
        if doi:
            return Record(provider="dataverse", repo=doi, version=version)
        if _PERSISTENT.fullmatch(named):
            return Record(
                provider="dataverse",
                repo=f"{page.url(page.parts[:-1])}/dataset.xhtml?persistentId={named}",
                version=version,
            )
    if below_api and _NUMBER.fullmatch(last):
        return Record(provider="dataverse", repo=page.url(page.parts))
    return None


def _ckan(page: _Page) -> Record | None:
    """A dataset's page. A repository of a group named ``dataset`` looks the same, unless it ends in ``.git``."""
    if "dataset" not in page.parts[:-1]:
        return None
    at = page.parts.index("dataset")
    name, rest = _CKAN_NAME.fullmatch(page.parts[at + 1]), page.parts[at + 2 :]
    if not name:
        return None
    if rest and rest[0] not in {"history", "resource", "activity"}:
        return None
    version = rest[1] if rest[:1] == ("history",) and len(rest) > 1 else page.asked.get("activity_id", "")
    return Record(
        provider="ckan",
        repo=page.url((*page.parts[: at + 1], name[1])),
        version=version if _ACTIVITY.fullmatch(version) else "",
    )


def _archive(page: _Page) -> Record | None:
    harmless = all(name in _SWITCHES and value.isalnum() for name, value in page.asked.items())
    if not page.parts or not archive_ending(page.parts[-1]) or not harmless:
        return None
    query = "&".join(f"{name}={value}" for name, value in page.asked.items())
    return Record(provider="archive", repo=page.url(page.parts) + (f"?{query}" if query else ""))


_PAGES: tuple[Callable[[_Page], Record | None], ...] = (
    _zenodo,
    _figshare,
    _hydroshare,
    _dataverse,
    _ckan,
    _archive,  # last: a record's own site says more of its files than their names do
)
