"""The documents say what the code does."""

import ast
import re
import sys
from pathlib import Path

import pytest

from provisioning.phases import diagram

ROOT = Path(__file__).parents[2]
MODULES = sorted(p for top in ("bot", "provisioning", "templates") for p in (ROOT / top).rglob("*.py"))


def test_given_the_table_of_moves_then_the_page_shows_its_diagram() -> None:
    page = (ROOT / "docs" / "explanation" / "life-of-a-binder.md").read_text()

    assert diagram() in page


def test_given_every_failure_code_in_the_code_then_the_reference_has_a_section_for_it() -> None:
    text = "\n".join(m.read_text() for m in MODULES)
    error = r"(?:\w+Error|Failure|Cause|fail|_refuse\w*|refuse\w*|_no|mistake)\(\s*(?:code=)?\"([a-z]+(?:-[a-z]+)+)\""
    codes = set(re.findall(error, text)) | set(re.findall(r"code=\"([a-z-]+)\"", text))
    listed = set(
        re.findall(
            r"^### `([a-z-]+)`", (ROOT / "docs" / "reference" / "failures.md").read_text(), re.MULTILINE
        )
    )

    assert sorted(codes - listed) == []


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(ROOT)))
def test_given_a_module_then_it_holds_one_idea(module: Path) -> None:
    assert len(module.read_text().splitlines()) <= 300


def test_given_the_guest_package_then_it_needs_nothing_but_the_standard_library() -> None:
    foreign = set()
    for module in (ROOT / "provisioning" / "guest").glob("*.py"):
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
