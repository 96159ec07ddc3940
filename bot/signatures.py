"""Whether a request comes from Slack. Pure.

Source: docs.slack.dev/authentication/verifying-requests-from-slack.
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from enum import StrEnum

LONGEST_AGE = timedelta(minutes=5)


class Seal(StrEnum):
    """What a request's signature says."""

    GOOD = "good"
    MISSING = "missing"  # a header is not there
    STALE = "stale"  # its time is more than `LONGEST_AGE` away: a replay, or a clock that goes wrong
    WRONG = "wrong"  # signed with another secret, or changed on its way


def seal_of(body: bytes, *, timestamp: str, signature: str, secret: str, now: datetime) -> Seal:
    """Judge the raw ``body``, before anything has read it. An empty ``secret`` seals nothing."""
    if not (timestamp and signature and secret):
        return Seal.MISSING
    # At most eleven plain digits: int() takes other alphabets' digits too, and a far future is no datetime.
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 11):
        return Seal.WRONG
    said = b"v0:" + timestamp.encode() + b":" + body
    wanted = "v0=" + hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), signature.encode(errors="replace")):
        return Seal.WRONG
    age = now - datetime.fromtimestamp(int(timestamp), UTC)
    return Seal.STALE if abs(age) > LONGEST_AGE else Seal.GOOD
