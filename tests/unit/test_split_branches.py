"""A link's branch with slashes: what is left for the path once the repository said which part is the branch."""

from dataclasses import astuple

import pytest

from bot.grammar import parse
from provisioning.model import PathKind
from provisioning.sources.resolved import Resolved

PAGE = "https://github.com/org/repo"


@pytest.mark.parametrize(
    ("link", "folders", "told"),
    [
        pytest.param(f"{PAGE}/tree/a/b/c", 1, ("a/b", "c", PathKind.AUTO, ""), id="a folder"),
        pytest.param(f"{PAGE}/tree/a/b/c", 2, ("a/b/c", "", PathKind.NONE, ""), id="the branch alone"),
        pytest.param(
            f"{PAGE}/blob/a/b/c/d%20e.ipynb", 1, ("a/b", "c/d e.ipynb", PathKind.OPEN, "lab/tree/c/d%20e.ipynb"),
            id="a file",
        ),
        pytest.param(
            f"{PAGE}/blob/a/b/c/d.ipynb", 2, ("a/b/c", "d.ipynb", PathKind.OPEN, "lab/tree/d.ipynb"), id="two parts"
        ),
        pytest.param(f"{PAGE}/blob/a/b", 1, ("a/b", "", PathKind.NONE, ""), id="a file that is none"),
        pytest.param(
            f"{PAGE}/blob/main/b.ipynb", 0, ("main", "b.ipynb", PathKind.OPEN, "lab/tree/b.ipynb"), id="no slash"
        ),
        pytest.param(
            "org/repo a subdir=b/c open=rstudio", 1, ("a/b", "c", PathKind.SUBDIR, "rstudio"), id="a page beside"
        ),
    ],
)  # fmt: skip
def test_given_what_the_repository_said_then_branch_path_and_page_are_told_apart(
    link: str, folders: int, told: tuple[object, ...]
) -> None:
    request = parse(link)
    ref = "/".join((request.ref, *request.path.split("/")[:folders]))

    found = Resolved(commit="c", ref=ref, address="", folders_in_ref=folders).as_found(request)

    assert (found.ref, found.path, found.path_kind, found.open_url) == told
    assert astuple(found.options) == astuple(request.options)
