"""The sentence about the time left. Coarse, and with a time of day: an edit is not made for it, so it has to stay true for a while."""

from datetime import timedelta

from bot import words
from bot.story.told import Told
from provisioning.estimate import Late, Left, Likeness

_MINUTE = timedelta(minutes=1)
# Between these minutes nobody plans differently.
_MARKS = (
    0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 90, 105, 120, 150, 180, 240, 300, 360,
)  # fmt: skip
_OF = {
    Likeness.COMMIT_AND_FLAVOR: " of this commit",
    Likeness.COMMIT: " of this commit",
    Likeness.REPOSITORY: " of this repository",
    Likeness.BUILDER_AND_FLAVOR: " that are built alike",
    Likeness.FLAVOR: " of this size",
    Likeness.ANY: "",
}


def sentence(told: Told) -> str:
    """How long it may take, and what that is taken from; empty where nothing is known."""
    match told.estimate:
        case Left() as left if told.estimated_at is not None:
            ready = words.clock(told.estimated_at + left.high)
            return f"{span(left)} left (ready by about {ready}), going by {_earlier(left, all_of='')}."
        case Late() as late:
            return f"It takes longer than {_earlier(late, all_of='all ')}."
        case _:
            return ""


def span(left: Left) -> str:
    """``About 3 to 6 minutes``; the ends are rounded away from each other."""
    low = max(mark for mark in _MARKS if mark * _MINUTE <= left.low)
    high = next((mark for mark in _MARKS if mark * _MINUTE >= left.high), None)
    if high is None:
        return f"More than {words.duration(low * _MINUTE)}"
    if low == 0:
        return f"Less than {words.duration(high * _MINUTE)}"
    if high < 60:
        return f"About {low} to {words.duration(high * _MINUTE)}"
    return f"About {words.duration(low * _MINUTE)} to {words.duration(high * _MINUTE)}"


def _earlier(said: Left | Late, *, all_of: str) -> str:
    of = _OF[said.likeness]
    return (
        f"the one earlier launch{of}"
        if said.launches == 1
        else f"{all_of}{said.launches} earlier launches{of}"
    )
