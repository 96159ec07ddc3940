"""The page of typical mistakes says what the program says."""

import pytest

from bot.grammar import parse
from tests.unit.typical_mistakes import MISTAKES, OFFERS, PAGE, page, refusal


def test_given_the_program_then_the_page_shows_what_it_answers() -> None:
    assert PAGE.read_text() == page(), "write it anew: python -m tests.unit.typical_mistakes"


def test_given_the_page_then_it_has_twenty_mistakes_of_many_kinds() -> None:
    codes = {refusal(typed).code for _, typed, _ in MISTAKES}

    assert (len(MISTAKES), len(codes) >= 15) == (20, True)


@pytest.mark.parametrize("typed", [typed for _, typed, _ in MISTAKES])
def test_given_a_mistake_then_a_part_of_it_is_marked_and_it_is_said_what_to_do(typed: str) -> None:
    error = refusal(typed)

    start, end = error.span
    assert 0 <= start < end <= len(typed) == len(error.text)
    assert error.hint


@pytest.mark.parametrize("right", [right for _, _, right in MISTAKES])
def test_given_the_right_form_then_it_is_taken(right: str) -> None:
    assert parse(right, OFFERS).repo
