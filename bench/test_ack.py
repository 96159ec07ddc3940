"""The load is the same for every app and signed as Slack signs; what its acks say is judged rightly."""

from urllib.parse import parse_qs

import pytest
from slack_sdk.signature import SignatureVerifier

from bench.ack_figures import Side, report
from bench.load import LAUNCH, MIX, Heard, Load, fault, request, schedule

LOAD = Load(
    url="", secret="s3cret", rate=50, count=100, repo="http://repo", people=["U1", "U2"], channels=["C1"]
)


def side(name: str, acks_s: list[float], unanswered: int = 0) -> Side:
    heard = Heard(acks_s={LAUNCH: acks_s}, unanswered=unanswered)
    return Side(name=name, heard=heard, took_s=10, most_mib=50, cpu_s=1, transactions=100)


def test_given_a_rate_when_scheduled_then_each_command_has_its_time_beforehand() -> None:
    assert [due.at for due in schedule(LOAD)] == [n / 50 for n in range(100)]


def test_given_blocks_of_words_when_scheduled_then_each_block_has_all_of_them() -> None:
    words = [due.word for due in schedule(LOAD)]

    assert all(sorted(words[n : n + len(MIX)]) == sorted(MIX) for n in range(0, 100, len(MIX)))


def test_given_a_command_when_signed_then_slacks_own_check_takes_it() -> None:
    body, headers = request(next(schedule(LOAD)), LOAD, "http://sink", "1700000000")

    verifier = SignatureVerifier("s3cret", clock=_Clock())
    assert verifier.is_valid_request(body, headers)


def test_given_two_commands_then_neither_is_taken_for_the_others_redelivery() -> None:
    bodies = [request(due, LOAD, "http://sink", "1700000000")[0] for due in schedule(LOAD)]

    assert len({parse_qs(body)["trigger_id"][0] for body in bodies}) == 100


@pytest.mark.parametrize(
    ("status", "text", "found"),
    [
        pytest.param(200, "", "", id="nothing said"),
        pytest.param(200, "taken", "", id="bare text"),
        pytest.param(200, '{"text": "*Looking* at it"}', "", id="taken with words"),
        pytest.param(200, '{"text": "*Try again*: no database"}', "Try again", id="not taken, in words"),
        pytest.param(500, "", "status 500", id="broken"),
    ],
)
def test_given_an_ack_then_it_is_known_whether_the_command_was_taken(
    status: int, text: str, found: str
) -> None:
    assert fault(status, text) == found


def test_given_a_load_or_what_came_of_it_when_written_then_it_reads_back() -> None:
    heard = Heard(acks_s={"list": [0.1]}, answers_s=[0.2], not_taken={"status 500": 1})

    assert Heard.read(heard.written()) == heard
    assert Load.read(LOAD.written()).written() == LOAD.written()


@pytest.mark.parametrize(
    ("acks_s", "verdict"),
    [pytest.param([0.3], "held", id="at the target"), pytest.param([0.31], "missed", id="above it")],
)
def test_given_both_sides_when_reported_then_the_bots_p99_decides(acks_s: list[float], verdict: str) -> None:
    assert report(side("bot", acks_s), side("plain", [9])).endswith(f"or less: {verdict})")


def test_given_both_sides_when_reported_then_ratios_are_the_plain_apps_to_the_bots() -> None:
    assert "   10.00  ack p99, ms (1000.0 : 100.0)" in report(side("bot", [0.1]), side("plain", [1]))


def test_given_a_missing_answer_then_a_side_is_not_good() -> None:
    assert not side("bot", [0.1], unanswered=1).is_good


class _Clock:
    def now(self) -> float:
        return 1700000000.0
