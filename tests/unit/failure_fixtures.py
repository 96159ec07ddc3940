"""The logs of `tests/fixtures/failures`: each as the agent would report it and as the bot then tells it.

The file's name is the code, a ``+`` and a word where there are several. Comment lines first: ``# source:`` (where the words are from),
``# step:`` and ``# agent:`` (the code, where the agent knows one itself). ``» `` marks lines that people must be shown.
"""

from dataclasses import dataclass
from pathlib import Path

from provisioning.guest import causes
from provisioning.guest_reports import report_from_json
from provisioning.model import Failure

FOLDER = Path(__file__).parents[1] / "fixtures" / "failures"
_MARK = "» "
_REPORT = {"v": 1, "n": 1, "t": "2026-03-02T09:00:00.000Z", "phase": "failed", "msg": "It failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One of them, read."""

    name: str
    source: str
    step: str
    agent: str  # the code that the agent gives
    lines: tuple[str, ...]
    marked: tuple[str, ...]

    @property
    def code(self) -> str:
        """What it should be told as."""
        return self.name.partition("+")[0]

    def told(self) -> Failure:
        """The failure after the whole way: the agent's choice of evidence, the report, the bot's table."""
        return told(self.lines, step=self.step, agent=self.agent)


def told(lines: tuple[str, ...], *, step: str = "", agent: str = "cause-unknown") -> Failure:
    """What people are told where a program of the instance said these lines."""
    said = {**causes.unknown(lines, step).as_json(), "code": agent}
    failure = report_from_json({**_REPORT, "failure": said}).failure
    assert failure is not None
    return failure


def read(path: Path) -> Log:
    """One file."""
    head: dict[str, str] = {}
    rest = path.read_text().splitlines()
    while rest and rest[0].startswith("# ") and ": " in rest[0]:
        key, _, value = rest.pop(0)[2:].partition(": ")
        head[key] = value
    return Log(
        name=path.stem,
        source=head["source"],
        step=head.get("step", ""),
        agent=head.get("agent", "cause-unknown"),
        lines=tuple(line.removeprefix(_MARK) for line in rest),
        marked=tuple(line.removeprefix(_MARK) for line in rest if line.startswith(_MARK)),
    )


LOGS = tuple(read(path) for path in sorted(FOLDER.glob("*.log")))
