"""Keys a person may give, and what their values may be."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from bot.grammar.text import Text, shown
from bot.grammar.words import DOUBLE_QUOTES, Given, refuse_shell

Offers = Mapping[str, Sequence[str]]  # names of flavors by cloud, the default one first; none: not known

KEYS = ("flavor", "image", "hours", "ref", "path", "open", "subdir", "name", "volume", "cloud")
_MEANT = {  # what people write instead, from the words of other launchers
    **dict.fromkeys(("branch", "tag", "commit", "revision", "rev", "sha", "version"), "ref"),
    **dict.fromkeys(("size", "machine", "instance", "type", "flavour", "cpu", "gpu"), "flavor"),
    **dict.fromkeys(("time", "duration", "lifetime", "ttl", "for", "h", "minutes"), "hours"),
    **dict.fromkeys(("file", "url", "urlpath", "labpath", "filepath", "notebook"), "open"),
    **dict.fromkeys(("dir", "directory", "folder", "subdirectory", "context"), "subdir"),
    **dict.fromkeys(("title", "label"), "name"),
    **dict.fromkeys(("os", "img"), "image"),
    **dict.fromkeys(("vol", "disk", "storage", "drive"), "volume"),
    **dict.fromkeys(("region", "site", "provider"), "cloud"),
}
_REPOSITORY_KEYS = frozenset({"repo", "repository", "source", "git", "project"})
_FLAVOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+:-]{0,99}")
_CLOUD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+:/()-]{0,199}")
_REF = re.compile(r"[\w.+@#=,/-]{1,200}")
_BAD_REF = re.compile(r"^-|\.\.|@\{|^@$|//|^/|/$|\.$|\.lock(/|$)|(^|/)\.|^refs/?$")
_VOLUME = re.compile(r"([a-z0-9][a-z0-9-]{0,30})(?::([0-9]{1,6})(?:g|gb|gib)?)?", re.IGNORECASE)
_HOURS = re.compile(r"([0-9]{1,6}(?:[.,][0-9]{1,20})?)(h|hrs?|hours?|m|mins?|minutes?)?", re.IGNORECASE)
_HOURS_AND_MINUTES = re.compile(r"([0-9]{1,6})h([0-9]{1,2})m?", re.IGNORECASE)
_NAME_REFUSED = frozenset(";|&$`<>\\^{}*") | DOUBLE_QUOTES
_NAME_LENGTH = 60


def by_key(things: Iterable[Given], offers: Offers) -> dict[str, Given]:
    """The given keys, each once and known."""
    keys = KEYS if len(offers) > 1 else tuple(key for key in KEYS if key != "cloud")
    found: dict[str, Given] = {}
    for thing in things:
        if thing.key is None:
            continue
        key = _known_key(thing.key, keys)
        if key in found:
            raise given_twice(thing.whole, key)
        found[key] = thing
    return found


def _known_key(key: Text, offered: Sequence[str]) -> str:
    """The key, in lower case; an unknown one is refused with the nearest of those that can be of use here."""
    name = key.value.lower()
    if name in KEYS:
        return name
    if name in _REPOSITORY_KEYS:
        hint = "The repository needs no key: write it first, such as org/repo."
    else:
        meant = _MEANT.get(name) or next(iter(get_close_matches(name[:40], (*KEYS, *_MEANT), 1)), "")
        meant = _MEANT.get(meant, meant)
        hint = f"Did you mean {meant}? " if meant in offered else ""
        hint += f"Options are {', '.join(offered)}."
    raise key.refuse("unknown-option", f"There is no option {shown(key.value)}.", hint)


def given_twice(place: Text, what: str) -> Exception:
    return place.refuse(
        "given-twice",
        f"{what} is given twice.",
        f"Keep one of the two; a link or a word in third place can already say the {what}.",
    )


def cloud(value: Text, offers: Offers) -> str:
    """The cloud's name; where the names are known, an unknown one is refused with the nearest."""
    if not _CLOUD.fullmatch(value.value):
        raise _bad_name(value, "a cloud", "cloud=east")
    names = {name.casefold(): name for name in offers}
    if not names or value.value.casefold() in names:
        return names.get(value.value.casefold(), value.value)
    message = f"There is no cloud {shown(value.value)}."
    if len(names) == 1:
        raise value.refuse("unknown-cloud", message, "There is only one here: leave cloud out.")
    near = get_close_matches(value.value.casefold(), names, 1, 0.4)
    hint = f"Did you mean {names[near[0]]}? " if near else ""
    raise value.refuse("unknown-cloud", message, f"{hint}Clouds are {', '.join(names.values())}.")


def flavor(value: Text, offers: Offers, cloud_name: str) -> str:
    """The flavor's name; where the cloud's are known, an unknown one is refused with the nearest, or the cloud that has it.

    ``cloud_name`` empty: the first cloud.
    """
    if not _FLAVOR.fullmatch(value.value):
        raise _bad_name(value, "a flavor", "flavor=m3.small")
    chosen = cloud_name or next(iter(offers), "")
    flavors = offers.get(chosen, ())
    if not flavors:
        return value.value
    names = {name.casefold(): name for name in flavors}
    if value.value.casefold() in names:
        return names[value.value.casefold()]
    elsewhere = [c for c in offers if value.value.casefold() in map(str.casefold, offers[c])]
    if elsewhere:
        raise value.refuse(
            "unknown-flavor",
            f"The cloud {chosen} has no flavor {shown(value.value)}; the cloud {elsewhere[0]} has it.",
            f"Add cloud={elsewhere[0]}, or take one of {', '.join(flavors[:20])}.",
        )
    near = get_close_matches(value.value.casefold(), names, 1, 0.4)
    hint = f"Did you mean {names[near[0]]}? " if near else ""
    raise value.refuse(
        "unknown-flavor",
        f"There is no flavor {shown(value.value)} here.",
        f"{hint}Flavors are {', '.join(flavors[:20])}.",
    )


def image(value: Text) -> str:
    """The image's name, well formed; whether it exists is not known here."""
    if not _IMAGE.fullmatch(value.value):
        raise _bad_name(value, "an image", "image=Featured-Ubuntu24")
    return value.value


def hours(value: Text) -> float:
    """Hours: ``2``, ``2h``, ``1.5``, ``90m``, ``1h30m``. At least a minute; how many are allowed is the plan's business."""
    both = _HOURS_AND_MINUTES.fullmatch(value.value)
    one = _HOURS.fullmatch(value.value)
    if both:
        result = int(both.group(1)) + int(both.group(2)) / 60
    elif one:
        number = float(one.group(1).replace(",", "."))
        result = number / 60 if (one.group(2) or "h").lower().startswith("m") else number
    else:
        result = 0.0
    if result < 1 / 60:
        raise value.refuse(
            "bad-hours",
            f"{shown(value.value)} is not a length of time above one minute.",
            "Write hours=2, hours=1.5, hours=2h or hours=90m.",
        )
    return result


def ref(value: Text) -> str:
    """A branch, tag or commit as git allows them; nothing that git could take for an option."""
    name = value.value
    if name.startswith("-"):
        raise value.refuse(
            "looks-like-option",
            f"{shown(name)} looks like an option of a program.",
            "Write a branch, a tag or a commit, such as main or ref=v1.2.",
        )
    if not _REF.fullmatch(name) or _BAD_REF.search(name):
        raise value.refuse(
            "bad-ref",
            f"{shown(name)} cannot be a branch, a tag or a commit.",
            "Copy the name from the repository's page, such as main, v1.2 or 4a5b6c7.",
        )
    return name


def name(value: Text) -> str:
    """What messages call the binder."""
    refuse_shell(value, _NAME_REFUSED)
    plain = " ".join(value.value.split())
    if len(plain) > _NAME_LENGTH:
        raise value.refuse(
            "too-long",
            f"The name has {len(plain)} characters; it may have {_NAME_LENGTH}.",
            'Choose a shorter one, such as name="Week 1".',
        )
    return plain


def volume(value: Text) -> tuple[str, int | None]:
    """A work volume's name, in lower case, and its size in GiB where one is given: ``data``, ``data:20``.

    How large it may be is the deployment's business.
    """
    found = _VOLUME.fullmatch(value.value)
    if found is None:
        raise value.refuse(
            "bad-volume",
            f"{shown(value.value)} is not a volume's name, nor a name with a size.",
            "Write volume=data, or volume=data:20 for 20 GiB; names have at most 31 small letters, digits and hyphens.",
        )
    size = None if found.group(2) is None else int(found.group(2))
    if size == 0:
        raise value.cut(found.start(2)).refuse(
            "bad-volume", "A volume of 0 GiB holds nothing.", "Write its size in GiB, such as volume=data:20."
        )
    return found.group(1).lower(), size


def _bad_name(value: Text, what: str, example: str) -> Exception:
    return value.refuse(
        "bad-name",
        f"{shown(value.value)} cannot be the name of {what}.",
        f"Write it as the form or the help shows it, such as {example}; put quotes around a name with spaces.",
    )
