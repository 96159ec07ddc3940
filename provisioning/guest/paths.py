"""What a path means: a folder with Binder configuration is built, everything else is opened. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from .causes import Cause, FailedError
from .tickets import is_local_path

BINDER_FOLDERS = ("binder", ".binder")
# Every name that repo2docker 2026.4 reads, also below binder/ and .binder/.
BINDER_NAMES = (
    "Dockerfile", "environment.yml", "environment.yaml", "requirements.txt", "Pipfile", "Pipfile.lock", "setup.py",
    "pyproject.toml", "Project.toml", "JuliaProject.toml", "REQUIRE", "DESCRIPTION", "install.R", "apt.txt",
    "postBuild", "start", "runtime.txt", "default.nix",
)  # fmt: skip


class Tree(Protocol):
    """The fetched source. Paths are relative, with "/"; nothing outside is ever said to be there."""

    def is_file(self, path: str) -> bool: ...

    def is_dir(self, path: str) -> bool: ...


@dataclass(frozen=True)
class Chosen:
    """What is built and what is opened."""

    root: str  # the folder that is built and served, "" for the whole repository
    open_path: str  # below the public URL, begins with "/"; empty: nothing in particular
    note: str  # for people


def has_configuration(tree: Tree, folder: str) -> bool:
    """Whether a folder is one that repo2docker would build by more than its defaults."""
    places = (folder, *(_join(folder, name) for name in BINDER_FOLDERS))
    return any(tree.is_file(_join(place, name)) for place in places for name in BINDER_NAMES)


def configuration_folder(tree: Tree, root: str) -> str:
    """Where repo2docker reads its files from: binder/ before .binder/ before the folder itself."""
    return next((_join(root, name) for name in BINDER_FOLDERS if tree.is_dir(_join(root, name))), root)


def choose(kind: str, path: str, open_url: str, tree: Tree) -> Chosen:
    """Decide. Raises `FailedError` where a folder to build is not there."""
    clean = path.strip("/")
    if kind == "subdir":
        if not tree.is_dir(clean):
            raise FailedError(
                Cause(
                    "path-missing",
                    f"The repository has no folder {clean}.",
                    "Check the path, or leave subdir= out.",
                )
            )
        return Chosen(root=clean, open_path=_url(open_url), note=f"Builds {clean}/")
    if kind == "auto" and clean and not open_url and tree.is_dir(clean) and has_configuration(tree, clean):
        return Chosen(root=clean, open_path="", note=f"Builds {clean}/, which has Binder configuration")
    if open_url:
        return Chosen(root="", open_path=_url(open_url), note=f"Opens {open_url}")
    if kind in ("auto", "open") and clean:
        if tree.is_file(clean) or tree.is_dir(clean):
            return Chosen(root="", open_path=f"/lab/tree/{quote(clean)}", note=f"Opens {clean}")
        note = f"Opens the address /{path.lstrip('/')}: the repository has no such file"
        return Chosen(root="", open_path=_url(path), note=note)
    return Chosen(root="", open_path="", note="")


def _url(text: str) -> str:
    """A local address from what a person typed; empty where it would lead elsewhere."""
    if not text:
        return ""
    quoted = "/" + quote(text.lstrip("/"), safe="/?&=#%:;,+@~!$'()*[]")
    return quoted if is_local_path(quoted) else ""


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
