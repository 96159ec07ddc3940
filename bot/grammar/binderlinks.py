"""Links that start a Binder elsewhere, such as mybinder.org's: which repository or record they name.

A BinderHub is known by the form of the path, ``v2/<kind>/...``. The kinds and what follows each are those of
jupyterhub/binderhub, binderhub/repoproviders.py; a whole link after the kind, which BinderHub does not take, is read too.
Where they open is `opening`'s business.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.grammar.found import WORKS_TODAY, Source, joined
from bot.grammar.github import GIST, GITHUB, gist, repository
from bot.grammar.gitlab import GITLAB, project
from bot.grammar.opening import opened
from bot.grammar.pages import FILE_PAGES, FOLDER_PAGES, page
from bot.grammar.records import heritage, of_record
from bot.grammar.sources import from_url
from bot.grammar.text import Text, shown
from bot.grammar.urls import Url, is_url, split_url
from provisioning.sources.records import Record, doi_in, of_doi, of_page, of_resource, resource_in

_GIT = frozenset({"gh", "gl", "git", "gist"})
_RECORDS = frozenset({"zenodo", "figshare", "dataverse", "hydroshare", "ckan", "doi"})
_HERITAGE = frozenset({"swh", "swhid"})
_UNKNOWN = frozenset({"meca", "rdm", "weko3"})  # kinds that other BinderHubs have
_SITES = frozenset({GITHUB, GITLAB, GIST})
_KINDS = _GIT | _RECORDS | _HERITAGE | _UNKNOWN


def is_binder_link(url: Url) -> bool:
    """Whether some BinderHub answers there: mybinder.org, or any host with the path of a launch."""
    if url.host in _SITES:
        return False
    if url.host == "mybinder.org" or url.host.endswith(".mybinder.org"):
        return True
    at = _version(url)
    return at >= 0 and len(url.segments) > at + 2 and url.segments[at + 1].value in _KINDS


def binder_link(url: Url, allow_exact: Sequence[str]) -> Source | None:
    """The source of a Binder link; None where the URL is something else."""
    if not is_binder_link(url):
        return None
    at = _version(url)
    spec = url.segments[at + 1 :] if at >= 0 else ()
    if not spec and [part.value for part in url.segments[:1]] == [
        "repo"
    ]:  # mybinder.org's first form, until 2017
        return opened(repository(url.segments[1:3], url.whole), url.query)
    if len(spec) < 2 or spec[0].value not in _KINDS:
        raise _incomplete(url)
    if spec[0].value in _UNKNOWN:
        raise spec[0].refuse(
            "source-unknown",
            f"The link starts a Binder from {shown(spec[0].value)}, which cannot be launched yet.",
            f"Use the git repository or the DOI behind it. {WORKS_TODAY}",
        )
    return opened(_named(url, spec, allow_exact), url.query)


def _version(url: Url) -> int:
    """Where ``v2`` stands, at most two parts down; -1 where it does not."""
    names = [segment.value for segment in url.segments[:3]]
    return names.index("v2") if "v2" in names else -1


def _named(url: Url, spec: Sequence[Text], allow_exact: Sequence[str]) -> Source:
    kind = spec[0].value
    if kind in _HERITAGE:
        return heritage(_whole(spec[1:]))
    if kind in _RECORDS:
        return _record(kind, _whole(spec[1:]))
    found, rest = _repository(url, spec, allow_exact)
    if not found.has_refs:
        return found
    if len(rest) > 1 and rest[0].value in FOLDER_PAGES | FILE_PAGES:
        return page(found, rest)  # a page's path pasted after the repository's name
    return replace(found, ref=joined(rest) or found.ref)


def _repository(url: Url, spec: Sequence[Text], allow_exact: Sequence[str]) -> tuple[Source, Sequence[Text]]:
    """The repository, and the segments of the ref: all that follow, as BinderHub reads them."""
    kind, first = spec[0].value, spec[1].decoded()
    if first.value.lower() in {"https:", "http:"}:
        return _after_scheme(url, kind, spec[2:])
    site = first.value.lower().partition("/")[0].removeprefix("www.")
    if site == first.value.lower() and site in _SITES:
        return _after_scheme(url, kind, spec[1:])
    if is_url(first) and (kind == "git" or "://" in first.value or site in _SITES):
        inner = split_url(first, allow_exact, upgrades=lambda _: kind != "git")
        if is_binder_link(inner):
            raise _incomplete(url)
        return from_url(inner, allow_exact, git_only=True), spec[2:]
    if kind == "git":
        raise _incomplete(url)
    if "/" in first.value:
        parts: Sequence[Text] = [piece for piece in first.split("/") if piece.value]
        rest = spec[2:]
    elif kind == "gl" and len(spec) > 3:
        parts, rest = spec[1:-1], spec[-1:]  # groups, as deep as they go: the ref is the last
    else:
        parts, rest = spec[1:3], spec[3:]
    if kind == "gl":
        return project(parts, url.whole), rest
    return (repository if kind == "gh" else gist)(parts, url.whole), rest


def _after_scheme(url: Url, kind: str, parts: Sequence[Text]) -> tuple[Source, Sequence[Text]]:
    """A whole link after the kind, not encoded: where it ends and the ref begins is told by the kind or by ``.git``."""
    host = parts[0].value.lower() if parts else ""
    named = parts[1:]
    ends = next((at + 1 for at, part in enumerate(named) if part.value.endswith(".git")), 0)
    if not ends:
        if host not in _SITES | {"bitbucket.org", "codeberg.org"}:
            raise _incomplete(url)
        ends = max(2, len(named) - 1) if host == GITLAB and kind == "gl" else 2
    inner = split_url(parts[0].instead("https://" + "/".join(p.value for p in parts[: ends + 1])), ())
    return from_url(inner, (), git_only=True), named[ends:]


def _record(kind: str, text: Text) -> Source:
    """A record by its DOI, its page, or HydroShare's number. A DOI that several sites could have is of the kind named."""
    doi = doi_in(text.value)
    if doi:
        record = of_doi(doi)
        if record.provider == "doi":
            record = Record(provider=kind, repo=doi)
        return of_record(record, text)
    found = of_page(split_url(text, (), upgrades=lambda _: True).asked()) if "://" in text.value else None
    if kind == "hydroshare" and found is None and resource_in(text.value):
        found = of_resource(resource_in(text.value))
    if found is None or found.provider == "archive":
        raise text.refuse(
            "bad-binder-link",
            f"The Binder link names no record of {kind}: {shown(text.value)}.",
            "After the kind stands the record's DOI, such as https://mybinder.org/v2/zenodo/10.5281/zenodo.3242074/.",
        )
    return of_record(found, text)


def _whole(parts: Sequence[Text]) -> Text:
    """What follows the kind, decoded and in one piece; the second slash after a scheme is given back."""
    whole = joined(parts) or parts[0]
    for scheme in ("https:/", "http:/"):
        if whole.value.startswith(scheme) and not whole.value.startswith(scheme + "/"):
            return whole.instead(f"{scheme}/{whole.value[len(scheme) :]}")
    return whole


def _incomplete(url: Url) -> Exception:
    return url.whole.refuse(
        "bad-binder-link",
        "The Binder link names no repository.",
        "A whole link looks like https://mybinder.org/v2/gh/org/repo/HEAD; copy it from the badge.",
    )
