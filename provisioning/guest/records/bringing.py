"""From a resolved record to a folder: what it has, whether that fits, its files by their checksums, a lone archive unpacked."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Optional

from ..causes import Cause, FailedError
from ..orders import Limits, Source
from .client import Client, too_large
from .identity import directory_id, empty_folders
from .listings import LISTINGS, File, submodules
from .unpack import MOST_ENTRIES, Unpacker, inside, lift_single_folder

_ARCHIVE = re.compile(r"\.(?:zip|tar|tgz|tbz2?|txz|tar\.(?:gz|bz2|xz))$", re.IGNORECASE)
_ALWAYS_PACKED = ("archive", "swh")


def bring(source: Source, limits: Limits, folder: Path, spare: Path) -> None:
    """Fill the empty ``folder`` with the source at exactly its id. ``spare``: for what is not kept. Raises `FailedError`."""
    client, most = Client(source), limits.source_mib << 20
    shutil.rmtree(spare, ignore_errors=True)
    spare.mkdir()
    try:
        files = LISTINGS[source.kind](client, source)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise FailedError(
            Cause("record-unreadable", f"{source.url} answers in a form that is not understood ({error!r:.200}).",
                  "Press Retry; if it happens again, tell whoever runs the bot.")
        ) from error  # fmt: skip
    _check(files, most, source)
    is_packed = source.kind in _ALWAYS_PACKED or (
        len(files) == 1 and _ARCHIVE.search(files[0].path) is not None
    )
    if is_packed:
        lone, packed = files[0], spare / "archive"
        _fetch(client, lone, packed, most, source)
        print(f"unpacking {lone.path}", flush=True)
        Unpacker(folder, most).unpack(packed, lone.path)
        lift_single_folder(folder)
    else:
        left = most
        for number, file in enumerate(files, start=1):
            print(f"file {number} of {len(files)}: {file.path}", flush=True)
            place = _room_for(file, folder)
            left -= _fetch(client, file, place, left, source)
    if source.kind == "swh":
        _check_identity(client, source, folder)


def _check_identity(client: Client, source: Source, folder: Path) -> None:
    """A directory is what its identifier says. The vault leaves an empty folder where a submodule is."""
    found = directory_id(folder, {})
    if found != source.commit and (empty := empty_folders(folder)):
        found = directory_id(folder, submodules(client, source, empty))
    if found != source.commit:
        raise _wrong(source.commit, f"what came is {found}")


def _check(files: list[File], most: int, source: Source) -> None:
    """That something can be fetched, that it fits as far as the sizes are told, and that each file has a place of its own."""
    if not files:
        raise FailedError(
            Cause("record-empty", f"{source.url} has no file that may be fetched.",
                  "Its files may be restricted: open the record's page in a private browser window.")
        )  # fmt: skip
    total = sum(file.size or 0 for file in files)
    if total > most:
        raise too_large("The record", most, total)
    paths = [inside(file.path) for file in files]
    bad = next((file.path for file, path in zip(files, paths) if not _is_name(path)), None)
    if bad is not None or len(set(paths)) != len(paths) or len(paths) > MOST_ENTRIES:
        why = (
            f"a name that no file may have: {ascii(bad)[:200]}"
            if bad is not None
            else "two files of one name, or too many"
        )
        raise FailedError(
            Cause("record-unreadable", f"The record has {why}.", "Launch its git repository instead.")
        )


def _is_name(path: Optional[str]) -> bool:
    try:
        return bool(path) and b".git" not in (path or "").encode().split(b"/")
    except UnicodeEncodeError:  # half a character, as JSON can have it
        return False


def _room_for(file: File, folder: Path) -> Path:
    place = folder / (inside(file.path) or "")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    except OSError as error:  # a name too long, or a file where another one has its folder
        raise FailedError(
            Cause("record-unreadable", f"The file {file.path[:200]} cannot have this name: {error.strerror}.",
                  "Launch its git repository instead.")
        ) from error  # fmt: skip
    return place


def _fetch(client: Client, file: File, place: Path, most: int, source: Source) -> int:
    """One file, its checksum verified; its length."""
    length, digest = client.download(file.url, place, most, file.algorithm)
    if file.digest and digest != file.digest:
        if source.kind == "archive":
            raise FailedError(
                Cause("record-changed", f"{file.url} has other bytes now than when it was looked up.", "Launch again.")
            )  # fmt: skip
        raise _wrong(file.path, f"its {file.algorithm} is {digest}, not {file.digest}")
    return length


def _wrong(what: str, why: str) -> FailedError:
    return FailedError(
        Cause("checksum-wrong", f"{what} did not arrive as its site says: {why}.",
              "Press Retry; if it happens again, the file is damaged there: tell the record's authors.")
    )  # fmt: skip
