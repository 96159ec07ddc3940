"""Identifiers of Software Heritage: the core that names an object, and what its qualifiers say beside it. Pure.

docs.softwareheritage.org, "SoftWare Hash IDentifiers (SWHID)": ``swh:1:<type>:<40 hexadecimal digits>``, then qualifiers
``;key=value``. The core alone is the immutable id; ``anchor`` names the revision or directory that a file's ``path`` is in.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

_CORE = re.compile(r"swh:1:(cnt|dir|rel|rev|snp):([0-9a-f]{40})", re.IGNORECASE | re.ASCII)
_BROWSED = {"revision": "rev", "directory": "dir", "release": "rel", "snapshot": "snp", "content": "cnt"}
_HASH = re.compile(r"[0-9a-f]{40}", re.ASCII)
HOST = "archive.softwareheritage.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class Swhid:
    """An object of the archive, and the file in it that is meant."""

    kind: str  # dir rel rev snp, and cnt where only a file is named
    hash: str
    path: str = ""  # of a file in the object

    def __str__(self) -> str:
        return f"swh:1:{self.kind}:{self.hash}"


def read(text: str) -> Swhid | None:
    """The object that the identifier names; for a file with an anchor, the anchor and the file's path in it."""
    core, *qualifiers = text.strip("/").split(";")
    found = _CORE.fullmatch(core.strip("/"))
    if not found:
        return None
    said = dict(pair.partition("=")[::2] for pair in qualifiers)
    path = unquote(said.get("path", "")).strip("/")
    anchor = _CORE.fullmatch(unquote(said.get("anchor", "")))
    if found[1].lower() == "cnt" and anchor and path:
        return Swhid(kind=anchor[1].lower(), hash=anchor[2].lower(), path=path)
    return Swhid(kind=found[1].lower(), hash=found[2].lower())


def browsed(parts: list[str]) -> Swhid | None:
    """The object whose page of the archive's site has this path: an identifier, or ``browse/revision/<hash>``."""
    if parts and parts[0].lower().startswith("swh:"):
        return read("/".join(parts))
    if parts[:1] == ["browse"] and parts[1:2] and parts[1].lower().startswith("swh:"):
        return read("/".join(parts[1:]))
    if len(parts) >= 3 and parts[0] == "browse" and parts[1] in _BROWSED and _HASH.fullmatch(parts[2]):
        return Swhid(kind=_BROWSED[parts[1]], hash=parts[2])
    return None
