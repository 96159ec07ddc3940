"""Which buttons open a ready binder, and which of them comes first."""

import pytest

from bot.story.interfaces import leads_to, offered
from provisioning.model import Interface
from tests.strategies import LAB, a_report

TERMINAL = Interface(name="terminal", title="a terminal", path="/lab/terminals/1")
RSTUDIO = Interface(name="rstudio", title="RStudio", path="/rstudio/")
NOTEBOOK = Interface(name="notebook", title="Notebook", path="/tree")
DEEP = Interface(name="app-deep", title="Deep", path="/lab/tree/deep/")
ROOT = Interface(name="app-root", title="Root", path="/")


@pytest.mark.parametrize(
    ("open_path", "names"),
    [
        pytest.param("", ["lab", "rstudio", "app-deep", "terminal"], id="nothing-wanted-terminal-last"),
        pytest.param("/rstudio/", ["rstudio", "lab", "app-deep", "terminal"], id="wanted-first"),
        pytest.param("/rstudio?x=/lab", ["rstudio", "lab", "app-deep", "terminal"], id="with-a-query"),
        pytest.param("/lab/tree/deep/a.py", ["app-deep", "lab", "rstudio", "terminal"], id="longest-first"),
        pytest.param("/lab/tree/b.py", ["lab", "rstudio", "app-deep", "terminal"], id="not-the-deeper-one"),
        pytest.param(
            "/doc/tree/b.py", ["lab", "rstudio", "app-deep", "terminal"], id="lab-with-one-document"
        ),
        pytest.param(
            "/git-pull?repo=x", ["page", "lab", "rstudio", "app-deep", "terminal"], id="nobodys-path"
        ),
        pytest.param("/", ["lab", "rstudio", "app-deep", "terminal"], id="the-root-leads-on-by-itself"),
    ],
)
def test_given_a_path_to_open_then_its_interface_is_offered_first(open_path: str, names: list[str]) -> None:
    report = a_report("ready", interfaces=(TERMINAL, LAB, RSTUDIO, DEEP), open_path=open_path)

    assert [i.name for i in offered(report)] == names


def test_given_all_kinds_then_they_stand_as_people_look_for_them_and_unknown_ones_by_title() -> None:
    known = [
        "lab",
        "rstudio",
        "shiny",
        "notebook",
        "vscode",
        "desktop",
        "nteract",
        "pluto",
        "streamlit",
        "voila",
    ]
    names = ["app-z", *reversed(known), "terminal", "app-b", "app-a"]
    titles = {"app-z": "alpha", "app-a": "Beta", "app-b": "gamma"}
    interfaces = tuple(Interface(name=n, title=titles.get(n, n), path=f"/{n}/") for n in names)

    offers = [i.name for i in offered(a_report("ready", interfaces=interfaces, open_path="/lab/"))]

    assert offers == [*known, "app-z", "app-a", "app-b", "terminal"]


def test_given_a_page_that_is_no_interface_s_then_its_button_leads_to_that_very_page() -> None:
    page = "/git-pull?repo=https%3A%2F%2Fgithub.com%2Fa%2Fb&urlpath=lab%2Ftree%2Fb%2Fx.ipynb"

    first = offered(a_report("ready", interfaces=(TERMINAL, LAB), open_path=page))[0]

    assert (first.path, first.title) == (page, "what was asked for")


def test_given_a_server_that_does_not_answer_then_no_page_of_it_is_offered() -> None:
    assert offered(a_report("ready", interfaces=(), open_path="/git-pull?repo=x")) == ()


def test_given_an_interface_reported_twice_then_it_is_offered_once() -> None:
    again = Interface(name="lab", title="JupyterLab again", path="/lab")

    assert offered(a_report("ready", interfaces=(LAB, RSTUDIO, again))) == (LAB, RSTUDIO)


@pytest.mark.parametrize(
    ("interface", "open_path", "is_inside"),
    [
        pytest.param(LAB, "/lab/tree/a.ipynb", True, id="below"),
        pytest.param(LAB, "/lab", True, id="itself"),
        pytest.param(LAB, "/labels/a", False, id="a-longer-word"),
        pytest.param(LAB, "/doc/tree/a.ipynb", True, id="one-document-alone"),
        pytest.param(RSTUDIO, "/doc/tree/a.ipynb", False, id="another-program-s-document"),
        pytest.param(NOTEBOOK, "/notebooks/a.ipynb", True, id="a-notebook"),
        pytest.param(LAB, "", False, id="nothing"),
        pytest.param(ROOT, "/lab/tree/a.ipynb", False, id="the-root-leads-nowhere"),
    ],
)
def test_given_an_interface_then_only_paths_below_it_are_its_own(
    interface: Interface, open_path: str, is_inside: bool
) -> None:
    assert leads_to(interface, open_path) is is_inside
