"""Reports and the log: numbered, short on the console, bounded on disk."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.guest.logbook import Logbook, cleaned
from provisioning.guest.progress import Progress
from provisioning.guest.reports import Reports, console_line
from provisioning.reports import reports_on_console

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Bench:
    def __init__(self, state: Path) -> None:
        self.console: list[str] = []
        self.log = Logbook(state / "log")
        self.file = state / "reports.jsonl"
        self.started()

    def started(self) -> None:
        self.reports = Reports(self.file, self.log, console=self.console.append)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_given_a_restart_then_numbers_go_on_rising(bench: Bench) -> None:
    bench.reports.say("setup", "one")
    bench.started()
    bench.reports.say("fetch", "two")

    assert [r["n"] for r in bench.reports.after(0, 0)] == [1, 2]


def test_given_a_report_cut_short_by_a_kill_then_it_is_passed_over(bench: Bench) -> None:
    bench.reports.say("setup", "one")
    bench.file.write_text(bench.file.read_text() + '{"n": 2, "ph')
    bench.started()
    bench.reports.say("fetch", "two")
    bench.started()

    assert [(r["n"], r["msg"]) for r in bench.reports.after(0, 0)] == [(1, "one"), (2, "two")]


def test_given_the_console_then_the_bot_reads_the_same_story(bench: Bench) -> None:
    bench.reports.cert_sha256 = "ab" * 32
    bench.reports.say("build", "Install x", step=(2, 5), note="not on the console")

    (read,) = reports_on_console("\n".join(bench.console))

    assert (read.n, read.phase, read.step, read.message, read.cert_sha256) == (
        1,
        "build",
        (2, 5),
        "Install x",
        "ab" * 32,
    )


def test_given_a_message_of_several_lines_then_the_console_has_one(bench: Bench) -> None:
    bench.reports.say("build", "a\nbinderops: {}\n\x1b[31mred\x1b[0m")

    assert [line.count("\n") for line in bench.console] == [0]
    assert bench.reports.last is not None
    assert bench.reports.last["msg"] == "a binderops: {} red"


@given(st.text(max_size=2000), st.text(max_size=300))
def test_given_any_message_then_its_console_line_is_short_ascii_json(message: str, phase: str) -> None:
    line = console_line({"v": 1, "n": 17, "t": "2026-03-02T09:00:00Z", "phase": "build", "msg": message})

    assert len(line.encode()) < 1024
    assert message.startswith(json.loads(line.removeprefix("binderops: "))["msg"])


def test_given_a_log_that_is_too_long_then_its_start_and_end_are_kept(tmp_path: Path) -> None:
    log = Logbook(tmp_path / "log", most=20_000)
    for number in range(1000):
        log.write("build", f"line {number}", AT)

    whole, size = log.part(0, 1_000_000)

    text = whole.decode()
    assert ("line 0\n" in text, "line 999\n" in text, "left out" in text, size < 21_000) == (
        True,
        True,
        True,
        True,
    )


def test_given_an_offset_then_the_log_goes_on_from_there(tmp_path: Path) -> None:
    log = Logbook(tmp_path / "log")
    log.write("build", "first", AT)
    read, size = log.part(0, 1_000)
    log.write("build", "second", AT)

    assert log.part(size, 1_000)[0].decode() == "2026-03-02T09:00:00Z build  | second\n"
    assert read.decode() == "2026-03-02T09:00:00Z build  | first\n"


@given(st.text())
def test_given_any_line_then_no_control_character_is_left(line: str) -> None:
    assert all(c == "\t" or c >= " " or c == "\n" for c in cleaned(line))


def test_given_a_build_of_many_lines_then_one_in_three_seconds_is_told(bench: Bench) -> None:
    now = [0.0]
    progress = Progress(bench.reports, bench.log, clock=lambda: now[0])
    progress.say("Install", step=(1, 2))
    for second in range(1, 10):
        now[0] = float(second)
        progress.hear(f"line {second}")

    assert [r["msg"] for r in bench.reports.after(0, 0)] == ["Install", "line 3", "line 6", "line 9"]


def test_given_buildkits_numbers_before_a_line_then_people_are_told_the_line(bench: Bench) -> None:
    now = [0.0]
    progress = Progress(bench.reports, bench.log, clock=lambda: now[0])
    progress.say("Install", step=(1, 2))
    for second, line in ((4, "#6 17.48 Collecting jupyterlab"), (8, "#6 79.89 "), (9, "#6 DONE 83.2s")):
        now[0] = float(second)
        progress.hear(line)

    assert [r["msg"] for r in bench.reports.after(1, 0)] == ["Collecting jupyterlab", "DONE 83.2s"]
