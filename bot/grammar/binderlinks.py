"""Links that start a Binder elsewhere, such as mybinder.org's, opened where BinderHub would open them.

BinderHub sends ``urlpath`` as it is, ``filepath=F`` to ``tree/F`` and ``labpath`` before both
(jupyterhub/binderhub, js/packages/binderhub-client/lib/spec.js). It sends ``labpath=F`` to ``doc/tree/F``, JupyterLab
with one document alone; here the whole JupyterLab opens, ``lab/tree/F``, since a binder is used for longer.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.grammar.sources import (
    GIST,
    GITHUB,
    GITLAB,
    WORKS_TODAY,
    Source,
    from_url,
    hosted,
    joined,
    refuse_records,
)
from bot.grammar.text import Text, shown
from bot.grammar.urls import Url, is_url, split_url

_OTHERS = frozenset({"zenodo", "figshare", "dataverse", "hydroshare", "ckan", "swh", "meca"})
_PROVIDERS = frozenset({"gh", "gl", "git", "gist"})


def binder_link(url: Url, allow_exact: Sequence[str]) -> Source | None:
    """The source of a Binder link; None where the URL is something else."""
    if not _is_binder(url):
        return None
    at = _version(url)
    spec = url.segments[at + 1 :] if at >= 0 else ()
    if spec and spec[0].value in _OTHERS:
        raise url.whole.refuse(
            "source-not-yet",
            f"The link starts a Binder from {shown(spec[0].value)}, and records cannot be launched yet.",
            f"Use the git repository behind it. {WORKS_TODAY}",
        )
    if len(spec) < 2 or spec[0].value not in _PROVIDERS:
        raise _incomplete(url)
    found, rest = _repository(url, spec, allow_exact)
    return _opened(replace(found, ref=joined(rest) or found.ref), url.query)


def _version(url: Url) -> int:
    """Where ``v2`` stands, at most two parts down; -1 where it does not."""
    names = [segment.value for segment in url.segments[:3]]
    return names.index("v2") if "v2" in names else -1


def _is_binder(url: Url) -> bool:
    """Whether some BinderHub answers there: mybinder.org, or any host with the path of a launch."""
    if url.host in {GITHUB, GITLAB, GIST}:
        return False
    if url.host == "mybinder.org" or url.host.endswith(".mybinder.org"):
        return True
    at = _version(url)
    return at >= 0 and len(url.segments) > at + 2 and url.segments[at + 1].value in _PROVIDERS | _OTHERS


def _repository(url: Url, spec: Sequence[Text], allow_exact: Sequence[str]) -> tuple[Source, Sequence[Text]]:
    """The repository, and the segments of the ref: all that follow, as BinderHub reads them."""
    provider, first = spec[0].value, spec[1].decoded()
    if provider == "git":
        if not is_url(first):
            raise _incomplete(url)
        refuse_records(first)
        inner = split_url(first, allow_exact)
        if _is_binder(inner):
            raise _incomplete(url)
        return from_url(inner, allow_exact), spec[2:]
    if provider == "gl" and "/" in first.value:
        return hosted("gl", GITLAB, [piece for piece in first.split("/") if piece.value], url), spec[2:]
    host = {"gh": GITHUB, "gl": GITLAB, "gist": GIST}[provider]
    return hosted(provider, host, spec[1:3], url), spec[3:]


def _opened(found: Source, query: Text | None) -> Source:
    values: dict[str, Text] = {}
    for pair in query.split("&") if query else ():
        name, equals, _ = pair.value.partition("=")
        value = pair.cut(len(name) + len(equals))
        if value.value:
            values.setdefault(name, value.instead(value.value.replace("+", " ")).decoded())
    if "labpath" in values:
        return replace(found, file=_trimmed(values["labpath"]))
    if "filepath" in values:
        return replace(found, in_tree=_trimmed(values["filepath"]))
    return replace(found, url_path=values.get("urlpath"))


def _trimmed(path: Text) -> Text:
    """A file's path as BinderHub takes it: a slash at either end means nothing."""
    start = len(path.value) - len(path.value.lstrip("/"))
    return path.cut(start, max(start, len(path.value.rstrip("/"))))


def _incomplete(url: Url) -> Exception:
    return url.whole.refuse(
        "bad-binder-link",
        "The Binder link names no repository.",
        "A whole link looks like https://mybinder.org/v2/gh/org/repo/HEAD; copy it from the badge.",
    )
