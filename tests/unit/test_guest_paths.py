"""What a path means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.guest import paths
from provisioning.guest.causes import FailedError
from provisioning.guest.tickets import is_local_path
from provisioning.guest.trees import FolderTree


class Files:
    """A source given by its files."""

    def __init__(self, *files: str) -> None:
        self._files = set(files)

    def is_file(self, path: str) -> bool:
        return path in self._files

    def is_dir(self, path: str) -> bool:
        return path == "" or any(f.startswith(f"{path}/") for f in self._files)


@pytest.mark.parametrize(
    ("kind", "path", "files", "root", "opens"),
    [
        pytest.param("none", "", ["a.ipynb"], "", "", id="no path"),
        pytest.param("auto", "a b.ipynb", ["a b.ipynb"], "", "/lab/tree/a%20b.ipynb", id="a file is opened"),
        pytest.param("auto", "docs", ["docs/a.md"], "", "/lab/tree/docs", id="a plain folder is opened"),
        pytest.param(
            "auto", "/x/", ["x/requirements.txt"], "x", "", id="a folder with configuration is built"
        ),
        pytest.param("auto", "x", ["x/.binder/postBuild"], "x", "", id="also below .binder"),
        pytest.param("auto", "x", ["x/binder/environment.yaml"], "x", "", id="also below binder"),
        pytest.param("open", "x", ["x/requirements.txt"], "", "/lab/tree/x", id="open= never builds"),
        pytest.param("auto", "rstudio/", [], "", "/rstudio/", id="what is no file is an address"),
        pytest.param(
            "open", "proxy/8080/?a=b c", [], "", "/proxy/8080/?a=b%20c", id="an address with a query"
        ),
        pytest.param("open", "//evil.example", [], "", "/evil.example", id="never another host"),
        pytest.param("open", "\\\\evil.example", [], "", "/%5C%5Cevil.example", id="nor by backslashes"),
        pytest.param("subdir", "x/", ["x/a.txt"], "x", "", id="subdir= always builds"),
    ],
)
def test_given_a_path_then_it_is_built_or_opened(
    kind: str, path: str, files: list[str], root: str, opens: str
) -> None:
    chosen = paths.choose(kind, path, "", Files(*files))

    assert (chosen.root, chosen.open_path) == (root, opens)


def test_given_a_decided_address_then_it_is_opened_as_it_is() -> None:
    chosen = paths.choose("open", "a.ipynb", "voila/render/a.ipynb", Files("a.ipynb"))

    assert chosen.open_path == "/voila/render/a.ipynb"


@pytest.mark.parametrize("name", paths.BINDER_NAMES)
def test_given_any_name_that_repo2docker_reads_then_its_folder_has_configuration(name: str) -> None:
    assert paths.has_configuration(Files(f"x/{name}"), "x")


@pytest.mark.parametrize("path", ["missing", "a.txt", ".."])
def test_given_a_folder_to_build_that_is_not_there_then_it_is_said(path: str) -> None:
    with pytest.raises(FailedError, match="path-missing"):
        paths.choose("subdir", path, "", Files("a.txt"))


@given(st.sampled_from(["auto", "open"]), st.text(), st.text())
def test_given_any_path_then_what_is_opened_stays_on_this_site(kind: str, path: str, open_url: str) -> None:
    opens = paths.choose(kind, path, open_url, Files("a.ipynb")).open_path

    assert opens == "" or is_local_path(opens)


@pytest.mark.parametrize(
    ("files", "folder"),
    [(["binder/a", ".binder/a"], "binder"), ([".binder/a"], ".binder"), (["requirements.txt"], "")],
)
def test_given_several_places_for_configuration_then_the_one_that_repo2docker_takes(
    files: list[str], folder: str
) -> None:
    assert paths.configuration_folder(Files(*files), "") == folder


def test_given_a_link_out_of_the_source_then_it_is_not_there(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root, outside = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("outside")
    (root / "link").symlink_to(outside)
    (root / "inner").mkdir()
    (root / "same").symlink_to(root / "inner")

    tree = FolderTree(root)

    assert [tree.is_dir(p) for p in ("link", "../outside", "same", "inner", "")] == [
        False,
        False,
        True,
        True,
        True,
    ]
