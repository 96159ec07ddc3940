"""Where a Binder link opens.

Where BinderHub sends people: ``urlpath`` as it is, ``filepath=F`` to ``tree/F``, and before both ``labpath=F`` to ``doc/tree/F``,
JupyterLab with that document (jupyterhub/binderhub, ``LaunchSpec.fromSearchParams`` of its JavaScript).
nbgitpuller's own parameters are those of jupyterhub/nbgitpuller, docs/topic/url-options.rst.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import parse_qsl

from bot.grammar.found import Source
from bot.grammar.text import Text

_PULLER = re.compile(r"/*(?:git-pull|git-sync)\?")
_OF_PULLER = frozenset(
    {"repo", "branch", "urlpath", "subpath", "targetpath", "depth", "app"}
)  # in any letter case
_FILES = {"labpath": "doc/tree/", "filepath": "tree/"}  # the first goes before the second
_AGAIN = re.compile(r"\??urlpath=", re.IGNORECASE)
_AMP = re.compile(r"&(?:amp;)+")


def opened(found: Source, query: Text | None) -> Source:
    """The source with where its link's query opens it."""
    pairs = [_pair(part) for part in _parts(query)] if query else []
    values: dict[str, Text] = {}
    for name, value in pairs:
        if value.value:
            values.setdefault(name.lower(), value)
    for name, view in _FILES.items():
        if name in values:
            return replace(found, file=_trimmed(_decoded(values[name])), view=view, folder=None)
    if "urlpath" not in values:
        return found
    return replace(found, url_path=_url_path(pairs, values["urlpath"]), file=None, folder=None)


def _url_path(pairs: Sequence[tuple[str, Text]], first: Text) -> Text:
    """``urlpath`` as it was meant: not written twice over, and with what nbgitpuller's part of it lost to the link."""
    path = _decoded(first)
    path = path.instead(_AMP.sub("&", path.value)) if "&amp;" in path.value else path
    again = _AGAIN.match(path.value)
    path = path.cut(again.end()) if again else path
    if not _PULLER.match(path.value):
        return path
    has = {name.lower() for name, _ in parse_qsl(path.value.partition("?")[2], keep_blank_values=True)}
    lost = []
    for name, value in pairs[
        pairs.index(("urlpath", first)) + 1 if ("urlpath", first) in pairs else len(pairs) :
    ]:
        if name.lower() in _OF_PULLER - has:
            has.add(name.lower())
            lost.append(f"{name}={value.value}")
    return path.instead("&".join((path.value, *lost))) if lost else path


def _parts(query: Text) -> list[Text]:
    """The query's parts between ampersands; one that was escaped for HTML is an ampersand too."""
    return [part.cut(4) if part.value.startswith("amp;") else part for part in query.split("&")]


def _pair(part: Text) -> tuple[str, Text]:
    name, equals, _ = part.value.partition("=")
    return name, part.cut(len(name) + len(equals))


def _decoded(value: Text) -> Text:
    return value.instead(value.value.replace("+", " ")).decoded() if "+" in value.value else value.decoded()


def _trimmed(path: Text) -> Text:
    """A file's path as BinderHub takes it: a slash at either end means nothing."""
    start = len(path.value) - len(path.value.lstrip("/"))
    return path.cut(start, max(start, len(path.value.rstrip("/"))))
