"""A bed is what some tests run in and a machine may lack, such as a browser. What was left out is said, or is a failure.

A test says ``missing("browser", "apt-get install chromium")``. With ``BINDEROPS_BEDS=required`` in the environment that
fails it; otherwise it is skipped, and the run's last lines name the bed and how to get it.
"""

import os
from collections import Counter
from collections.abc import Generator
from typing import NoReturn

import pytest

_NEEDS = "needs "


def missing(bed: str, how: str) -> NoReturn:
    """Leave this test out: the machine lacks the bed of this name, and ``how`` is how to get it."""
    pytest.skip(f"{_NEEDS}{bed}: {how}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where beds are required, a missing one is a failure."""
    report = yield
    reason = _reason(call)
    if report.skipped and reason.startswith(_NEEDS) and os.environ.get("BINDEROPS_BEDS") == "required":
        report.outcome = "failed"
        report.longrepr = f"BINDEROPS_BEDS=required, but this test {reason}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The beds that were left out, by name."""
    reasons = [
        r.longrepr[2] for r in terminalreporter.stats.get("skipped", []) if isinstance(r.longrepr, tuple)
    ]
    found = Counter(r.removeprefix("Skipped: ") for r in reasons)
    needs = {reason: count for reason, count in found.items() if reason.startswith(_NEEDS)}
    if not needs:
        return
    terminalreporter.section("beds left out")
    for reason, count in sorted(needs.items()):
        bed, _, how = reason.removeprefix(_NEEDS).partition(": ")
        terminalreporter.line(f"{bed}: {count} tests did not run. To have it: {how}")


def _reason(call: pytest.CallInfo[None]) -> str:
    skipped = call.excinfo.value if call.excinfo else None
    return str(skipped.msg) if isinstance(skipped, pytest.skip.Exception) else ""
