"""Only Slack's own, fresh requests pass. The signatures are made by Slack's SDK."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.signature import SignatureVerifier

from bot.signatures import Seal, seal_of

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BODY = "command=%2Fbinder&text=org%2Frepo"
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


def signed(body: str = BODY, *, secret: str = SECRET, age: timedelta = timedelta()) -> tuple[str, str]:
    """Timestamp and signature of a request that was made ``age`` ago."""
    timestamp = str(int((NOW - age).timestamp()))
    made = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
    assert made is not None
    return timestamp, made


def judged(timestamp: str, signature: str, body: bytes = BODY.encode(), secret: str = SECRET) -> Seal:
    return seal_of(body, timestamp=timestamp, signature=signature, secret=secret, now=NOW)


@pytest.mark.parametrize(
    ("age", "seal"),
    [
        pytest.param(timedelta(), Seal.GOOD, id="now"),
        pytest.param(timedelta(minutes=5), Seal.GOOD, id="five minutes"),
        pytest.param(timedelta(minutes=5, seconds=1), Seal.STALE, id="a second more"),
        pytest.param(timedelta(minutes=-5, seconds=-1), Seal.STALE, id="from the future"),
    ],
)
def test_given_a_signed_request_when_judged_then_its_age_decides(age: timedelta, seal: Seal) -> None:
    assert judged(*signed(age=age)) is seal


def test_given_another_secret_when_judged_then_it_is_wrong() -> None:
    assert judged(*signed(secret="another")) is Seal.WRONG


def test_given_a_changed_body_when_judged_then_it_is_wrong() -> None:
    assert judged(*signed(), body=BODY.encode() + b"x") is Seal.WRONG


def test_given_a_timestamp_that_was_moved_to_now_when_judged_then_it_is_wrong() -> None:
    _, old = signed(age=timedelta(hours=1))

    assert judged(signed()[0], old) is Seal.WRONG


@pytest.mark.parametrize(
    ("timestamp", "signature", "secret"),
    [
        pytest.param("", signed()[1], SECRET, id="no time"),
        pytest.param(signed()[0], "", SECRET, id="no signature"),
        pytest.param(*signed(), "", id="no secret"),
    ],
)
def test_given_something_missing_when_judged_then_it_says_so(
    timestamp: str, signature: str, secret: str
) -> None:
    assert judged(timestamp, signature, secret=secret) is Seal.MISSING


@given(st.binary(), st.text(min_size=1), st.text(min_size=1))
def test_given_anything_unsigned_when_judged_then_it_is_never_good(
    body: bytes, timestamp: str, signature: str
) -> None:
    assert judged(timestamp, signature, body=body) is Seal.WRONG
