"""What Slack should show of a binder, drawn from what happened to it. Pure: the same story gives the same messages.

`draw` knows no clock and no outbox: it can be called again after a crash, and an unchanged story changes nothing. A
message is named by its slot; attempts after the first have slots of their own, since an edit notifies nobody.
"""

from bot import words
from bot.story import ended, failed, notes, private, progress, ready, root, warnings
from bot.story.board import Board, draw_board
from bot.story.retiring import retired
from bot.story.told import Message, Told, is_public, key_of

__all__ = ["Board", "Message", "Told", "draw", "draw_board", "is_public", "key_of", "retired", "words"]


def draw(told: Told) -> tuple[Message, ...]:
    """All messages that a binder should have now, in the order in which they are posted.

    Nothing reaches the channel before there is a plan that somebody agreed to: a mistake is its author's alone.
    """
    if not is_public(told.binder):
        return (*private.draw(told), *notes.draw(told))
    parts = (root, progress, ready, warnings, failed, notes, ended)
    return tuple(message for part in parts for message in part.draw(told))
