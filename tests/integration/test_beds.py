"""A missing bed: named at the end of the run, or a failure where beds are required."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDS_A_BED = """
import pytest
from tests.beds.left_out import missing

@pytest.fixture(scope="module")
def bed():
    missing("greenhouse", "build one")

def test_one(bed): pass
def test_two(bed): pass
def test_three(): pytest.skip("not today")
def test_four(): pass
"""


def _run(folder: Path, beds: str) -> "subprocess.CompletedProcess[str]":
    (folder / "test_it.py").write_text(NEEDS_A_BED)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        os.devnull,
        "-p",
        "tests.beds.left_out",
        str(folder),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BINDEROPS_BEDS": beds}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_given_a_missing_bed_when_tests_run_then_it_is_named_at_the_end_with_how_to_get_it(
    tmp_path: Path,
) -> None:
    done = _run(tmp_path, "")

    assert "greenhouse: 2 tests did not run. To have it: build one" in done.stdout
    assert "1 passed, 3 skipped" in done.stdout


def test_given_a_missing_bed_when_beds_are_required_then_its_tests_fail_and_others_may_still_be_skipped(
    tmp_path: Path,
) -> None:
    done = _run(tmp_path, "required")

    assert "BINDEROPS_BEDS=required, but this test needs greenhouse: build one" in done.stdout
    assert "1 passed, 1 skipped, 2 errors" in done.stdout


@pytest.mark.parametrize(("beds", "code"), [("", 0), ("required", 1)])
def test_given_a_missing_bed_then_the_exit_code_says_whether_it_counts(
    tmp_path: Path, beds: str, code: int
) -> None:
    assert _run(tmp_path, beds).returncode == code
