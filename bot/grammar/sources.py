"""Repositories as people name them: ``org/repo``, pages of GitHub, GitLab and Gist, any https git URL."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.grammar.text import Text, shown
from bot.grammar.urls import Url, is_exempt, refuse_odd_segments

GITHUB = "github.com"
GITLAB = "gitlab.com"
GIST = "gist.github.com"
WORKS_TODAY = "GitHub (org/repo), GitLab, Gist, any https git link and mybinder.org links work today."

_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_NAME = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._-]{0,254}")
_FOLDER_PAGES = frozenset({"tree"})
_FILE_PAGES = frozenset({"blob", "raw", "blame", "edit"})
_COMMIT_PAGES = frozenset({"commit", "commits", "tags"})
_RECORD = re.compile(
    r"(doi:|swh:|https?://(dx\.)?doi\.org/)?10\.\d{4,9}/.*|(doi|swh):.*", re.IGNORECASE | re.DOTALL
)
_RECORD_HOSTS = [
    "doi.org",
    "zenodo.org",
    "figshare.com",
    "dataverse.org",
    "dataverse.harvard.edu",
    "hydroshare.org",
    "softwareheritage.org",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A repository, and what its link says beside it; texts keep the place in what was typed."""

    provider: str
    repo: str
    ref: Text | None = None
    folder: Text | None = None  # of a page that shows a folder: decided on the guest
    file: Text | None = None  # of a page that shows a file: opened
    url_path: Text | None = None  # of a Binder link: where it opens
    in_tree: Text | None = None  # of a Binder link's filepath: opened in the file browser's interface


def shorthand(text: Text) -> Source:
    """``org/repo``, which means GitHub."""
    pieces = [piece for piece in text.split("/") if piece.value]
    if len(pieces) != 2 or text.value.startswith(("/", ".", "~")):
        raise text.refuse(
            "not-a-repository",
            f"{shown(text.value)} does not name a repository.",
            f"Write org/repo or the repository's https link first. {WORKS_TODAY}",
        )
    return hosted("gh", GITHUB, pieces)


def refuse_records(text: Text) -> None:
    """DOIs and archives are a later step; say so rather than call them a mistake."""
    host = re.match(r"(?:https?://)?([^/:]*)", text.value, re.IGNORECASE)
    name = host.group(1).lower() if host else ""
    if _RECORD.fullmatch(text.value) or any(name == end or name.endswith("." + end) for end in _RECORD_HOSTS):
        raise text.refuse(
            "source-not-yet",
            f"{shown(text.value)} names a record, and records cannot be launched yet.",
            f"Use the git repository behind it. {WORKS_TODAY}",
        )


def from_url(url: Url, allow_exact: Sequence[str]) -> Source:
    """The source at a URL."""
    if is_exempt(url.base(), allow_exact):
        return _plain(url)
    host = url.host.removeprefix("www.")
    if host == GITHUB:
        return _page(hosted("gh", GITHUB, url.segments[:2], url), url.segments[2:])
    if host == GITLAB:
        project, page = _gitlab_parts(url.segments)
        return _page(hosted("gl", GITLAB, project, url), page)
    if host == GIST:
        return _gist(url)
    project, page = _gitlab_parts(url.segments, dashed=True)
    if page:
        if not project:
            raise _only_a_site(url.whole)
        refuse_odd_segments(project)
        name = url.base(len(project)).removesuffix(".git") + ".git"  # without it GitLab answers by a redirect
        return _page(Source(provider="git", repo=name), page)
    return _plain(url)


def hosted(provider: str, host: str, project: Sequence[Text], url: Url | None = None) -> Source:
    """A project of a site whose names we know the form of."""
    if len(project) < 2:
        raise _only_a_site(url.whole if url else project[0])
    return Source(
        provider=provider,
        repo="/".join((f"https://{host}", *_names(project, _OWNER if provider == "gh" else _NAME))),
    )


def _names(project: Sequence[Text], owner: re.Pattern[str]) -> list[str]:
    """The parts of a project's name, the last without ``.git``; refuses what cannot be one."""
    names = [piece.value for piece in project]
    names[-1] = names[-1].removesuffix(".git")
    for piece, name in zip(project, names, strict=True):
        if piece.value.startswith("-"):
            raise piece.refuse(
                "looks-like-option",
                f"{shown(piece.value)} looks like an option of a program.",
                "Write the repository first, such as org/repo.",
            )
        good = (owner if piece is project[0] else _NAME).fullmatch(name)
        if not good or name in {".", ".."} or name.endswith(".git"):
            raise piece.refuse(
                "bad-repository",
                f"{shown(piece.value)} cannot be the name of an owner or a repository.",
                "Write it as its page does, such as org/repo: letters, digits, and . _ - between them.",
            )
    return names


def _only_a_site(place: Text) -> Exception:
    return place.refuse(
        "not-a-repository",
        "The link names no repository, only its site or its owner.",
        "Open the repository's page in a browser and copy the link from there.",
    )


def _plain(url: Url) -> Source:
    """Any git URL, as typed."""
    if not url.segments:
        raise _only_a_site(url.whole)
    if url.query is not None and url.query.value:
        raise url.query.refuse(
            "not-a-repository",
            "The link has a question mark; it is a page's, not a repository's.",
            "Copy the link that the page offers for cloning over https.",
        )
    refuse_odd_segments(url.segments)
    return Source(provider="git", repo=url.base())


def _gist(url: Url) -> Source:
    """A gist, with or without its owner before its id; a third part is a revision."""
    if not url.segments:
        raise _only_a_site(url.whole)
    names = _names(url.segments[:2], _OWNER)
    return Source(
        provider="gist", repo="/".join((f"https://{GIST}", *names)), ref=next(iter(url.segments[2:3]), None)
    )


def _gitlab_parts(segments: Sequence[Text], *, dashed: bool = False) -> tuple[Sequence[Text], Sequence[Text]]:
    """Project and page: parted by ``/-/``, or in older links by the page's kind."""
    for at, segment in enumerate(segments):
        if segment.value == "-":
            return segments[:at], segments[at + 1 :]
        if not dashed and at >= 2 and segment.value in _FOLDER_PAGES | _FILE_PAGES:
            return segments[:at], segments[at:]
    return segments, ()


def _page(found: Source, page: Sequence[Text]) -> Source:
    """What a page of the project shows. A branch with a slash cannot be told from its folder here."""
    kind = page[0].value if page else ""
    rest = page[1:]
    if kind == "releases" and len(page) > 1 and page[1].value == "tag":
        kind, rest = "tags", page[2:]
    if not kind or (kind in _FOLDER_PAGES and not rest):
        return found
    if rest and kind in _COMMIT_PAGES:
        return Source(provider=found.provider, repo=found.repo, ref=rest[0].decoded())
    if rest and kind in _FOLDER_PAGES | _FILE_PAGES:
        below = joined(rest[1:])
        is_file = kind in _FILE_PAGES
        return Source(
            provider=found.provider,
            repo=found.repo,
            ref=rest[0].decoded(),
            folder=None if is_file else below,
            file=below if is_file else None,
        )
    raise page[0].refuse(
        "not-a-repository-page",
        f"The link leads to a page of the project ({shown(kind)}), not to its files.",
        "Copy the link of the repository, of a branch, of a folder or of a file.",
    )


def joined(pieces: Sequence[Text]) -> Text | None:
    """A path of decoded segments, placed where they stand; None where there are none."""
    if not pieces:
        return None
    first, last = pieces[0].span[0], pieces[-1].span[1]
    value = "/".join(piece.decoded().value for piece in pieces)
    return Text(value=value, places=((first, last),) * len(value), original=pieces[0].original)
