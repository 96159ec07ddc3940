"""What the agent picks from a log: few lines, among them those that may tell the cause."""

from hypothesis import given
from hypothesis import strategies as st

from provisioning.guest import causes


def test_given_a_program_that_failed_then_its_last_lines_are_told() -> None:
    cause = causes.unknown([f"line {n}" for n in range(50)], "Run postBuild")

    assert (cause.code, cause.step, cause.lines[-1], len(cause.lines)) == (
        "cause-unknown",
        "Run postBuild",
        "line 49",
        10,
    )


def test_given_a_telling_line_in_the_middle_then_it_is_evidence_with_its_neighbours() -> None:
    lines = [*(f"a {n}" for n in range(99)), "fatal: broken", *(f"b {n}" for n in range(99))]

    assert causes.evidence(lines)[:5] == ("a 97", "a 98", "fatal: broken", "b 0", "b 1")


def test_given_nothing_but_telling_lines_then_the_first_and_the_last_are_evidence() -> None:
    found = causes.evidence([f"error {n}" for n in range(400)])

    assert (len(found), found[0], found[29], found[30], found[-1]) == (
        80, "error 0", "error 29", "error 350", "error 399",
    )  # fmt: skip


def test_given_progress_bars_and_rules_then_they_are_no_evidence() -> None:
    assert causes.evidence(["-----", "━━━━━ 3.1/9.2 MB", "  ^^^^", "", "error: x"]) == ("error: x",)


@given(st.lists(st.text(), max_size=200), st.text())
def test_given_any_log_then_what_is_sent_is_bounded(lines: list[str], step: str) -> None:
    cause = causes.unknown(lines, step)

    assert (len(cause.lines) <= 10, len(cause.evidence) <= 80) == (True, True)
    assert all(len(line) <= 300 for line in (*cause.lines, *cause.evidence))
