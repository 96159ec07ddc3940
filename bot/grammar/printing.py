"""Requests as text that parses back to them, and as the JSON of ``binderops parse``."""

import re
from collections.abc import Sequence
from urllib.parse import quote

from bot.grammar.options import Offers
from bot.grammar.paths import encoded, is_page
from bot.grammar.reading import parse
from provisioning.errors import PersonError
from provisioning.model import PathKind, Request
from provisioning.sources import swhids
from provisioning.sources.records import doi_in

_SHORT = re.compile(r"https://github\.com/([^/]+/[^/]+)")
_PART = r"\w[\w.()+=,@-]*(?: [\w.()+=,@-]+)*"
_FILE = re.compile(rf"{_PART}(?:/{_PART})*")  # reads back as it is; other files are opened by their URL path
_PLAIN = re.compile(r"[A-Za-z0-9._/@+:,%=?&~#()-]+")


def unparse(request: Request) -> str:
    """A text that `parse` turns into an equal request, short where that is possible."""
    words = [_repository(request)]
    pairs = [("ref", request.ref)] if request.ref else []
    if request.path_kind is PathKind.AUTO:
        pairs.append(("path", request.path))
    if request.path_kind is PathKind.SUBDIR:
        pairs.append(("subdir", request.path))
    if request.open_url:
        pairs.append(("open", _open_value(request)))
    options = request.options
    pairs += [("flavor", options.flavor), ("image", options.image)]
    pairs.append(("hours", "" if options.hours is None else f"{options.hours!r}"))
    size = "" if options.volume_gib is None else f":{options.volume_gib}"
    pairs += [("name", options.name), ("volume", options.volume + size), ("cloud", options.cloud)]
    words += [f"{key}={_quoted(value)}" for key, value in pairs if value]
    return " ".join(words)


def parse_line(
    text: str, offers: Offers | None = None, *, allow_exact: Sequence[str] = ()
) -> dict[str, object]:
    """What ``binderops parse`` prints for one line, as a JSON object. Never raises, whatever the text."""
    try:
        request = parse(text, offers, allow_exact=allow_exact)
    except PersonError as error:
        return {
            "ok": False,
            "code": error.code,
            "message": error.message,
            "hint": error.hint,
            "span": list(error.span),
        }
    options = request.options
    return {
        "ok": True,
        "provider": request.provider,
        "repo": request.repo,
        "ref": request.ref,
        "path": request.path,
        "path_kind": str(request.path_kind),
        "open_url": request.open_url,
        "options": {
            "flavor": options.flavor,
            "image": options.image,
            "hours": options.hours,
            "name": options.name,
            "cloud": options.cloud,
            "volume": options.volume,
            "volume_gib": options.volume_gib,
        },
    }


def page_of(request: Request) -> str:
    """The https address at which a person finds what was asked for."""
    if request.provider == "swh":
        return f"https://{swhids.HOST}/{request.repo}"
    doi = doi_in(request.repo)
    return f"https://doi.org/{doi}" if doi else request.repo


def _repository(request: Request) -> str:
    """The repository, short where it is GitHub's; as a Binder link where its name alone would be taken for another kind."""
    short = _SHORT.fullmatch(request.repo) if request.provider == "gh" else None
    if short:
        return short.group(1)
    try:
        is_plain = parse(request.repo).provider == request.provider
    except PersonError:
        is_plain = True  # exempt from the rules by a setting that is not known here
    if is_plain:
        return request.repo
    return f"https://mybinder.org/v2/{request.provider}/{quote(request.repo, safe='')}"


def _open_value(request: Request) -> str:
    path = request.path
    as_file = request.path_kind is PathKind.OPEN and request.open_url == "lab/tree/" + encoded(path)
    return path if as_file and _FILE.fullmatch(path) and not is_page(path) else f"/{request.open_url}"


def _quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else f'"{value}"'
