"""The board: where many build at once in a channel, one message that carries everyone's progress."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot import blocks, words
from bot.story.progress import build_step
from provisioning.model import Binder, Report

_MANY = 10  # live builds of a channel: up to so many, the threads alone say it
#: Of a workspace, whose channels share Slack's budget for edits: with more, threads fall behind in every channel.
_MANY_EVERYWHERE = 20
_FEWEST = 3  # of a channel that a board is worth its message
_MOST_LINES = 60
_LINES_A_SECTION = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A channel's live builds, oldest first."""

    builds: tuple[tuple[Binder, Report | None], ...]
    is_posted: bool  # only then are owners named: a mention in a new message would call everybody at once


def is_crowded(in_channel: int, in_workspace: int) -> bool:
    """Whether so many live builds need a board in this channel."""
    return in_channel > _MANY or (in_channel >= _FEWEST and in_workspace > _MANY_EVERYWHERE)


def draw_board(board: Board) -> dict[str, object]:
    """The body of the board's message."""
    count = len(board.builds)
    if not count:
        text = "All builds are done: each thread says how it went."
        return {"text": text, "blocks": [blocks.section(f"*Done*: {text}")], "closed": True}
    text = f"Building: {count} {'environment' if count == 1 else 'environments'} in this channel."
    lines = [_line(board, binder, report) for binder, report in board.builds[:_MOST_LINES]]
    groups = [lines[n : n + _LINES_A_SECTION] for n in range(0, len(lines), _LINES_A_SECTION)]
    drawn = [blocks.section(f"*Building*: {text.removeprefix('Building: ')}"), *map(_section, groups)]
    if count > _MOST_LINES:
        drawn.append(blocks.context(f"and {count - _MOST_LINES} more"))
    return {"text": text, "blocks": drawn, "closed": False}


def _section(lines: Sequence[str]) -> blocks.Block:
    return blocks.section("\n".join(lines))


def _line(board: Board, binder: Binder, report: Report | None) -> str:
    step = build_step([report]) if report else ""
    state = f"{words.state(binder)}, {step}" if step else words.state(binder)
    whose = f" for {words.mention(binder.owner)}" if board.is_posted else ""
    return f"\u2022 {state}: {words.subject(binder)}{whose}"
