"""From the lines that an instance sent as evidence to a cause, and to the few lines that matter. Pure.

Strangers write these lines: they are few and short (`provisioning.guest_link` cuts them), and no pattern nests repetitions.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from provisioning.failures.cause import Cause, Shown, Stage, compiled
from provisioning.failures.table import CAUSES
from provisioning.model import Failure

# What the agent says where it leaves the cause to us, and where it knows a part only.
_OPEN = frozenset({"cause-unknown", "server-did-not-start", "server-silent"})
_UNKNOWN = "It failed, and the log does not say why in words that are known here."
_UNKNOWN_HINT = "The last lines are shown; the full log has the rest."
_MOST_LINES = 10
_LEAST_LINES = 3
_BEFORE = 4
_LONGEST_NAME = 100
_NAMELESS = "what was asked for"
_STARTING = "start the server"
_BUILDKIT = re.compile(r"^#\d+ (?:\d+\.\d+ )?|^\d+\.\d+ (?=\S)")
_SAYS_NOTHING = re.compile(
    r"^\s*$|[\u2501\u2588]{3}|^\s*[\^~-]+\s*$|^Error during build: Command '\[|^(?:DONE|CACHED|CANCELED)\b|^time: \d"
    r"|^(?:transferring|sha256:|extracting|exporting|resolve \S+@sha256)|^\[internal\] load (?:\.|build|remote)|^ > \["
)
_PASSING = re.compile(r"Retry\(total=[1-9]")  # a try that was followed by another
_AT = re.compile(r"^Dockerfile\S*:(\d+)$")
_WRITTEN_BY_HAND = "Using DockerBuildPack builder"  # any other builder makes a Dockerfile that nobody knows
_PATTERNS = tuple(
    (cause, tuple(compiled(p) for p in cause.evidence), compiled(cause.step) if cause.step else None)
    for cause in CAUSES
)


def explained(failure: Failure, evidence: Sequence[str]) -> Failure:
    """The failure with its cause, words and lines where the evidence tells them; else as it was, with lines.

    What the agent knows for certain, such as a time limit, keeps its words.
    """
    if failure.code not in _OPEN:
        return replace(failure, lines=tuple(said(failure.lines)))
    lines = said(evidence)
    stage = _stage(failure.step)
    telling = [n for n, line in enumerate(lines) if not _PASSING.search(line)]
    for cause, patterns, step in _PATTERNS:
        if stage not in cause.stages:
            continue
        found = [(n, hit) for n in telling for p in patterns if (hit := p.search(lines[n]))]
        if found:
            return _told(failure, cause, lines, found)
        if step is not None and step.search(failure.step):
            return _with(failure, cause, lines[-_MOST_LINES:] or failure.lines)
    shown = replace(failure, lines=tuple(lines[-_MOST_LINES:]) or failure.lines)
    return replace(shown, message=_UNKNOWN, hint=_UNKNOWN_HINT) if failure.code == "cause-unknown" else shown


def said(evidence: Iterable[str]) -> list[str]:
    """The lines that say something, once each, without BuildKit's numbers: it repeats the end of what failed."""
    found: dict[str, None] = {}
    for line in evidence:
        text = _BUILDKIT.sub("", line.rstrip())
        if not _SAYS_NOTHING.search(text):
            found.setdefault(text)
    return list(found)


def _told(
    failure: Failure, cause: Cause, lines: Sequence[str], found: Sequence[tuple[int, re.Match[str]]]
) -> Failure:
    """The cause in the words of the first hit that names something."""
    groups = [hit.groupdict() for _, hit in found]
    what = next((g["what"] for g in groups if g.get("what")), "")
    line = next((g["line"] for g in groups if g.get("line")), "") or _line_of_dockerfile(lines)
    place = found[-1 if cause.shown is Shown.LAST else 0][0]
    shown = _to_the_end(lines, place) if cause.shown is Shown.END else _around(lines, place)
    return _with(failure, cause, shown, what=what, line=line)


def _with(failure: Failure, cause: Cause, shown: Sequence[str], *, what: str = "", line: str = "") -> Failure:
    asked = re.sub(r"[`'\",;\u2018\u2019]", "", what)[:_LONGEST_NAME]
    message = cause.message.format(
        what=asked or _NAMELESS,
        name=_bare(asked) or _NAMELESS,
        more=f": {asked}" if asked else "",
        at=f": line {line}" if line else "",
    )
    return replace(failure, code=cause.code, message=message, hint=cause.hint, lines=tuple(shown))


def _around(lines: Sequence[str], place: int) -> Sequence[str]:
    """The line that told it, what led to it, and what followed: three to ten lines where there are as many."""
    start = max(0, min(place - _BEFORE, len(lines) - _LEAST_LINES))
    return lines[start : start + _MOST_LINES]


def _to_the_end(lines: Sequence[str], place: int) -> Sequence[str]:
    """The line that told it, and the last ones."""
    return [lines[place], *lines[max(place + 1, len(lines) - _MOST_LINES + 1) :]]


def _bare(name: str) -> str:
    return re.sub(r"(?<=.)[<>=!~\[(*].*$", "", name)


def _line_of_dockerfile(lines: Sequence[str]) -> str:
    if _WRITTEN_BY_HAND not in lines:
        return ""
    return next((hit[1] for hit in map(_AT.match, reversed(lines)) if hit), "")


def _stage(step: str) -> Stage:
    if step == _STARTING:
        return Stage.START
    return Stage.FETCH if step == "fetch" or step.startswith("git ") else Stage.BUILD
