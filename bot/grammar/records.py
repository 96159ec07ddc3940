"""Records among what people type: DOIs, Software Heritage's identifiers, and the pages of data archives."""

from dataclasses import dataclass, replace

from bot.grammar.found import Source
from bot.grammar.text import Text, shown
from bot.grammar.urls import Url, refuse_odd_segments
from provisioning.sources import swhids
from provisioning.sources.records import Record, doi_in, is_record_host, of_doi, of_page

_RESOLVERS = frozenset(
    {"n2t.net", "identifiers.org"}
)  # of identifiers of every kind, Software Heritage's among them
_VERSIONED = frozenset({"dataverse", "ckan"})  # a version stands beside the record's name, not in it


@dataclass(frozen=True, slots=True)
class Records:
    """Pages of Zenodo, Figshare, HydroShare, and of every Dataverse and CKAN; archives; the DOI resolver."""

    def detect(self, url: Url) -> Source | None:
        """The record that the page shows; other pages of a site that has nothing but records are refused."""
        if url.host == swhids.HOST or (
            url.host in _RESOLVERS and url.segments[0:1] and _is_swhid(url.segments[0])
        ):
            return _heritage(url)
        record = of_page(url.asked())
        if record is None and is_record_host(url.host):
            raise url.whole.refuse(
                "not-a-record",
                f"The link leads to {shown(url.host)}, but to no record there.",
                "Open the record's page and copy its DOI, such as 10.5281/zenodo.3242074.",
            )
        if record is None:
            return None
        if record.provider == "archive":
            refuse_odd_segments(url.segments)
        return of_record(record, url.whole)


def identifier(text: Text) -> Source | None:
    """The record of a DOI or a SWHID that is written by itself; None where the text is neither."""
    if _is_swhid(text):
        return heritage(text)
    doi = doi_in(text.value)
    if doi:
        return of_record(of_doi(doi), text)
    if text.value.lower().startswith(("doi:", "10.")) and "/" in text.value and "://" not in text.value:
        return _no_doi(text)
    return None


def of_record(record: Record, place: Text) -> Source:
    """A record as a source; its version keeps the place of the whole link."""
    return Source(
        provider=record.provider,
        repo=record.repo,
        ref=place.instead(record.version) if record.version else None,
        has_refs=record.provider in _VERSIONED,
    )


def heritage(text: Text) -> Source:
    """What Software Heritage keeps under an identifier."""
    found = swhids.read(text.decoded().value)
    if found is None:
        raise text.refuse(
            "bad-swhid",
            f"{shown(text.value)} is no identifier of Software Heritage.",
            "It looks like swh:1:rev: and 40 digits from 0 to f; copy it from the archive's page.",
        )
    return _of_swhid(found, text)


def _is_swhid(text: Text) -> bool:
    return text.value.lower().startswith("swh:")


def _heritage(url: Url) -> Source:
    found = swhids.browsed([segment.decoded().value for segment in url.segments])
    if found is None:
        raise url.whole.refuse(
            "bad-swhid",
            "The link leads to Software Heritage, but names no object of it.",
            "Press “Permalinks” on the page there, and copy the identifier of the revision or the directory.",
        )
    return _of_swhid(found, url.whole)


def _of_swhid(found: swhids.Swhid, place: Text) -> Source:
    if found.kind == "cnt":
        raise place.refuse(
            "bad-swhid",
            "The identifier is one file's, which does not say what is needed to run it.",
            "Give the identifier of its directory or revision, which begins with swh:1:dir: or swh:1:rev:.",
        )
    source = Source(provider="swh", repo=str(found), has_refs=False)
    return replace(source, file=place.instead(found.path)) if found.path else source


def _no_doi(text: Text) -> Source | None:
    """A DOI with a mistake in it; None where it may be a site by its address instead."""
    if text.value.lower().startswith("10.") and not text.value[3:].partition("/")[0].isdigit():
        return None
    raise text.refuse(
        "bad-doi",
        f"{shown(text.value)} is no DOI.",
        "A DOI looks like 10.5281/zenodo.3242074; copy it from the record's page.",
    )
