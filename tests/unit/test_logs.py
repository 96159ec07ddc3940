"""A log line: what it says, what it says of itself, and what it never says."""

import json
import logging
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import Json, KeyValue, configure, fields_of
from provisioning.log_context import bound

DUSK = 1_772_442_000.123


def record(message: str, *arguments: object, name: str = "bot.desk") -> logging.LogRecord:
    made = logging.LogRecord(name, logging.WARNING, "f.py", 1, message, arguments, None)
    made.created, made.msecs = DUSK, 123.0
    return made


@pytest.fixture
def own_logging() -> Iterator[None]:
    """Whatever a test sets up for the process is taken back."""
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    asyncio_level = logging.getLogger("asyncio").level
    yield
    root.handlers, root.level, sys.excepthook = handlers, level, hook
    logging.getLogger("asyncio").setLevel(asyncio_level)
    logging.captureWarnings(capture=False)


@pytest.mark.parametrize(
    ("message", "arguments", "line"),
    [
        pytest.param("lost binder=%s n=%d", ("a", 3), "lost binder=a n=3", id="keys"),
        pytest.param("waits code=%s message=%s", ("c", "It is away."), 'waits code=c message="It is away."', id="words"),
        pytest.param("waits why=%s", ('a "b"\nc',), r'waits why="a \"b\"\nc"', id="quotes and lines"),
        pytest.param("alone leases=freed", (), "alone leases=freed", id="a fixed value"),
        pytest.param("waits why=%s", ("",), 'waits why=""', id="nothing"),
        pytest.param("Failed to %s\nx=1", ("go",), r"Failed to go\nx=1", id="another's sentence"),
    ],
)  # fmt: skip
def test_given_a_line_when_written_as_text_then_its_values_cannot_be_mistaken_for_keys_or_lines(
    message: str, arguments: tuple[object, ...], line: str
) -> None:
    written = KeyValue().format(record(message, *arguments))

    assert written == f"2026-03-02T09:00:00.123Z level=warning logger=bot.desk {line}"


def test_given_a_line_of_ours_when_written_as_json_then_each_key_is_one() -> None:
    written = json.loads(Json().format(record("loop-waits loop=%s message=%s", "desk", "It is away.")))

    assert written == {
        "time": "2026-03-02T09:00:00.123Z", "level": "warning", "logger": "bot.desk",
        "event": "loop-waits", "loop": "desk", "message": "It is away.",
    }  # fmt: skip


def test_given_anothers_line_when_written_as_json_then_it_is_the_message() -> None:
    written = json.loads(Json().format(record("Failed to %s", "go", name="slack_sdk")))

    assert (written["message"], "event" in written) == ("Failed to go", False)


@pytest.mark.parametrize("form", [KeyValue(), Json()], ids=["text", "json"])
def test_given_ids_of_the_work_at_hand_when_logged_then_they_are_told_once(form: logging.Formatter) -> None:
    with bound(binder="aaaa", intent=7):
        written = form.format(record("lost binder=%s", "aaaa"))

    assert written.count("aaaa") == 1
    assert "7" in written


def test_given_ids_when_the_work_is_over_then_they_are_gone() -> None:
    with bound(binder="aaaa"):
        pass

    assert "aaaa" not in KeyValue().format(record("lost"))


@given(st.text(), st.text())
def test_given_any_words_when_written_then_text_is_one_line_and_json_reads_back(one: str, two: str) -> None:
    made = record("lost one=%s two=%s", one, two)

    assert len(KeyValue().format(made).split("\n")) == 1
    assert set(json.loads(Json().format(made))) == {"time", "level", "logger", "event", "one", "two"}


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("lost one=%s", id="too few values"),
        pytest.param("Lost one", id="a sentence"),
        pytest.param("lost one=%s%s", id="two in one"),
    ],
)
def test_given_a_line_that_is_not_of_our_shape_then_it_has_no_keys(message: str) -> None:
    made = record(message, "a", "b")

    assert fields_of(made) is None


@pytest.mark.usefixtures("own_logging")
@pytest.mark.parametrize("form", ["text", "json"])
def test_given_a_secret_in_a_trace_when_logged_then_it_is_masked_too(
    capsys: pytest.CaptureFixture[str], form: str
) -> None:
    configure(is_quiet=False, form=form)
    try:
        int("xoxb-planted")
    except ValueError:
        logging.getLogger("test").exception("broke")

    said = capsys.readouterr().err
    assert "ValueError: " in said
    assert "planted" not in said


@pytest.mark.usefixtures("own_logging")
def test_given_an_error_that_nobody_catches_when_the_process_ends_then_it_is_a_masked_log_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(is_quiet=True, form="json")

    sys.excepthook(ValueError, ValueError("xoxb-planted"), None)

    said = json.loads(capsys.readouterr().err)
    assert (said["event"], said["level"]) == ("process-broke", "critical")
    assert "planted" not in said["trace"]
