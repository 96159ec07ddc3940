"""The variables that ask the tests for more: each reaches them, and each is told of."""

import re
from pathlib import Path

from tests.conftest import SWITCHES

_TESTS = Path(__file__).parents[1]
_READ = re.compile(r"""environ(?:\.get\(|\[)["'](BINDEROPS_[A-Z_]+)["']""")


def read_by_tests() -> set[str]:
    return {name for file in _TESTS.rglob("*.py") for name in _READ.findall(file.read_text())}


def test_given_a_switch_that_tests_read_then_the_run_leaves_it_to_them() -> None:
    assert read_by_tests() - SWITCHES == set()


def test_given_a_switch_then_the_page_about_the_tests_tells_of_it() -> None:
    page = (_TESTS.parent / "docs" / "howto" / "run-the-tests.md").read_text()

    assert [name for name in sorted(SWITCHES) if f"{name}=" not in page] == []
