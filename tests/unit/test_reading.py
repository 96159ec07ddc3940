"""What typed lines and buttons want."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import COMMANDS
from bot.intents import Details, VolumeWish
from bot.reading import FormWanted, Wanted, pressed, read
from provisioning.errors import PersonError

ID = "aaaabbbbcc"


def _read(text: str) -> Wanted | FormWanted:
    return read(text, COMMANDS, offers={}, allow_exact=())


@pytest.mark.parametrize("text", ["", "   ", "form", "launch", " Launch "])
def test_given_nothing_to_launch_then_the_form_is_wanted(text: str) -> None:
    assert isinstance(_read(text), FormWanted)


@pytest.mark.parametrize(
    ("text", "verb", "details"),
    [
        pytest.param("list", "list", Details(is_typed=True), id="list"),
        pytest.param("list channel", "list", Details(is_typed=True, in_channel=True), id="list channel"),
        pytest.param(f"show {ID}", "show", Details(is_typed=True, binder=ID), id="show"),
        pytest.param(f"extend {ID} 1.5", "extend", Details(is_typed=True, binder=ID, hours=1.5), id="extend"),
        pytest.param(
            f"extend 3 {ID}", "extend", Details(is_typed=True, binder=ID, hours=3), id="extend, turned round"
        ),
        pytest.param(
            f"open {ID} rstudio", "open", Details(is_typed=True, binder=ID, interface="rstudio"), id="open"
        ),
        pytest.param("launch again", "relaunch", Details(is_typed=True), id="launch again"),
        pytest.param(
            f"launch again {ID}", "relaunch", Details(is_typed=True, binder=ID), id="launch again by id"
        ),
        pytest.param("help me", "help", Details(is_typed=True), id="help with words"),
        pytest.param("volumes", "volumes", Details(is_typed=True), id="volumes"),
        pytest.param(
            "volume delete Data",
            "volumes",
            Details(is_typed=True, volume=VolumeWish(what="delete", volume="data")),
            id="one volume's deletion",
        ),
        pytest.param(
            f"delete {ID} drop=volume",
            "delete",
            Details(is_typed=True, binder=ID, drops_volume=True),
            id="delete with its volume",
        ),
    ],
)
def test_given_a_verb_then_its_words_are_read(text: str, verb: str, details: Details) -> None:
    assert _read(text) == Wanted(verb=verb, details=details)


@pytest.mark.parametrize(
    ("action", "verb", "details"),
    [
        pytest.param("binder.extend", "extend", Details(binder=ID), id="a verb"),
        pytest.param(
            "binder.open.app-my.app",
            "open",
            Details(binder=ID, interface="app-my.app"),
            id="an interface with a dot",
        ),
        pytest.param("binder.list.channel", "list", Details(in_channel=True), id="the channel's list"),
        pytest.param(
            "binder.volumes.delete",
            "volumes",
            Details(volume=VolumeWish(what="delete", volume=ID, is_sure=True)),
            id="a volume's deletion",
        ),
    ],
)
def test_given_a_button_then_its_verb_and_binder_are_read(action: str, verb: str, details: Details) -> None:
    assert pressed(action, ID) == Wanted(verb=verb, details=details)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        pytest.param("lnch", "unknown-command", "lnch", id="an unknown verb"),
        pytest.param("  extend a b", "bad-hours", "a", id="not hours"),
        pytest.param(f"extend {ID} 1 2", "given-twice", "2", id="hours twice"),
        pytest.param("list yours", "unknown-list", "yours", id="an unknown list"),
        pytest.param("delete org/repo", "not-an-id", "org/repo", id="a repository where an id belongs"),
        pytest.param("launch org/repo hours=x", "bad-hours", "x", id="after launch"),
    ],
)
def test_given_a_mistake_then_its_place_is_that_of_the_whole_text(text: str, code: str, place: str) -> None:
    with pytest.raises(PersonError) as caught:
        _read(text)

    error = caught.value
    assert (error.code, error.text, error.text[slice(*error.span)]) == (code, text, place)


@given(
    st.lists(
        st.sampled_from([*COMMANDS, "again", "form", ID, "`", "x/y", "2h", "<@U1>", "\u202e", "&lt;"])
        | st.text(max_size=8)
    )
)
def test_given_any_text_then_it_is_read_or_refused_with_a_place(words: list[str]) -> None:
    text = " ".join(words)
    error = _refusal(text)

    assert error is None or (
        error.message and error.hint and 0 <= error.span[0] <= error.span[1] <= len(text)
    )


def _refusal(text: str) -> PersonError | None:
    try:
        _read(text)
    except PersonError as error:
        return error
    return None
