"""Repository links in a message, as Slack stores it: ``<https://...|label>`` with ``& < >`` escaped. Pure.

Any https link could be a git repository. In a message only those count that say so: a site of repositories or records, a link
of a Binder or a viewer, an ending such as ``.git``.
"""

import re
from collections.abc import Sequence

from bot.grammar.reading import parse
from bot.grammar.urls import is_exempt
from provisioning.errors import PersonError
from provisioning.model import Request

MOST = 10
_LONGEST = 500
_FORGES = ("https://bitbucket.org/", "https://codeberg.org/", "https://gitea.com/", "https://notabug.org/")
_LINK = re.compile(r"<(https?://[^\s|<>]+)(?:\|[^<>]*)?>")


def links_in(text: str, *, allow_exact: Sequence[str] = ()) -> tuple[str, ...]:
    """The links that can be launched, in order, each repository state once; at most `MOST`."""
    found: dict[Request, str] = {}
    for match in _LINK.finditer(text):
        url = _plain(match.group(1))
        request = _read(url, allow_exact)
        if request is not None:
            found.setdefault(request, url)
        if len(found) == MOST:
            break
    return tuple(found.values())


def _plain(url: str) -> str:
    return url.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _read(url: str, allow_exact: Sequence[str]) -> Request | None:
    if len(url) > _LONGEST:
        return None
    try:
        request = parse(url, allow_exact=allow_exact)
    except PersonError:
        return None
    return request if _is_sure(request, url, allow_exact) else None


def _is_sure(request: Request, url: str, allow_exact: Sequence[str]) -> bool:
    if request.provider != "git" or request.ref:
        return True
    is_named = url.partition("#")[0].rstrip("/").endswith(".git") or request.repo.startswith(_FORGES)
    return is_named or is_exempt(request.repo, allow_exact)
