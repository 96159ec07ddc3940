"""What follows from Slack's answers: set aside, later, or as Slack says."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.outbox.row import Claimed, RateLimited, Refused, Unknown
from bot.outbox.verdict import BACKOFF_LIMIT, FILE_APPEARS, Again, Done, backoff, judge
from tests.strategies import NOW

ROW = Claimed(
    key="k", team="T1", channel="C1", method="post", body={"text": "t", "blocks": []}, body_rev=3, ts=None, thread_ts=None,
    uncertain_since=None, posting_since=NOW, tries=0, error="", budget="post:T1:C1", lease=uuid.UUID(int=1),
    lease_until=NOW + timedelta(seconds=30), created_at=NOW,
)  # fmt: skip


@pytest.mark.parametrize(
    ("error", "tries", "is_set_aside"),
    [
        pytest.param("is_archived", 0, True, id="permanent"),
        pytest.param("empty-log", 0, True, id="a log without a line"),
        pytest.param("never_heard_of", 0, False, id="unknown at first"),
        pytest.param("never_heard_of", 30, True, id="unknown for hours"),
        pytest.param("token_revoked", 500, False, id="whoever runs the bot cures it"),
    ],
)
def test_given_a_refusal_then_only_what_nobody_cures_is_set_aside(
    error: str, tries: int, is_set_aside: bool
) -> None:
    verdict = judge(replace(ROW, tries=tries), Refused(error=error), NOW)

    assert isinstance(verdict, Done) is is_set_aside


def test_given_no_answer_to_a_post_then_the_next_try_knows_that_it_may_be_there() -> None:
    verdict = judge(ROW, Unknown(why="TimeoutError"), NOW)

    assert isinstance(verdict, Again)
    assert verdict.posting_since == NOW


def test_given_a_refused_post_then_the_next_try_need_not_look_for_it() -> None:
    verdict = judge(ROW, Refused(error="never_heard_of"), NOW)

    assert isinstance(verdict, Again)
    assert verdict.posting_since is None


def test_given_no_answer_to_a_file_then_it_is_looked_for_only_when_it_can_have_appeared() -> None:
    verdict = judge(replace(ROW, method="file"), Unknown(why="TimeoutError"), NOW)

    assert isinstance(verdict, Again)
    assert verdict.at == NOW + FILE_APPEARS


@pytest.mark.parametrize(
    ("method", "tries", "is_set_aside"),
    [
        pytest.param("file", 29, False, id="a file for a while"),
        pytest.param("file", 30, True, id="a file for hours"),
        pytest.param("post", 500, False, id="a message of the story waits for ever"),
    ],
)
def test_given_no_answer_again_and_again_then_only_a_file_is_set_aside(
    method: str, tries: int, is_set_aside: bool
) -> None:
    verdict = judge(replace(ROW, method=method, tries=tries), Unknown(why="TimeoutError"), NOW)

    assert isinstance(verdict, Done) is is_set_aside


@pytest.mark.parametrize(
    ("method", "minutes", "is_set_aside"),
    [
        pytest.param("respond", 29, False, id="an answer while its response_url lives"),
        pytest.param("respond", 30, True, id="an answer whose response_url is dead"),
        pytest.param("post", 300, False, id="a message of the story"),
    ],
)
def test_given_no_answer_for_so_long_then_only_what_is_said_to_one_person_is_given_up(
    method: str, minutes: int, is_set_aside: bool
) -> None:
    row = replace(ROW, method=method, tries=9)

    verdict = judge(row, Unknown(why="TimeoutError"), NOW + timedelta(minutes=minutes))

    assert isinstance(verdict, Done) is is_set_aside


@pytest.mark.parametrize("result", [Refused(error="token_revoked"), RateLimited(wait=timedelta(minutes=1))])
def test_given_an_old_answer_when_slack_says_later_then_it_is_sent_later(
    result: Refused | RateLimited,
) -> None:
    row = replace(ROW, method="respond", budget=None)

    assert isinstance(judge(row, result, NOW + timedelta(hours=1)), Again)


def test_given_ever_more_tries_then_the_wait_grows_up_to_its_limit() -> None:
    waits = [backoff(tries) for tries in range(40)]

    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(seconds=1), BACKOFF_LIMIT)
