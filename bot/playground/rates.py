"""Slack's rate limits: one bucket per method, for ``chat.postMessage`` one per channel. Pure but for what it remembers.

Tiers: docs.slack.dev/apis/web-api/rate-limits. A bucket holds a minute's calls, as Slack allows bursts;
``chat.postMessage`` holds a few, at one a second.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime

PER_MINUTE = {"t1": 1, "t2": 20, "t3": 50, "t4": 100}
POST_BURST = 4
POST_PER_SECOND = 1.0


@dataclass(slots=True, kw_only=True)
class _Bucket:
    level: float
    at: datetime


@dataclass(slots=True, kw_only=True)
class Rates:
    """The buckets of one workspace and app."""

    is_on: bool
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)

    def wait_for(self, method: str, tier: str, channel: str, now: datetime) -> int | None:
        """Take one call; None where it may go on, else the seconds of ``Retry-After``."""
        if not self.is_on:
            return None
        if method == "chat.postMessage":
            return self._take((method, channel), POST_BURST, POST_PER_SECOND, now)
        if tier not in PER_MINUTE:
            return None
        return self._take((method, ""), PER_MINUTE[tier], PER_MINUTE[tier] / 60, now)

    def _take(self, key: tuple[str, str], most: float, per_second: float, now: datetime) -> int | None:
        bucket = self._buckets.setdefault(key, _Bucket(level=most, at=now))
        passed = max(0.0, (now - bucket.at).total_seconds())
        bucket.level = min(most, bucket.level + passed * per_second)
        bucket.at = now
        if bucket.level < 1:
            return max(1, math.ceil((1 - bucket.level) / per_second))
        bucket.level -= 1
        return None
