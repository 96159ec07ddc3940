"""When a channel gets a board."""

import pytest

from bot.story.board import is_crowded


@pytest.mark.parametrize(
    ("in_channel", "in_workspace", "has_board"),
    [
        pytest.param(10, 10, False, id="ten in one channel: their threads say it"),
        pytest.param(11, 11, True, id="more than ten"),
        pytest.param(10, 20, False, id="twenty in two channels"),
        pytest.param(3, 21, True, id="three where the workspace is crowded"),
        pytest.param(2, 100, False, id="two, however crowded the workspace"),
    ],
)
def test_given_so_many_live_builds_then_a_board_is_needed_or_not(
    *, in_channel: int, in_workspace: int, has_board: bool
) -> None:
    assert is_crowded(in_channel, in_workspace) is has_board
