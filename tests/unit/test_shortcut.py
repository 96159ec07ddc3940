"""The message shortcut: which links of a message count, and the form that they make."""

from typing import Any

import pytest

from bot.grammar.links import MOST, links_in
from bot.launch_form import FIELD, Origin, form, origin_of, submitted
from bot.playground.refusals import check_view
from bot.shortcut import nothing_found, origin_of_message

REPO, OTHER = "https://github.com/org/repo", "https://gitlab.com/a/b"
TS = "1.000001"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(f"look at <{REPO}> please", (REPO,), id="a link"),
        pytest.param(f"look at <{REPO}|this one>", (REPO,), id="with a label"),
        pytest.param(f"<{REPO}> and <{OTHER}>", (REPO, OTHER), id="several"),
        pytest.param(f"<{REPO}> <{REPO}/> <{REPO}.git>", (REPO,), id="the same one"),
        pytest.param(f"<{REPO}/tree/dev>", (f"{REPO}/tree/dev",), id="a branch"),
        pytest.param("<https://mybinder.org/v2/gh/o/r/HEAD?a=1&amp;urlpath=lab>", ("https://mybinder.org/v2/gh/o/r/HEAD?a=1&urlpath=lab",), id="escaped"),
        pytest.param("<https://git.example.org/a/b.git>", ("https://git.example.org/a/b.git",), id="any .git"),
        pytest.param("<https://codeberg.org/a/b>", ("https://codeberg.org/a/b",), id="a forge"),
        pytest.param("<https://doi.org/10.5281/zenodo.3242074>", ("https://doi.org/10.5281/zenodo.3242074",), id="a record"),
        pytest.param("<http://127.0.0.1:1/sample>", ("http://127.0.0.1:1/sample",), id="exempt"),
        pytest.param("<https://xkcd.com/303/> <https://en.wikipedia.org/wiki/Git>", (), id="pages"),
        pytest.param(f"<{REPO}/issues/3> <@U1> <#C1|x> <!here>", (), id="no repository's page"),
        pytest.param("org/repo and/or", (), id="no link"),
        pytest.param("", (), id="nothing"),
    ],
)  # fmt: skip
def test_given_a_message_then_its_repository_links_are_found(text: str, found: tuple[str, ...]) -> None:
    assert links_in(text, allow_exact=("http://127.0.0.1:1/sample",)) == found


def test_given_more_links_than_a_choice_takes_then_the_first_are_taken() -> None:
    text = " ".join(f"<https://github.com/org/r{n}>" for n in range(30))

    assert len(links_in(text)) == MOST


def body(text: str, **message: str) -> dict[str, Any]:
    return {
        "channel": {"id": "C1"},
        "response_url": "https://hooks.slack.com/app/x",
        "message": {"text": text, "ts": TS, **message},
    }


@pytest.mark.parametrize(
    ("more", "thread"),
    [pytest.param({}, TS, id="in the channel"), pytest.param({"thread_ts": "0.5"}, "0.5", id="in a thread")],
)
def test_given_a_message_then_its_thread_tells_of_the_launch(more: dict[str, str], thread: str) -> None:
    origin = origin_of_message(body(f"<{REPO}>", **more), allow_exact=())

    assert (origin.channel, origin.thread_ts, origin.links) == ("C1", thread, (REPO,))


def test_given_one_link_then_the_form_begins_with_it() -> None:
    view = form(Origin(channel="C1", links=(REPO,)), {}, default_hours=4)

    assert view["blocks"][0]["element"]["initial_value"] == REPO


def test_given_several_links_when_one_is_chosen_then_that_one_is_launched() -> None:
    view = form(Origin(channel="C1", links=(REPO, OTHER)), {}, default_hours=4)
    chosen = {"repository": {FIELD: {"selected_option": view["blocks"][0]["element"]["options"][1]}}}

    found = submitted(view | {"state": {"values": chosen}}, offers={}, allow_exact=())

    assert not isinstance(found, dict)
    assert found.request is not None
    assert found.request.repo == OTHER


def test_given_the_longest_links_then_slack_takes_the_form_and_it_remembers_them() -> None:
    text = " ".join(f"<https://github.com/org/r{n}/tree/{'x' * 200}>" for n in range(MOST))
    origin = origin_of_message(body(text), allow_exact=())

    view = form(origin, {}, default_hours=4)

    assert check_view(view, "modal") == []
    assert len(origin.links) > 1
    assert origin_of(view) == origin


def test_given_no_link_then_slack_takes_what_says_so() -> None:
    assert check_view(nothing_found(), "modal") == []
