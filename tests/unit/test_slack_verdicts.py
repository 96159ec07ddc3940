"""What Slack's answers mean: the state of each line, and that whatever is not well says how to mend it."""

import pytest

from bot import slack_verdicts as verdicts
from bot.playground.block_shapes import check_blocks
from provisioning.checks import Finding, State

WANTED = ("chat:write", "commands")
URL = "https://your.host/slack/events"


@pytest.mark.parametrize(
    ("finding", "state", "word"),
    [
        pytest.param(verdicts.token({"bot_id": "B1", "user": "binderops", "team": "Lab"}), State.OK, "Lab", id="token"),
        pytest.param(verdicts.token({"user": "ada"}), State.FAIL, "person's", id="a person's token"),
        pytest.param(verdicts.token_refused("token_expired"), State.FAIL, "rotation", id="rotated token"),
        pytest.param(verdicts.token_refused("whatever"), State.FAIL, "xoxb-", id="refused for another reason"),
        pytest.param(verdicts.scopes("commands,chat:write", WANTED), State.OK, "all 2", id="scopes"),
        pytest.param(verdicts.scopes("commands", WANTED), State.FAIL, "lacks chat:write", id="one missing"),
        pytest.param(verdicts.scopes("chat:write,commands,admin", WANTED), State.WARN, "admin", id="one too many"),
        pytest.param(verdicts.scopes("", WANTED), State.FAIL, "commands", id="none"),
        pytest.param(verdicts.scopes(None, WANTED), State.UNKNOWN, "tell", id="scopes untold"),
        pytest.param(verdicts.plan_blocks(""), State.OK, "takes", id="plan"),
        pytest.param(verdicts.plan_blocks("invalid_message"), State.WARN, "sections", id="no plan"),
        pytest.param(verdicts.plan_blocks("unknown_method"), State.UNKNOWN, "unknown_method", id="plan untold"),
        pytest.param(verdicts.socket_refused("invalid_auth"), State.FAIL, "connections:write", id="app token"),
        pytest.param(verdicts.socket_refused("forbidden_team"), State.FAIL, "Socket Mode", id="no address"),
        pytest.param(verdicts.socket("wss://a.b/c", ""), State.OK, "a.b", id="socket"),
        pytest.param(verdicts.socket("wss://a.b/c", "TimeoutError"), State.FAIL, "443", id="socket out of reach"),
        pytest.param(verdicts.url(URL, 200, is_echoed=True), State.OK, URL, id="url"),
        pytest.param(verdicts.url(URL, 401, is_echoed=False), State.FAIL, "SIGNING", id="another secret"),
        pytest.param(verdicts.url(URL, 502, is_echoed=False), State.FAIL, "502", id="nobody behind the proxy"),
        pytest.param(verdicts.channels(["a", "b"], has_more=False), State.OK, "2: #a, #b", id="channels"),
        pytest.param(verdicts.channels(list("abcdefg"), has_more=True), State.OK, "7 or more: #a", id="many"),
        pytest.param(verdicts.channels([], has_more=False), State.WARN, "/invite", id="no channel"),
    ],
)  # fmt: skip
def test_given_an_answer_then_its_state_and_words(finding: Finding, state: State, word: str) -> None:
    assert finding.state is state
    assert word in finding.said + finding.mend
    assert bool(finding.mend) is (state in (State.FAIL, State.WARN))


def test_given_the_message_that_is_tried_then_it_is_a_good_one() -> None:
    assert check_blocks(verdicts.PLAN["blocks"], "message") == []
