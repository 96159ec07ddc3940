"""Why a build or a start failed: from a log to the cause, the lines that matter and the buttons that help."""

import re
from re import _parser as parser  # the only way to a pattern's parts
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.failures import CAUSES, explained, helps
from provisioning.failures.cause import Help, compiled
from provisioning.failures.reading import said
from provisioning.model import Failure
from tests.unit import failure_fixtures
from tests.unit.failure_fixtures import LOGS, Log, told

RETRY, LARGER, RELAUNCH = Help.RETRY, Help.LARGER, Help.RELAUNCH
_SEEN = 280  # characters: the agent cuts lines at 300
EACH_LOG = pytest.mark.parametrize("log", LOGS, ids=lambda log: log.name)
EACH_PATTERN = pytest.mark.parametrize(
    ("code", "pattern"), [(c.code, p) for c in CAUSES for p in (*c.evidence, *([c.step] if c.step else []))]
)

BUTTONS = {
    "disk-full": (LARGER,),
    "out-of-memory": (LARGER,),
    "server-out-of-memory": (LARGER,),
    "build-timeout": (LARGER, RETRY),
    "docker-not-ready": (RETRY,),
    "clock-skew": (RETRY,),
    "base-image-unreachable": (RETRY,),
    "dns-failed": (RETRY,),
    "mirror-slow": (RETRY,),
    "network": (RETRY,),
    "cause-unknown": (RETRY,),
    "docker-rate-limit": (RETRY, RELAUNCH),
    "apt-package-gone": (RETRY, RELAUNCH),
    "lfs-failed": (RETRY, RELAUNCH),
    "tls-failed": (RELAUNCH, RETRY),
    "submodule-failed": (RELAUNCH, RETRY),
    "server-silent": (RELAUNCH, RETRY),
    "server-did-not-start": (RELAUNCH, RETRY),
    "repository-gone": (RELAUNCH,),
    "repository-private": (RELAUNCH,),
    "commit-gone": (RELAUNCH,),
    "base-image-missing": (RELAUNCH,),
    "version-not-found": (RELAUNCH,),
    "package-not-found": (RELAUNCH,),
    "conda-conflict": (RELAUNCH,),
    "dependencies-conflict": (RELAUNCH,),
    "package-build-failed": (RELAUNCH,),
    "r-package-failed": (RELAUNCH,),
    "requirements-unreadable": (RELAUNCH,),
    "dockerfile-error": (RELAUNCH,),
    "post-build-failed": (RELAUNCH,),
    "start-script-failed": (RELAUNCH,),
    "jupyter-missing": (RELAUNCH,),
    "command-failed": (RELAUNCH,),
}


@EACH_LOG
def test_given_a_log_then_its_cause_is_told(log: Log) -> None:
    assert log.told().code == log.code


@EACH_LOG
def test_given_a_log_then_the_lines_that_matter_are_shown_and_at_most_ten(log: Log) -> None:
    shown = log.told().lines

    least = min(3, len(said(failure_fixtures.causes.evidence(log.lines))))
    cut = tuple(line[:_SEEN] for line in shown)
    assert [line for line in said(log.marked) if line[:_SEEN] not in cut] == []
    assert least <= len(shown) <= 10


@EACH_LOG
def test_given_a_log_then_the_buttons_that_help_are_offered(log: Log) -> None:
    assert helps(log.told().code) == BUTTONS[log.code]


@EACH_LOG
def test_given_a_fixture_then_its_source_is_named(log: Log) -> None:
    assert log.source.startswith(("https://", "recorded: ", "git's own message", "written for this: "))


@EACH_PATTERN
def test_given_a_pattern_then_a_log_of_its_cause_has_it(code: str, pattern: str) -> None:
    search = compiled(pattern).search

    assert [log.name for log in LOGS if log.code == code and any(map(search, (log.step, *said(log.lines))))]


@EACH_PATTERN
def test_given_a_pattern_then_the_time_that_it_takes_is_bounded_by_the_line(code: str, pattern: str) -> None:
    repeats = list(_repeats(parser.parse(pattern)))

    assert [inner for inner in repeats if inner > 1] == [], f"{code}: a repetition within a repetition"
    assert len(re.findall(r"\.[*+]", pattern)) <= 1


def _repeats(parts: Any, depth: int = 0) -> Any:
    """How deep each repetition without a bound lies in others."""
    for kind, value in parts:
        inner = depth + (str(kind) in {"MAX_REPEAT", "MIN_REPEAT"} and value[1] is parser.MAXREPEAT)
        if inner > depth:
            yield inner
        yield from (found for part in _within(value) for found in _repeats(part, inner))


def _within(value: Any) -> list[Any]:
    if isinstance(value, parser.SubPattern):
        return [value]
    return [found for each in value for found in _within(each)] if isinstance(value, tuple | list) else []


def test_given_the_table_then_no_cause_is_without_a_log() -> None:
    assert {cause.code for cause in CAUSES} - {log.code for log in LOGS} == set()


def test_given_what_a_log_names_then_the_message_names_it() -> None:
    messages = {log.name: log.told().message for log in LOGS}

    assert {name: messages[name] for name in EXPECTED} == EXPECTED


EXPECTED = {
    "package-not-found": "There is no package named no-such-package-zzz.",
    "package-not-found+libmamba": "There is no package named numexprr.",
    "package-not-found+conda": "Packages that are asked for are in none of conda's channels.",
    "version-not-found+pip": "There is no six==99: the package has other versions only.",
    "dns-failed+git": "A name on the network was not found: git.example.invalid.",
    "dns-failed": "A name on the network was not found.",
    "r-package-failed": "An R package could not be installed: staRdom.",
    "dockerfile-error": "The Dockerfile is not valid: line 2.",
    "dockerfile-error+copy": "The Dockerfile is not valid: line 168.",
    "command-failed": "A command of the build failed: line 14.",
    "post-build-failed": "The repository's postBuild script failed.",
}


def test_given_a_cause_far_from_the_end_then_its_lines_are_shown_and_not_the_last_ones() -> None:
    lines = (
        *(f"before {n}" for n in range(200)),
        "ERROR: No matching distribution found for x",
        *(f"after {n}" for n in range(150)),
    )

    shown = told(lines).lines

    assert ("ERROR: No matching distribution found for x" in shown, "after 149" in shown) == (True, False)


def test_given_a_trace_then_its_beginning_and_its_end_are_shown() -> None:
    trace = (f'  File "setup.py", line {n}' for n in range(40))

    shown = told(("error: The build backend returned an error", *trace, "RuntimeError: boom")).lines

    assert (shown[0], shown[-1]) == ("error: The build backend returned an error", "RuntimeError: boom")


def test_given_what_the_agent_knows_for_certain_then_no_line_changes_it() -> None:
    known = Failure(code="source-too-large", message="m", hint="h", lines=("l",))

    assert explained(known, ["No space left on device"]) == known


def test_given_a_server_that_does_not_start_then_words_of_a_build_tell_nothing() -> None:
    lines = ("Could not resolve host: stats.example.org", "ERROR: No matching distribution found for x")

    assert told(lines, step="start the server", agent="server-silent").code == "server-silent"


def test_given_an_agent_that_sends_no_evidence_then_its_own_lines_stay() -> None:
    bare = Failure(code="cause-unknown", message="m", hint="h", lines=("a", "b"))

    assert explained(bare, []).lines == ("a", "b")


def test_given_words_that_no_row_knows_then_that_is_said() -> None:
    unknown = told(("the moon is in the wrong phase",), step="Run postbuild.sh")

    assert (unknown.code, "not say why" in unknown.message) == ("cause-unknown", True)
    assert unknown.lines == ("the moon is in the wrong phase",)


@given(st.lists(st.text(max_size=400), max_size=100), st.text(max_size=50))
def test_given_any_evidence_then_there_is_a_cause_with_a_hint_and_few_lines(
    lines: list[str], step: str
) -> None:
    found = explained(Failure(code="cause-unknown", message="m", hint="h", step=step), lines)

    assert all((found.code, found.message, found.hint, len(found.lines) <= 10))
