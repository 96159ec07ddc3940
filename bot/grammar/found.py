"""What a reader of links gives back, and the contract of a reader: one kind of site each, in an ordered list, no network."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.grammar.text import Text, shown
from bot.grammar.urls import Url
from provisioning.sources.records import archive_ending

WORKS_TODAY = "GitHub (org/repo), GitLab, Gist, any https git link, DOIs, archives and links of mybinder.org are understood."
NAME = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._-]{0,254}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A repository or record, and what its link says beside it; texts keep the place in what was typed."""

    provider: str
    repo: str
    ref: Text | None = None
    folder: Text | None = None  # of a page that shows a folder, or either: decided on the guest
    file: Text | None = None  # of a page that shows a file, or what a Binder link opens: opened in ``view``
    view: str = "lab/tree/"  # the URL path before the file's: which program shows it, and how
    url_path: Text | None = None  # of a Binder link: where it opens
    has_refs: bool = True  # whether a branch, tag, commit or version may stand beside it


class Kind(Protocol):
    """One kind of site."""

    def detect(self, url: Url) -> Source | None:
        """What the link names; None where it is another kind's. Raises `PersonError` where it is this kind's and no good."""
        ...


def named(project: Sequence[Text], owner: re.Pattern[str]) -> list[str]:
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
        good = (owner if piece is project[0] else NAME).fullmatch(name)
        if not good or name in {".", ".."} or name.endswith(".git"):
            raise piece.refuse(
                "bad-repository",
                f"{shown(piece.value)} cannot be the name of an owner or a repository.",
                "Write it as its page does, such as org/repo: letters, digits, and . _ - between them.",
            )
    return names


def hosted(
    provider: str, host: str, project: Sequence[Text], place: Text, owner: re.Pattern[str] = NAME
) -> Source:
    """A project of a site whose names we know the form of; ``place`` is marked where it names none."""
    if len(project) < 2:
        raise only_a_site(place)
    return Source(provider=provider, repo="/".join((f"https://{host}", *named(project, owner))))


def only_a_site(place: Text) -> Exception:
    """The refusal of a link without a repository."""
    return place.refuse(
        "not-a-repository",
        "The link names no repository, only its site or its owner.",
        "Open the repository's page in a browser and copy the link from there.",
    )


def no_files(page: Text) -> Exception:
    """The refusal of a page that shows no files, such as an issue."""
    return page.refuse(
        "not-a-repository-page",
        f"The link leads to a page of the project ({shown(page.value)}), not to its files.",
        "Copy the link of the repository, of a branch, of a folder or of a file.",
    )


def joined(pieces: Sequence[Text]) -> Text | None:
    """A path of decoded segments, placed where they stand; None where there are none."""
    if not pieces:
        return None
    first, last = pieces[0].span[0], pieces[-1].span[1]
    value = "/".join(piece.decoded().value for piece in pieces)
    return Text(value=value, places=((first, last),) * len(value), original=pieces[0].original)


def ref_of(pieces: Sequence[Text]) -> Text | None:
    """A ref of segments; ``refs/heads/`` and ``refs/tags/`` in front say nothing more."""
    plain = pieces[2:] if is_full_ref(pieces) else pieces
    return joined(plain)


def is_full_ref(pieces: Sequence[Text]) -> bool:
    """Whether segments begin with ``refs/heads/...`` or ``refs/tags/...``."""
    return len(pieces) > 2 and pieces[0].value == "refs" and pieces[1].value in {"heads", "tags"}


def is_attached(segments: Sequence[Text]) -> bool:
    """Whether a file is meant that somebody attached to the project: an archive of its own, no state of the repository."""
    words = [segment.value for segment in segments[2:]]
    attached = words[:2] == ["releases", "download"] or words[:1] == ["downloads"]
    return attached and bool(archive_ending(words[-1]))
