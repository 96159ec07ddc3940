"""The second repository that nbgitpuller would pull into a launch, read from where it opens. Pure.

nbgitpuller's own parameters are those of jupyterhub/nbgitpuller, docs/topic/url-options.rst.
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

_PULLERS = frozenset({"git-pull", "git-sync"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The repository whose files nbgitpuller brings into a Binder of another one."""

    repo: str
    branch: str = ""  # empty: its default


def content_of(open_url: str) -> Content | None:
    """The content that a request's ``open_url`` pulls; None where it pulls none.

    Read as its server reads it: of a parameter that is given twice the last counts, slashes and dots in the path say nothing.
    """
    path, _, query = open_url.partition("#")[0].partition("?")
    folders = [folder for folder in unquote(path).split("/") if folder not in {"", "."}]
    if not folders or folders[0] not in _PULLERS:
        return None
    said = {name: value.strip() for name, value in parse_qsl(query)}
    return Content(repo=said["repo"], branch=said.get("branch", "")) if said.get("repo") else None
