"""Why it failed: a table from log lines to code, message, hint and the lines that matter. Pure.

Rules are tried from the most telling to the least: a full disk explains a failed install, never the other way round. What
no rule knows is said to be unknown. Add a rule only with a real log line beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Mapping, Sequence

_MOST_LINES = 10
_LEAST_LINES = 3
_LONGEST_LINE = 300
_TOLD_AT_THE_END = "package-build-failed"
_SAYS_NOTHING = re.compile(r"[━█]{3}|^\s*(?:\^+|~+|-+)\s*$|^Error during build: Command '\[")


@dataclass(frozen=True)
class Cause:
    """A failure as it is told. ``code`` has a section in docs/reference/failures.md."""

    code: str
    message: str
    hint: str
    lines: tuple[str, ...] = ()
    step: str = ""

    def as_json(self) -> Mapping[str, Any]:
        """As it stands in a report."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "lines": list(self.lines),
            "step": self.step,
        }


class FailedError(Exception):
    """The launch ends here."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(f"{cause.code}: {cause.message}")
        self.cause = cause


@dataclass(frozen=True)
class Rule:
    """One known failure. ``message`` may name the groups of the pattern."""

    cause: Cause
    pattern: re.Pattern[str]


def _rule(cause: Cause, *patterns: str) -> Rule:
    return Rule(cause=cause, pattern=re.compile("|".join(f"(?:{p})" for p in patterns), re.IGNORECASE))


RULES: tuple[Rule, ...] = (
    _rule(
        Cause("disk-full", "The disk is full.", "Choose a flavor with a larger disk, or install less."),
        r"no space left on device",
        r"disk quota exceeded",
        r"Errno 28\b",
    ),
    _rule(
        Cause(
            "out-of-memory",
            "The build ran out of memory and was killed.",
            "Choose a flavor with more memory.",
        ),
        r"exit code:? 137\b",
        r"^(?:.*\s)?Killed$",
        r"\bMemoryError\b",
        r"cannot allocate memory",
        r"signal: 9\b|SIGKILL",
        r"out of memory",
    ),
    _rule(
        Cause(
            "docker-not-ready",
            "Docker is not ready on this instance.",
            "This is not the repository's fault: press Retry. If it happens again, tell whoever runs the bot.",
        ),
        r"Cannot connect to the Docker daemon",
        r"'buildx' is not a docker command",
        r"buildx plugin must be installed",
        r"docker commandline client must be installed",
    ),
    _rule(
        Cause(
            "base-image-missing",
            "The image that the build starts from cannot be fetched.",
            "Check the name in the Dockerfile's FROM line; if it is right, its registry does not answer: press Retry.",
        ),
        r"failed to resolve source metadata for",
        r"pull access denied",
        r"manifest for .+ not found",
    ),
    _rule(
        Cause(
            "commit-gone",
            "The commit is not in the repository any more.",
            "It may have been replaced by a forced push: launch again with the branch's name.",
        ),
        r"not our ref",
        r"Server does not allow request for unadvertised object",
        r"couldn't find remote ref",
        r"reference is not a tree",
        r"Failed to check out ref",
    ),
    _rule(
        Cause(
            "repository-gone",
            "The repository cannot be read any more.",
            "It may have been deleted, renamed or made private. Check that it opens in a private browser window.",
        ),
        r"repository (?:'.*' )?not found",
        r"does not appear to be a git repository",
        r"could not read Username",
        r"Authentication failed",
        r"access denied or repository not exported",
    ),
    _rule(
        Cause(
            "version-not-found",
            "There is no {asked}: the package has other versions only.",
            "Ask for a version that exists, or leave the version out.",
        ),
        r"Because there (?:is|are) no versions? of (?P<a>[^ ,]+)",
        r"satisfies the requirement (?P<b>\S+) \(from versions: (?!none)",
    ),
    _rule(
        Cause(
            "package-not-found",
            "There is no package named {package}.",
            "Correct its name or version in the file that lists it.",
        ),
        r"Because (?P<a>\S+) was not found in the package registry",
        r"No matching distribution found for (?P<b>\S+)",
        r"nothing provides (?:requested )?(?P<d>\S+)",
        r"(?P<e>\S+) does not exist \(perhaps a typo",
        r"package .(?P<f>[\w.]+). is not available",
        r"Unable to locate package (?P<g>\S+)",
    ),
    _rule(
        Cause(
            "dependencies-conflict",
            "The packages that are asked for do not fit together.",
            "Loosen the versions in the file that lists them; the lines below say which ones exclude each other.",
        ),
        r"No solution found when resolving",
        r"ResolutionImpossible",
        r"conflicting dependencies",
        r"your requirements are unsatisfiable",
        r"UnsatisfiableError",
        r"libmamba.*Could not solve",
    ),
    _rule(
        Cause(
            "package-build-failed",
            "A package could not be compiled.",
            "Ask for a version that has a ready-made wheel, or add the compiler and libraries that it needs.",
        ),
        r"Failed to build [`'\w]",
        r"The build backend returned an error",
        r"Failed building wheel for",
        r"error: command '[^']*(?:gcc|g\+\+|cc|clang|rustc|cmake)[^']*' failed",
        r"fatal error: \S+\.h: No such file",
        r"subprocess-exited-with-error",
        r"Preparing metadata .*did not run successfully",
    ),
    _rule(
        Cause(
            "requirements-unreadable",
            "A file that lists packages cannot be read.",
            "Correct the line that is shown.",
        ),
        r"Couldn't parse requirement",
        r"Invalid requirement",
        r"error: Failed to parse",
    ),
    _rule(
        Cause(
            "network",
            "A server on the network did not answer.",
            "Press Retry in a few minutes. If it happens again, the instance's way to the internet may be closed.",
        ),
        r"Temporary failure in name resolution",
        r"Could not resolve host",
        r"Name or service not known",
        r"NameResolutionError",
        r"no such host",
        r"dns error",
        r"error sending request for url",
        r"Failed to (?:fetch|download)",
        r"Connection (?:refused|timed out|reset)",
        r"unable to access '",
        r"Network is unreachable",
        r"Could not connect to server",
        r"TLS handshake timeout",
        r"i/o timeout",
    ),
    _rule(
        Cause(
            "dockerfile-error",
            "The Dockerfile is not valid.",
            "Correct the line that is shown.",
        ),
        r"dockerfile parse error",
        r"unknown instruction",
        r"failed to read dockerfile",
        r"failed to calculate checksum of ref",
    ),
    _rule(
        Cause(
            "jupyter-missing",
            "There is no JupyterLab in what was built.",
            "Add jupyterlab to what the repository installs.",
        ),
        r"exec: \"jupyter(?:-lab)?\": executable file not found",
        r"jupyter(?:-lab)?: (?:command )?not found",
        r"No module named '?jupyter",
        r"Jupyter command `jupyter-lab` not found",
    ),
    _rule(
        Cause(
            "command-failed",
            "A command of the build failed.",
            "The lines below are its last words; correct it in the repository.",
        ),
        r"did not complete successfully: exit code: \d+",
        r"executor failed running .*exit code: \d+",
        r"Error during build:",
    ),
)


def unknown(step: str, lines: Sequence[str] = ()) -> Cause:
    """The honest answer where no rule knows."""
    return Cause(
        "cause-unknown",
        "It failed, and the log does not say why in words that are known here.",
        "The last lines are shown; the full log has the rest.",
        lines=_shortened(_said(lines)[-_MOST_LINES:]),
        step=step,
    )


def classify(lines: Sequence[str], step: str = "") -> Cause:
    """The cause that these lines tell, oldest first. ``step`` is what was done, in the words of the log."""
    said = _said(lines)
    for rule in RULES:
        for place in range(len(said) - 1, -1, -1):
            found = rule.pattern.search(said[place])
            if found:
                names = [group for group in found.groupdict().values() if group]
                asked = re.sub(r"[`'\",;]", "", names[0]) if names else "what was asked for"
                message = rule.cause.message.format(package=_bare(asked), asked=asked)
                at_end = rule.cause.code == _TOLD_AT_THE_END
                lines = _to_the_end(said, place) if at_end else _around(said, place)
                return replace(rule.cause, message=message, lines=lines, step=step)
    return unknown(step, said)


def _bare(name: str) -> str:
    return re.sub(r"(?<=.)[<>=!~\[(].*$", "", name)


def _said(lines: Sequence[str]) -> list[str]:
    """The lines that say something: no blanks, rules or progress bars, not the build tool's own command line."""
    return [line for line in lines if line.strip() and not _SAYS_NOTHING.search(line)]


def _around(lines: Sequence[str], place: int) -> tuple[str, ...]:
    """The line that told it, what led to it, and what followed: three to ten lines where there are as many."""
    start = max(0, min(place - 4, len(lines) - _LEAST_LINES))
    return _shortened(lines[start : start + _MOST_LINES])


def _to_the_end(lines: Sequence[str], place: int) -> tuple[str, ...]:
    """The line that told it and the last ones: a trace's last line says the most."""
    return _shortened([lines[place], *lines[max(place + 1, len(lines) - _MOST_LINES + 1) :]])


def _shortened(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…" for line in lines)
