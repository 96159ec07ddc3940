"""Sites that show or run a notebook of GitHub: their links name the repository, which is what is launched."""

from dataclasses import dataclass, replace

from bot.grammar.found import Source
from bot.grammar.github import GITHUB, GitHub, gist
from bot.grammar.text import shown
from bot.grammar.urls import Url

# Where a link's path goes on as GitHub's does, after these words.
_PREFIXES = {
    "colab.research.google.com": ("github",),
    "githubtocolab.com": (),
    "nbviewer.org": ("github",),
    "nbviewer.jupyter.org": ("github",),
    "nbviewer.ipython.org": ("github",),
    "vscode.dev": ("github",),
    "console.paperspace.com": ("github",),
    "studiolab.sagemaker.aws": ("import", "github"),
    "github.com": ("codespaces", "new"),
}
_GITHUB_HOSTS = {  # in nbviewer's links to a notebook anywhere
    "github.com": GITHUB,
    "raw.github.com": "raw.githubusercontent.com",
    "raw.githubusercontent.com": "raw.githubusercontent.com",
}
_HINT = "Open the notebook's repository on GitHub, and copy its link from there."


def is_viewer(host: str) -> bool:
    """Whether the site shows what is elsewhere."""
    return host.removeprefix("www.") in _PREFIXES.keys() - {GITHUB}


@dataclass(frozen=True, slots=True)
class Viewers:
    """Colab, nbviewer and others alike."""

    def detect(self, url: Url) -> Source | None:
        """The repository or the gist behind the link."""
        host = url.host.removeprefix("www.")
        prefix = _PREFIXES.get(host)
        words = tuple(segment.value for segment in url.segments)
        if prefix is None or (host == GITHUB and words[: len(prefix)] != prefix):
            return None
        if words[:1] == ("gist",):
            return _of_gist(url)
        if words[:1] in {("url",), ("urls",)} and words[1:2] and words[1] in _GITHUB_HOSTS:
            return GitHub().detect(replace(url, host=_GITHUB_HOSTS[words[1]], segments=url.segments[2:]))
        if words[: len(prefix)] != prefix or len(words) < len(prefix) + 2:
            raise url.whole.refuse(
                "not-a-repository", f"The link of {shown(host)} names no repository on GitHub.", _HINT
            )
        return GitHub().detect(replace(url, host=GITHUB, segments=url.segments[len(prefix) :]))


def _of_gist(url: Url) -> Source:
    """A gist; what follows its id in these links is a file, not a revision."""
    parts = url.segments[1:]
    if len(parts) > 2:
        return replace(gist(parts[:2], url.whole), file=parts[-1].decoded())
    if len(parts) == 2 and parts[1].value.endswith(".ipynb"):
        return replace(gist(parts[:1], url.whole), file=parts[1].decoded())
    return gist(parts, url.whole)
