"""The fetched source as `paths` looks at it: links that lead out of it are not there."""

from __future__ import annotations

import os
from pathlib import Path


class FolderTree:
    """A folder on this machine."""

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)

    def is_file(self, path: str) -> bool:
        """Whether there is such a file inside."""
        return os.path.isfile(self._inside(path))

    def is_dir(self, path: str) -> bool:
        """Whether there is such a folder inside."""
        return os.path.isdir(self._inside(path))

    def _inside(self, path: str) -> str:
        """The real place, or a name that is never there."""
        try:
            real = os.path.realpath(os.path.join(self._root, path))
        except ValueError:
            return ""
        return real if real == self._root or real.startswith(self._root + os.sep) else ""
