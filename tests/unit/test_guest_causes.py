"""Why a build failed, by real lines."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.guest import buildkit, causes

LOGS = Path(__file__).with_name("fixtures") / "repo2docker"


NO_SOLUTION = "error: No solution found when resolving dependencies"  # uv 0.9 and newer


def lines_of(name: str) -> list[str]:
    text = (LOGS / f"{name}.jsonl").read_text()
    return [said.text for line in text.splitlines() for said in buildkit.parse(line)]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("base-image-unreachable", "network"),
        ("buildx-missing", "docker-not-ready"),
        ("conda-buildpack-local-base", "command-failed"),
        ("dockerd-down", "docker-not-ready"),
        ("dockerfile-exit-137", "out-of-memory"),
        ("dockerfile-pip-package-missing", "package-not-found"),
        ("dockerfile-syntax", "dockerfile-error"),
        ("git-host-unknown", "network"),
        ("ref-missing", "commit-gone"),
        ("repository-missing", "repository-gone"),
    ],
)
def test_given_a_log_of_repo2docker_then_its_cause_is_known(name: str, code: str) -> None:
    cause = causes.classify(lines_of(name))

    assert (cause.code, 1 <= len(cause.lines) <= 10) == (code, True)


@pytest.mark.parametrize(
    ("lines", "code", "message"),
    [
        pytest.param(
            [NO_SOLUTION,
             "  cause: Because no-such was not found in the package registry and you require no-such==1,",
             "      we can conclude that your requirements are unsatisfiable."],
            "package-not-found", "There is no package named no-such.", id="uv, no such package",
        ),
        pytest.param(
            [NO_SOLUTION,
             "  cause: Because there is no version of six==99 and you require six==99, we can conclude that your",
             "      requirements are unsatisfiable."],
            "version-not-found", "There is no six==99: the package has other versions only.", id="uv, no such version",
        ),
        pytest.param(
            [NO_SOLUTION,
             "  cause: Because a==1 depends on b<2 and you require b>=2, we can conclude that a==1 cannot be used."],
            "dependencies-conflict", "The packages that are asked for do not fit together.", id="uv, conflict",
        ),
        pytest.param(
            ["ERROR: Could not find a version that satisfies the requirement six==99 (from versions: 1.0, 1.1)",
             "ERROR: No matching distribution found for six==99"],
            "version-not-found", "There is no six==99: the package has other versions only.", id="pip, no such version",
        ),
        pytest.param(
            ["ERROR: No matching distribution found for pandsa>=2"],
            "package-not-found", "There is no package named pandsa.", id="pip, a typing mistake",
        ),
        pytest.param(
            ["Building wheels", "error: command 'gcc' failed: No such file or directory", "ERROR: Failed building wheel for x"],
            "package-build-failed", "A package could not be compiled.", id="no compiler",
        ),
        pytest.param(
            ["ERROR: Failed building wheel for x", "OSError: [Errno 28] No space left on device"],
            "disk-full", "The disk is full.", id="a full disk explains the rest",
        ),
        pytest.param(
            ["./postBuild: line 3:   812 Killed"], "out-of-memory",
            "The build ran out of memory and was killed.", id="killed",
        ),
        pytest.param(
            ["error: Request failed after 3 retries",
             "  Caused by: Failed to fetch: `https://index.example/simple/six/`",
             "  Caused by: dns error: failed to lookup address information"],
            "network", "A server on the network did not answer.", id="uv, no network",
        ),
        pytest.param(
            ["error: Server does not allow request for unadvertised object 1111"], "commit-gone",
            "The commit is not in the repository any more.", id="git, no such commit",
        ),
        pytest.param(
            ["fatal: could not read Username for 'https://example.org': terminal prompts disabled"],
            "repository-gone", "The repository cannot be read any more.", id="git, private now",
        ),
        pytest.param(
            ['exec: "jupyter": executable file not found in $PATH'], "jupyter-missing",
            "There is no JupyterLab in what was built.", id="no Jupyter",
        ),
        pytest.param(
            ["error: Couldn't parse requirement in `requirements.txt` at position 0"], "requirements-unreadable",
            "A file that lists packages cannot be read.", id="uv, no requirement",
        ),
    ],
)  # fmt: skip
def test_given_the_words_of_a_tool_then_its_cause_is_known(lines: list[str], code: str, message: str) -> None:
    cause = causes.classify(lines)

    assert (cause.code, cause.message) == (code, message)


def test_given_words_that_no_rule_knows_then_it_is_said_honestly_with_the_last_lines() -> None:
    cause = causes.classify([f"line {n}" for n in range(50)], "Run postBuild")

    assert (cause.code, cause.step, cause.lines[-1], len(cause.lines)) == (
        "cause-unknown",
        "Run postBuild",
        "line 49",
        10,
    )


def test_given_a_package_that_breaks_while_it_is_built_then_the_end_of_its_trace_is_shown() -> None:
    trace = [f'  File "setup.py", line {n}' for n in range(40)]

    cause = causes.classify(["error: The build backend returned an error", *trace, "RuntimeError: boom"])

    assert (cause.code, cause.lines[0][:20], cause.lines[-1]) == (
        "package-build-failed", "error: The build bac", "RuntimeError: boom",
    )  # fmt: skip


def test_given_a_cause_in_the_middle_of_a_log_then_the_lines_around_it_are_the_ones_that_matter() -> None:
    lines = (
        [f"before {n}" for n in range(20)] + ["ERROR: No matching distribution found for x"] + ["after"] * 20
    )

    found = causes.classify(lines).lines

    assert (found[4], len(found)) == ("ERROR: No matching distribution found for x", 10)


@given(st.lists(st.text(), max_size=30), st.text())
def test_given_any_log_then_it_has_a_cause_with_a_hint_and_few_lines(lines: list[str], step: str) -> None:
    cause = causes.classify(lines, step)

    assert all((cause.code, cause.message, cause.hint, len(cause.lines) <= 10))
    assert all(len(line) <= 300 for line in cause.lines)
