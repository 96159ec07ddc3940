"""The identifier that Software Heritage gives a directory: git's id of a tree, by which also empty folders count. Reads files only.

docs.softwareheritage.org, "SoftWare Hash IDentifiers (SWHID)".
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Mapping

_CHUNK = 1 << 18


def directory_id(folder: Path, submodules: Mapping[str, str]) -> str:
    """``swh:1:dir:`` and the id of what lies in the folder now. ``submodules``: empty folders that stand for a commit each."""
    return f"swh:1:dir:{_tree(os.fspath(folder), '', submodules).hex()}"


def empty_folders(folder: Path) -> list[str]:
    """The folders below with nothing in them."""
    return [os.path.relpath(at, folder) for at, names, files in os.walk(folder) if not (names or files)]


def _tree(folder: str, below: str, submodules: Mapping[str, str]) -> bytes:
    entries = []
    for entry in os.scandir(folder):
        name, path = os.fsencode(entry.name), below + entry.name
        if entry.is_symlink():
            entries.append((name, b"120000", _blob(os.fsencode(os.readlink(entry.path)))))
        elif path in submodules:
            entries.append((name, b"160000", bytes.fromhex(submodules[path])))
        elif entry.is_dir():
            entries.append((name + b"/", b"40000", _tree(entry.path, path + "/", submodules)))
        else:
            mode = b"100755" if entry.stat().st_mode & 0o100 else b"100644"
            entries.append((name, mode, _file(entry.path)))
    body = b"".join(
        mode + b" " + name.rstrip(b"/") + b"\0" + digest for name, mode, digest in sorted(entries)
    )
    return hashlib.sha1(b"tree %d\0" % len(body) + body, usedforsecurity=False).digest()


def _blob(content: bytes) -> bytes:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).digest()


def _file(path: str) -> bytes:
    digest = hashlib.sha1(b"blob %d\0" % os.path.getsize(path), usedforsecurity=False)
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.digest()
