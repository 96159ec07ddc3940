"""Paths: files and folders of the repository, and what the browser opens below the server's base."""

import re
from urllib.parse import quote, unquote

from bot.grammar.text import Text, is_hidden, shown
from bot.grammar.words import DOUBLE_QUOTES, refuse_shell

LENGTH = 1000  # characters of a path as a URL writes it, so that a path that is opened can be typed again
# URL paths that a Jupyter server and the programs beside it answer themselves.
_PROGRAMS = frozenset(
    {
        "rstudio",
        "shiny",
        "vscode",
        "code-server",
        "desktop",
        "vnc",
        "pluto",
        "streamlit",
        "voila",
        "nteract",
        "openrefine",
    }
)
_PAGES = _PROGRAMS | {"lab", "tree", "retro", "nbclassic", "terminals", "git-pull"}
_BELOW_PAGES = _PAGES | {"doc", "notebooks", "edit", "view", "proxy"}  # also names of folders
_PAGE = re.compile(r"(lab|doc)/(tree|workspaces)/|(tree|terminals|nbclassic|proxy/[0-9]+)(/|$)")
_FILE_VIEWS = ("lab/tree/", "doc/tree/", "tree/", "notebooks/", "edit/")
_REFUSED = frozenset(";|&$`<>\\^{}*?!") | DOUBLE_QUOTES
_REFUSED_IN_URL = frozenset(';|$`<>\\^{}"')
_SCHEME = re.compile(r"/*[A-Za-z][A-Za-z0-9+.-]*:")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def repository_path(given: Text) -> str:
    """A file or folder of the repository, relative to its top; empty for the top itself."""
    refuse_shell(given, _REFUSED)
    value = given.value.strip()
    if value.removeprefix("./").startswith(("/", "~")):
        raise given.refuse(
            "absolute-path",
            f"{shown(value)} does not start in the repository.",
            "Write the path as the repository shows it, such as notebooks/a.ipynb, without a slash in front.",
        )
    parts = [part.strip() for part in value.split("/")]
    parts = [part for part in parts if part not in {"", "."}]
    _refuse_parts(given, parts)
    return "/".join(parts)


def url_path(given: Text) -> str:
    """What the browser opens, below the server's base: percent-encoded, without slashes in front."""
    refuse_shell(given, _REFUSED_IN_URL)
    value = given.value.strip()
    if _SCHEME.match(value) or value.startswith("//"):
        raise given.refuse(
            "opens-elsewhere",
            f"{shown(value)} leads to another site.",
            "Only pages of the Binder itself can be opened, such as open=/rstudio or open=notebooks/a.ipynb.",
        )
    path, mark, query = value.lstrip("/").partition("?")
    if "&" in path:
        raise given.refuse(
            "shell-character",
            "The character & cannot be part of a path.",
            "Write %26 for it, or open the folder and click on the file there.",
        )
    _refuse_parts(given, unquote(path).split("/"))
    encoded = quote(_STRAY_PERCENT.sub("%25", path), safe="/%!'()*,~@:+=#")
    if mark:
        encoded += mark + quote(_STRAY_PERCENT.sub("%25", query), safe="/%!'()*,~@:+=#?&")
    return encoded


def viewed_file(url: str) -> str:
    """The repository's file that a URL path shows, or nothing."""
    if "?" in url or "#" in url:
        return ""
    for view in _FILE_VIEWS:
        if url.startswith(view):
            return "/".join(part for part in unquote(url[len(view) :]).split("/") if part not in {"", "."})
    return ""


def in_lab(path: str) -> str:
    """Where JupyterLab shows a file or folder, below the server's base."""
    return "lab/tree/" + encoded(path)


def encoded(path: str) -> str:
    """A repository path inside a URL."""
    return quote(path, safe="/!'()*,~@:+=")


def is_page(value: str) -> bool:
    """Whether what is to be opened is a URL path rather than a file: ``/...``, ``rstudio``, ``lab/tree/...``."""
    if value.startswith("/") or "://" in value:
        return True
    parts = re.split(r"[?#]", value, maxsplit=1)[0].rstrip("/").split("/")
    if len(parts) == 1:
        return parts[0] in _PAGES
    return bool(_PAGE.match(value)) or (parts[0] in _PROGRAMS and "." not in parts[-1])


def is_known_page(value: str) -> bool:
    """Whether a path with a slash in front can only be a URL path: an interface's name comes first."""
    return value.startswith("/") and re.split(r"[/?#]", value.lstrip("/"), maxsplit=1)[0] in _BELOW_PAGES


def _refuse_parts(given: Text, parts: list[str]) -> None:
    length = max(len(given.value), len(quote("/".join(parts))))
    if length > LENGTH:
        raise given.refuse(
            "too-long",
            f"The path has {length} characters as a link; it may have {LENGTH}.",
            "Name a folder further up and open the file from there.",
        )
    for part in parts:
        if part == ".." or "\\" in part:
            raise given.refuse(
                "path-outside",
                f"{shown(given.value)} leads out of the repository.",
                "Write the path from the top of the repository, without “..”.",
            )
        if part.startswith("-"):
            raise given.refuse(
                "looks-like-option",
                f"{shown(part)} looks like an option of a program.",
                "Name the folder above it instead, and open it from there.",
            )
        if any(map(is_hidden, part)) or "\ufffd" in part:
            raise given.refuse(
                "hidden-character",
                "The path has a character that cannot be seen.",
                "Copy the path again from the repository's page.",
            )
