"""The Home tab as a value: within Slack's limits whatever there is, and the same for the same state."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.blocks import section
from bot.home import MOST_LIVE, Owned, Said, channel_of, draw, draw_refusal
from bot.playground.refusals import check_view
from provisioning.model import Binder, BinderId, Failure, Outcome, Phase
from tests.strategies import LAB, NOW, a_binder, a_plan, a_report

DM = "D0BEN00001"
FAILED = Failure(code="build-failed", message="It broke.", hint="Mend it.")


def owned(count: int, phase: Phase = Phase.READY, **changes: Any) -> list[Binder]:
    given_to: dict[str, Any] = {"plan": a_plan(), "outcome": Outcome.OK if phase is Phase.DELETED else None}
    if phase is Phase.READY:
        given_to["report"] = a_report("ready", interfaces=(LAB,))
    made = a_binder(phase, **(given_to | changes))
    return [replace(made, id=BinderId(f"b{n:09}")) for n in range(count)]


def text(*parts: list[Binder], said: Said | None = None) -> str:
    return str(draw(Owned.of([b for part in parts for b in part]), channel=DM, said=said)["blocks"])


@given(
    counts=st.dictionaries(st.sampled_from(Phase), st.integers(0, 30), max_size=4),
    said_of=st.none() | st.integers(0, 20),
    title=st.text(max_size=400),
)
def test_given_anything_then_slack_takes_the_view(
    counts: dict[Phase, int], said_of: int | None, title: str
) -> None:
    plan = replace(a_plan(), title=title, ref=title)
    found = [b for phase, count in counts.items() for b in owned(count, phase, plan=plan, failure=FAILED)]
    found = [replace(binder, id=BinderId(f"b{n:09}")) for n, binder in enumerate(found)]
    about = f"b{said_of:09}" if said_of is not None else ""
    said = Said(blocks=[section(title)] * 40, at=NOW, about=about)

    view = draw(Owned.of(found), channel=DM, said=said)

    assert check_view(view, "home") == []


def test_given_the_most_of_everything_then_it_is_within_a_hundred_blocks() -> None:
    ways = [Phase.READY, Phase.BUILDING, Phase.FAILED, Phase.DELETING]
    live = [owned(1, ways[n % 4])[0] for n in range(MOST_LIVE + 5)]
    said = Said(blocks=[section("x")] * 40, at=NOW)

    view = draw(Owned(live=live, gone=owned(30, Phase.DELETED)), channel=DM, said=said)

    assert len(view["blocks"]) <= 100


@pytest.mark.parametrize(
    ("found", "says"),
    [
        pytest.param([], "*None yet*", id="never any"),
        pytest.param(owned(1, Phase.DELETED), "*None now*", id="all gone"),
        pytest.param(owned(1), "*1 environment, 1 ready* · 2 SU an hour together", id="one"),
        pytest.param(
            [*owned(2), *owned(1, Phase.BUILDING)], "*3 environments, 2 ready* · 6 SU", id="several"
        ),
        pytest.param(owned(1, Phase.FAILED, failure=FAILED), "It broke.", id="failed"),
        pytest.param(owned(1, Phase.REQUESTED, plan=a_plan(asks=True)), "Waiting for your go", id="asks"),
    ],
)
def test_given_what_there_is_then_it_says_so(found: list[Binder], says: str) -> None:
    assert says in text(found)


def test_given_an_unknown_price_then_no_sum_is_made_up() -> None:
    plan = a_plan()
    free = owned(1, plan=replace(plan, flavor=replace(plan.flavor, su_per_hour=None)))

    assert "together" not in text(owned(1), free)


def test_given_an_answer_about_one_then_it_stands_below_that_one() -> None:
    first, second = owned(2)
    said = Said(blocks=[section("the answer")], at=NOW, about=first.id)

    drawn = text([first, second], said=said)

    assert drawn.index(f"{first.id}.2") < drawn.index("the answer") < drawn.index(f"{second.id}.0")


def test_given_an_answer_about_one_that_is_not_shown_then_it_stands_at_the_top() -> None:
    said = Said(blocks=[section("the answer")], at=NOW, about="elsewhere")

    drawn = text(owned(1), said=said)

    assert drawn.index("the answer") < drawn.index("*Ready*")


@pytest.mark.parametrize(
    ("phase", "private", "holds"),
    [
        pytest.param(Phase.READY, {"to": "/lab"}, True, id="a link into a ready one"),
        pytest.param(Phase.DELETING, {"to": "/lab"}, False, id="a link into one that is deleted"),
        pytest.param(Phase.DELETING, None, True, id="words about one that is deleted"),
    ],
)
def test_given_an_answer_then_a_link_holds_only_while_it_leads_somewhere(
    phase: Phase, private: dict[str, object] | None, holds: bool
) -> None:
    [one] = owned(1, phase)

    assert Said(blocks=[], at=NOW, about=one.id, private=private).holds(Owned.of([one])) is holds


def test_given_one_that_is_being_deleted_then_it_does_not_say_that_it_is_gone() -> None:
    drawn = text(owned(1, Phase.DELETING, outcome=Outcome.OK))

    assert ("Being deleted" in drawn, "Deleted" in drawn) == (True, False)


def test_given_a_build_that_goes_on_then_nothing_looks_different() -> None:
    one = owned(1, Phase.BUILDING)
    later = [replace(one[0], report=a_report("build", n=9, message="pip"), warned=1)]

    assert text(one) == text(later)


def test_given_an_answer_when_stored_then_it_comes_back_the_same() -> None:
    said = Said(blocks=[section("x")], at=NOW + timedelta(microseconds=1), about="b", private={"to": "/lab"})

    assert Said.of(said.stored()) == said


@pytest.mark.parametrize(
    "view", [draw(Owned(), channel=DM), draw_refusal("No.", channel=DM)], ids=["theirs", "refused"]
)
def test_given_a_view_then_it_knows_the_conversation(view: dict[str, Any]) -> None:
    assert channel_of(view) == DM
    assert check_view(view, "home") == []
