"""Whatever happens to a binder and whatever people, repositories and guests write: Slack takes every message."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import blocks
from bot.playground.block_shapes import check_blocks
from bot.story import Board, Told, draw, draw_board
from provisioning.estimate import Late, Left, Likeness
from provisioning.model import (
    Binder,
    Event,
    Failure,
    Flavor,
    Happened,
    Interface,
    Outcome,
    Phase,
    Plan,
    Report,
)
from tests.strategies import NOW, a_binder, a_plan

TEXT = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", "<", "&" * 4000, "```", "x" * 5000, "\u202e\u0000\n", "\U0001f9ea" * 900, "<!here>"]
    ),
)
PEOPLE = TEXT.map(lambda text: text.replace("\0", ""))  # ids come from Slack's own payloads
TIMES = st.integers(0, 10**6).map(lambda s: NOW + timedelta(seconds=s))
FAILURES = st.builds(
    Failure, code=TEXT, message=TEXT, hint=TEXT, lines=st.lists(TEXT, max_size=12).map(tuple), step=TEXT,
    span=st.none() | st.tuples(st.integers(-5, 6000), st.integers(-5, 6000)), text=TEXT,
)  # fmt: skip
PLANS = st.builds(
    Plan, request=st.builds(lambda r: replace(a_plan().request, repo=r), TEXT), commit=TEXT, ref=TEXT, title=TEXT,
    flavor=st.builds(
        Flavor, name=TEXT, vcpus=st.integers(0, 999), ram_mib=st.integers(0, 10**7), disk_gib=st.just(1),
        su_per_hour=st.none() | st.floats(0, 10**6),
    ),
    image=TEXT, lifetime=st.integers(0, 10**6).map(lambda s: timedelta(seconds=s)), needs_confirmation=st.booleans(),
)  # fmt: skip
REPORTS = st.builds(
    Report, n=st.integers(1, 99), at=TIMES, message=TEXT, note=TEXT, open_path=TEXT, uncertified=TEXT,
    phase=st.sampled_from(["setup", "fetch", "pull", "build", "start", "probe", "ready", "failed"]),
    step=st.none() | st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)),
    interfaces=st.lists(st.builds(Interface, name=TEXT, title=TEXT, path=TEXT), max_size=40).map(tuple),
)  # fmt: skip
EVENTS = st.builds(
    Event, kind=st.sampled_from(Happened), at=TIMES,
    data=st.fixed_dictionaries({}, optional={
        "who": PEOPLE | st.none(), "verb": TEXT, "phase": TEXT, "reason": TEXT, "detail": TEXT, "kind": TEXT,
        "hours": st.floats(0, 1e6) | st.none(), "minutes": st.integers(0, 99), "attempt": st.integers(1, 3),
    }),
)  # fmt: skip
ESTIMATES = st.one_of(
    st.builds(Late, likeness=st.sampled_from(Likeness), launches=st.integers(1, 20)),
    st.builds(
        lambda low, more, likeness, launches: Left(
            low=timedelta(seconds=low), high=timedelta(seconds=low + more), likeness=likeness, launches=launches
        ),
        st.floats(1, 10**5), st.floats(0, 10**5), st.sampled_from(Likeness), st.integers(1, 20),
    ),
)  # fmt: skip


@st.composite
def binders(draw_: st.DrawFn) -> Binder:
    changes: dict[str, Any] = {
        "owner": draw_(PEOPLE), "outcome": draw_(st.none() | st.sampled_from(Outcome)),
        "failure": draw_(st.none() | FAILURES), "attempt": draw_(st.integers(0, 3)),
        "expires_at": draw_(st.none() | TIMES), "keep_until": draw_(st.none() | TIMES),
        "report": draw_(st.none() | REPORTS),
    }  # fmt: skip
    return a_binder(draw_(st.sampled_from(Phase)), plan=draw_(st.none() | PLANS), **changes)


STORIES = st.builds(
    Told, binder=binders(), events=st.lists(EVENTS, max_size=14).map(tuple),
    reports=st.lists(REPORTS, max_size=6).map(tuple), response_url=st.sampled_from(["", "https://hooks/1"]),
    estimate=st.none() | ESTIMATES, estimated_at=TIMES,
)  # fmt: skip
MANY = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@MANY
@given(STORIES)
def test_given_any_story_when_drawn_then_every_message_is_within_slacks_limits(told: Told) -> None:
    for message in draw(told):
        body = message.body(told.binder.id)
        assert 0 < len(str(body.get("text") or body.get("title"))) <= blocks.MESSAGE_TEXT_LIMIT
        assert check_blocks(message.blocks, "message") == []
        assert check_blocks(blocks.without_plan(message.blocks), "message") == []
        assert "\\u0000" not in json.dumps(body)  # PostgreSQL's jsonb takes none


@MANY
@given(STORIES)
def test_given_any_story_when_drawn_then_slots_are_unique_values_the_binder_and_no_channel_is_called(
    told: Told,
) -> None:
    messages = draw(told)

    drawn = [b for m in messages for b in m.blocks]
    assert len({m.slot for m in messages}) == len(messages)
    assert {e["value"] for b in drawn if b["type"] == "actions" for e in b["elements"]} <= {told.binder.id}
    markup = [m.text for m in messages] + [b["text"]["text"] for b in drawn if b["type"] == "section"]
    assert not any("<!here>" in text for text in markup)


@settings(max_examples=15)
@given(st.lists(st.tuples(binders(), st.none() | REPORTS), max_size=80), st.booleans())
def test_given_any_builds_when_the_board_is_drawn_then_slack_takes_it(
    builds: list[tuple[Binder, Report | None]], is_posted: bool
) -> None:
    body = draw_board(Board(builds=tuple(builds), is_posted=is_posted))

    assert check_blocks(body["blocks"], "message") == []


@pytest.mark.parametrize(
    ("text", "span", "expected"),
    [
        pytest.param("repo --bad", (5, 10), ["repo --bad", "     ^^^^^"], id="plain"),
        pytest.param("a b", (3, 3), ["a b", "   ^"], id="at the end"),
        pytest.param("\u6f22\u5b57 bad", (3, 6), ["\u6f22\u5b57 bad", "     ^^^"], id="wide characters"),
        pytest.param("a\nb\tbad", (4, 7), ["a b bad", "    ^^^"], id="controls keep their place"),
        pytest.param("a\u202eb bad", (4, 7), [r"a\u202eb bad", " " * 9 + "^^^"], id="what turns text around"),
        pytest.param("a\0bad", (2, 5), [r"a\x00bad", " " * 5 + "^^^"], id="nothing at all"),
    ],
)
def test_given_a_mistake_when_marked_then_the_carets_stand_below_it(
    text: str, span: tuple[int, int], expected: list[str]
) -> None:
    assert blocks.marked(text, span) == expected


@given(TEXT, st.integers(1, 60))
def test_given_any_markup_when_cut_then_no_entity_is_halved(text: str, limit: int) -> None:
    kept = blocks.cut_markup(blocks.escape(text), limit)

    assert len(kept) <= limit
    assert "&" not in kept.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
