"""The documents say what the code does."""

import argparse
import ast
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

from bot.__main__ import COMMANDS
from provisioning.phases import diagram
from tests.unit import failure_codes

ROOT = Path(__file__).parents[2]
MODULES = sorted(p for top in ("bot", "provisioning", "templates") for p in (ROOT / top).rglob("*.py"))


def test_given_the_table_of_moves_then_the_page_shows_its_diagram() -> None:
    page = (ROOT / "docs" / "explanation" / "life-of-a-binder.md").read_text()

    assert diagram() in page


def test_given_every_failure_code_in_the_code_then_the_reference_has_a_section_for_it_and_for_no_other() -> (
    None
):
    page = (ROOT / "docs" / "reference" / "failures.md").read_text()

    found = failure_codes.read({m: ast.parse(m.read_text()) for m in MODULES if "playground" not in m.parts})

    assert found.unreadable == ()
    assert sorted(re.findall(r"^### `(.+)`$", page, re.MULTILINE)) == sorted(found.known)


@pytest.mark.parametrize(
    ("source", "known", "unreadable"),
    [
        pytest.param(
            "from provisioning.errors import TeamError\nTeamError('a-b', 'm', 'h')", {"a-b"}, 0, id="an error"
        ),
        pytest.param("class Own:\n  code: str\nOwn(code='one')", {"one"}, 0, id="a field by name"),
        pytest.param("class Own:\n  x: int\n  code: str\nOwn(1, 'two')", {"two"}, 0, id="a field by place"),
        pytest.param(
            "def no(self, code: str): ...\nx.no('a' if y else 'b')", {"a", "b"}, 0, id="a refusing function"
        ),
        pytest.param(
            "class Own:\n  code: str\nT: D = {1: ('t', 'm')}\nc, m = T[1]\nOwn(c)", {"t"}, 0, id="a table"
        ),
        pytest.param("class Own:\n  code: str\ndef f(code: str): Own(code)", set(), 0, id="handed on"),
        pytest.param("class Own:\n  code: str\nOwn(text(report, 'code'))", set(), 0, id="of a report"),
        pytest.param("class Own:\n  code: str\nOwn(elsewhere())", set(), 1, id="unreadable"),
    ],
)
def test_given_a_way_to_give_a_code_then_it_is_found_or_told(
    source: str, known: set[str], unreadable: int
) -> None:
    found = failure_codes.read({Path("a.py"): ast.parse(source)})

    assert (set(found.known), len(found.unreadable)) == (known, unreadable)


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(ROOT)))
def test_given_a_module_then_it_holds_one_idea(module: Path) -> None:
    assert len(module.read_text().splitlines()) <= 300


def test_given_the_guest_package_then_it_needs_nothing_but_the_standard_library() -> None:
    foreign = set()
    package = ROOT / "provisioning" / "guest"
    for module in (*package.glob("*.py"), *(package / "records").glob("*.py")):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Import):
                foreign |= {a.name.split(".")[0] for a in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                foreign.add(node.module.split(".")[0])

    assert foreign - set(sys.stdlib_module_names) == set()


@pytest.mark.parametrize(
    "page",
    [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"],
    ids=lambda p: p.name,
)
def test_given_a_page_then_every_file_it_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


def named_in_contributing() -> set[str]:
    """The files, and the folders with their slash, that the table of features and the recipes name."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    return set(re.findall(r"`((?:bot|provisioning|templates|tests|docs)/[\w./-]+)`", text)) | {"manifest.yml"}


def test_given_what_contributing_names_then_it_is_there() -> None:
    assert [name for name in named_in_contributing() if not (ROOT / name).exists()] == []


def test_given_a_module_then_the_table_of_features_leads_to_it() -> None:
    named = named_in_contributing()
    folders = tuple(name for name in named if name.endswith("/") and name not in {"bot/", "provisioning/"})
    modules = {str(m.relative_to(ROOT)) for m in MODULES if m.read_text().count("\n") > 1}

    assert sorted(m for m in modules if m not in named and not m.startswith(folders)) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_given_a_command_of_the_command_line_then_its_page_has_exactly_its_options(command: str) -> None:
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text()
    part = page.partition(f"\n## {command}\n")[2].partition("\n## ")[0]
    parser = argparse.ArgumentParser(add_help=False)
    import_module(f"bot.cli.{command}_" if command == "try" else f"bot.cli.{command}").add_arguments(parser)
    options = [action.option_strings[0] for action in parser._actions if action.option_strings]

    assert re.findall(r"^\| `(--[\w-]+)` \|", part, re.MULTILINE) == options
