"""From the words of a launch to a `Request`: what stands where, and what may stand together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.grammar import options, paths
from bot.grammar.badges import unbadged
from bot.grammar.binderlinks import binder_link, is_binder_link
from bot.grammar.found import Source
from bot.grammar.records import identifier
from bot.grammar.sources import from_url, names_only, shorthand
from bot.grammar.text import Text, as_meant, refuse_hidden, shown, typed
from bot.grammar.urls import Url, credentials, is_exempt, is_url, split_url
from bot.grammar.words import Given, given
from provisioning.errors import PersonError
from provisioning.model import Options, PathKind, Request
from provisioning.sources.content import Content, content_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """What is built and what is opened."""

    path: str = ""
    kind: PathKind = PathKind.NONE
    open_url: str = ""


def parse(text: str, offers: options.Offers | None = None, *, allow_exact: Sequence[str] = ()) -> Request:
    """The request that a person typed after ``/binder``.

    ``offers``: flavors by cloud; where they are known, nothing else passes. ``allow_exact``: URL prefixes exempt from the rules
    for scheme and host.
    Raises `PersonError` with the place of the mistake, and nothing else, whatever the text. Work is linear in the text.
    """
    meant = unbadged(as_meant(typed(text, lines=True)))
    refuse_hidden(meant, but="\t")
    things = given(meant)
    positions = _positions(things, text)
    offers = offers or {}
    keys = options.by_key(things, offers)
    cloud = options.cloud(keys["cloud"].value, offers) if "cloud" in keys else ""
    found = _source(positions[0].value, allow_exact)
    ref = _ref(found, positions[1:2], keys)
    target = _target(found, positions[2:3], keys)
    hours = keys.get("hours")
    volume, volume_gib = options.volume(keys["volume"].value) if "volume" in keys else ("", None)
    return Request(
        provider=found.provider,
        repo=found.repo,
        ref=options.ref(ref) if ref else "",
        path=target.path,
        path_kind=target.kind,
        open_url=target.open_url,
        options=Options(
            flavor=options.flavor(keys["flavor"].value, offers, cloud) if "flavor" in keys else "",
            image=options.image(keys["image"].value) if "image" in keys else "",
            hours=options.hours(hours.value) if hours else None,
            name=options.name(keys["name"].value) if "name" in keys else "",
            cloud=cloud,
            volume=volume,
            volume_gib=volume_gib,
        ),
    )


def _positions(things: Sequence[Given], text: str) -> list[Given]:
    positions = [thing for thing in things if thing.key is None]
    if not positions:
        raise PersonError(
            "missing-repository",
            "There is no repository to launch.",
            "Write the repository first, such as /binder org/repo, or /binder alone for the form.",
            text=text,
            span=(0, len(text)),
        )
    first = positions[0].value.value.lower()
    if first in {"doi", "doi:"} and positions[1:] and positions[1].value.value.startswith("10."):
        positions = positions[1:]
    if len(positions) > 3:
        raise positions[3].whole.refuse(
            "too-many-words",
            "There are more than three words without a key.",
            'In order they are repository, branch and path; put quotes around what has spaces, such as path="my notes".',
        )
    return positions


def _source(text: Text, allow_exact: Sequence[str]) -> Source:
    record = identifier(text)
    if record is not None:
        return record
    if not is_url(text):
        return shorthand(text)
    url = split_url(text, allow_exact, upgrades=_upgrades)
    if is_exempt(url.base(), allow_exact):
        return from_url(url, allow_exact)
    return binder_link(url, allow_exact) or from_url(url, allow_exact)


def _upgrades(url: Url) -> bool:
    """Whether an old http link is as good as its https one: it only names what is fetched from elsewhere."""
    return is_binder_link(url) or names_only(url)


def _ref(found: Source, positions: Sequence[Given], keys: dict[str, Given]) -> Text | None:
    """The ref; refused beside a record that has one state alone."""
    beside = [*positions, *(keys[key] for key in ("ref",) if key in keys)]
    if beside and not found.has_refs:
        raise beside[0].whole.refuse(
            "record-has-no-ref",
            f"{shown(found.repo)} has no branches or tags.",
            "Leave it out: a record's version is part of its DOI. Before a file write path=, such as path=a.ipynb.",
        )
    return _only("ref", found.ref, positions, keys)


def _only(key: str, in_link: Text | None, positions: Sequence[Given], keys: dict[str, Given]) -> Text | None:
    """The one value among link, position and key; the later of two is refused."""
    values = [(thing.value, thing.whole) for thing in (*positions, *(keys[k] for k in (key,) if k in keys))]
    if in_link is not None:
        values.insert(0, (in_link, in_link))
    if len(values) > 1:
        raise options.given_twice(values[1][1], key)
    return values[0][0] if values else None


def _target(found: Source, positions: Sequence[Given], keys: dict[str, Given]) -> _Target:
    """A folder to build and a page to open may stand together; a path that is either stands alone."""
    either = _only("path", found.folder, positions, keys)
    opened = _opened(found, keys)
    if either is not None and (opened is not None or "subdir" in keys):
        other = "subdir" if "subdir" in keys else "open"
        raise (keys[other].whole if other in keys else either).refuse(
            "path-twice",
            f"A path and {other} are both given.",
            "Write subdir=FOLDER for what is built and open=FILE for what is opened, and no other path.",
        )
    if "subdir" in keys:
        folder = paths.repository_path(keys["subdir"].value)
        url = opened.open_url if opened else ""
        if folder:
            return _Target(path=folder, kind=PathKind.SUBDIR, open_url=url)
    if opened is not None:
        return opened
    if either is None:
        return _Target()
    if paths.is_known_page(either.value):
        return _page(either)
    path = paths.repository_path(either)
    return _Target(path=path, kind=PathKind.AUTO) if path else _Target()


def _opened(found: Source, keys: dict[str, Given]) -> _Target | None:
    asked = keys.get("open")
    in_link = found.file or found.url_path
    if asked and in_link:
        raise options.given_twice(asked.whole, "open")
    if asked:
        target = _page(asked.value) if paths.is_page(asked.value.value) else _file(asked.value, "lab/tree/")
    elif found.file:
        target = _file(found.file, found.view)
    elif found.url_path:
        target = _page(found.url_path)
    else:
        return None
    return target if target.open_url else None


def _page(given_path: Text) -> _Target:
    url = paths.url_path(given_path)
    _refuse_content(given_path, content_of(url))
    return _Target(path=paths.viewed_file(url), kind=PathKind.OPEN, open_url=url)


def _refuse_content(given_path: Text, pulled: Content | None) -> None:
    """Refuse a second repository that cannot be shown as it is: with a secret in its address, or with what nobody sees."""
    if pulled is None:
        return
    if "@" in re.split(r"[/?#]", pulled.repo.partition("://")[2], maxsplit=1)[0]:
        raise credentials(given_path)
    refuse_hidden(given_path.instead(pulled.repo + pulled.branch))


def _file(given_path: Text, view: str) -> _Target:
    path = paths.repository_path(given_path)
    url = view + paths.encoded(path) if path else ""
    return _Target(path=path, kind=PathKind.OPEN, open_url=url)
