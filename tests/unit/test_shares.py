"""Sharing: what may be typed, whom it lets in, and what the thread tells of it."""

from typing import Any

import pytest

from bot.access import Person, Who, may_see, refusal, share_of, unfit
from bot.arrivals import typed_in
from bot.choosing import typed_again
from bot.commands import COMMANDS
from bot.intents import Details
from bot.reading import Wanted, read
from bot.story import draw
from bot.whom import listed, whom_in
from provisioning.errors import PersonError
from provisioning.model import Event, Happened, Phase
from provisioning.shares import CHANNEL
from tests.strategies import NOW, a_binder
from tests.unit.test_story import ready

ID = "aaaabbbbcc"
BINDER = a_binder()  # of T1, U1, in C1
OTHER = Person(team="T1", id="U2")


def wanted(text: str) -> tuple[str, str, str]:
    found = read(text, COMMANDS, offers={}, allow_exact=())
    assert isinstance(found, Wanted)
    return found.verb, found.details.binder, found.details.whom


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("share <@U2|ben>", ("share", "", "U2"), id="a person, as Slack marks one in a command"),
        pytest.param("share <@W2>", ("share", "", "W2"), id="a person, as Slack marks one in a message"),
        pytest.param("share <@U2|Ben B. (he)>", ("share", "", "U2"), id="a name with spaces"),
        pytest.param(f"share {ID} <@U2|ben>", ("share", ID, "U2"), id="the id before"),
        pytest.param(f"SHARE <@U2|ben> `{ID}`", ("share", ID, "U2"), id="the id behind, in quotes"),
        pytest.param("share channel", ("share", "", CHANNEL), id="the channel"),
        pytest.param("share here", ("share", "", CHANNEL), id="here"),
        pytest.param("share <#C1|general>", ("share", "", "<#C1>"), id="a channel by its name"),
        pytest.param("share", ("share", "", ""), id="nobody"),
        pytest.param("unshare", ("unshare", "", ""), id="take back everything"),
        pytest.param(f"unshare <@U2|ben> {ID}", ("unshare", ID, "U2"), id="take back from one"),
        pytest.param("unshare channel", ("unshare", "", CHANNEL), id="take back from the channel"),
    ],
)
def test_given_a_line_then_it_says_what_to_share_with_whom(text: str, expected: tuple[str, str, str]) -> None:
    assert wanted(text) == expected


@pytest.mark.parametrize("verb", ["share", "unshare"])
@pytest.mark.parametrize(
    ("word", "code"),
    [
        pytest.param("@ben", "not-a-mention", id="a name that Slack did not mark"),
        pytest.param("ben", "not-a-person", id="a bare name"),
        pytest.param("<!channel>", "not-a-person", id="everybody who is there, as Slack calls them"),
        pytest.param("<!subteam^S1|@team>", "not-a-person", id="a group"),
        pytest.param("<@U2|ben> <@U3|cleo>", "given-twice", id="two at a time"),
    ],
)
def test_given_what_is_no_person_then_it_is_refused_with_its_place(verb: str, word: str, code: str) -> None:
    text = f"{verb} {ID} {word}"

    with pytest.raises(PersonError) as caught:
        wanted(text)

    assert caught.value.code == code
    assert text[slice(*caught.value.span)] in word


def test_given_another_command_then_a_mention_is_refused_as_ever() -> None:
    with pytest.raises(PersonError, match="mention"):
        wanted("extend <@U2|ben>")


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        pytest.param("<https://github.com/o/r> main", "https://github.com/o/r main", id="a link"),
        pytest.param("o/r <http://setup.py|setup.py>", "o/r setup.py", id="a link that Slack guessed"),
        pytest.param("<https://a.org/b|a.org/b>", "https://a.org/b", id="a link with another label"),
        pytest.param(
            "share <@U2|ben> &lt;b&gt;", "share <@U2|ben> &lt;b&gt;", id="a person, and brackets typed"
        ),
    ],
)
def test_given_a_command_whose_links_slack_marked_then_they_are_as_typed(sent: str, text: str) -> None:
    body: dict[str, Any] = {
        "team_id": "T1",
        "user_id": "U1",
        "channel_id": "C1",
        "trigger_id": "1",
        "text": sent,
    }

    assert typed_in(body)[1] == text


@pytest.mark.parametrize(
    ("person", "channel", "shared_with", "expected"),
    [
        pytest.param(OTHER, "C2", {"U2"}, "U2", id="by name, anywhere"),
        pytest.param(OTHER, "C1", {"U3"}, "", id="somebody else by name"),
        pytest.param(OTHER, "C1", {CHANNEL}, CHANNEL, id="the channel, in it"),
        pytest.param(OTHER, "C2", {CHANNEL}, "", id="the channel, elsewhere"),
        pytest.param(OTHER, "", {CHANNEL}, "", id="the channel, nowhere"),
        pytest.param(Person(team="T2", id="U2"), "C1", {"U2", CHANNEL}, "", id="the same id in another team"),
        pytest.param(OTHER, "C1", set(), "", id="nobody"),
    ],
)
def test_given_shares_then_the_one_that_holds_is_found(
    person: Person, channel: str, shared_with: set[str], expected: str
) -> None:
    assert share_of(person, BINDER, channel, shared_with) == expected


@pytest.mark.parametrize(
    ("who", "share", "expected"),
    [
        pytest.param(Who.SHARED, "U2", None, id="may open what is shared"),
        pytest.param(Who.SHARED, "", "not-yours", id="may not open what is not"),
        pytest.param(Who.OWNER, "U2", "not-yours", id="may not do what its owner may"),
    ],
)
def test_given_a_share_then_it_lets_open_and_nothing_else(who: Who, share: str, expected: str | None) -> None:
    no = refusal(OTHER, who, BINDER, admins=(), allow_guests=False, share=share)

    assert (no.code if no else None) == expected


def test_given_a_share_then_whoever_became_a_guest_is_refused_all_the_same() -> None:
    guest = Person(team="T1", id="U2", is_guest=True)
    no = refusal(guest, Who.SHARED, BINDER, admins=(), allow_guests=False, share="U2")

    assert no is not None
    assert no.code == "guests-not-allowed"


def test_given_a_share_by_name_then_it_is_seen_from_anywhere() -> None:
    assert may_see(OTHER, BINDER, "C2", (), {"U2"})
    assert not may_see(OTHER, BINDER, "C2", (), {CHANNEL})


@pytest.mark.parametrize(
    ("marks", "allow_guests", "says"),
    [
        pytest.param({}, False, "", id="a member"),
        pytest.param({"is_foreign": True}, True, "no member of this workspace", id="of elsewhere"),
        pytest.param({"is_deactivated": True}, True, "no active account", id="deactivated"),
        pytest.param({"is_bot": True}, True, "a bot", id="a bot"),
        pytest.param({"is_guest": True}, False, "a guest", id="a guest"),
        pytest.param({"is_guest": True}, True, "", id="a guest where guests may"),
    ],
)
def test_given_a_person_then_it_says_why_nothing_can_be_shared_with_them(
    marks: dict[str, bool], allow_guests: bool, says: str
) -> None:
    said = unfit(Person(team="T1", id="U2", **marks), allow_guests=allow_guests)

    assert (says in said, bool(said)) == (True, bool(says))


@pytest.mark.parametrize(
    ("verb", "details", "expected"),
    [
        pytest.param("share", Details(), "@person", id="share: a button could not name anybody"),
        pytest.param("share", Details(whom="U2"), "@person", id="share with a person"),
        pytest.param("unshare", Details(whom=CHANNEL), CHANNEL, id="unshare the channel"),
        pytest.param("unshare", Details(), "", id="unshare everything: a button says it all"),
        pytest.param("delete", Details(keeps_volume=True), "keep=volume", id="delete but the volume"),
        pytest.param("extend", Details(), "", id="extend"),
    ],
)
def test_given_a_choice_then_what_no_button_says_must_be_typed_again(
    verb: str, details: Details, expected: str
) -> None:
    assert typed_again(details, COMMANDS[verb]) == expected


def test_given_the_binders_own_channel_by_name_then_it_is_the_channel() -> None:
    assert (whom_in("<#C1>", BINDER), whom_in("<#C2>", BINDER)) == (CHANNEL, "<#C2>")


@pytest.mark.parametrize(
    ("shared_with", "expected"),
    [
        pytest.param([], "", id="nobody"),
        pytest.param(["U2"], "<@U2>", id="one"),
        pytest.param(["U2", "U3", CHANNEL], "<@U2>, <@U3> and everybody in <#C1>", id="several"),
    ],
)
def test_given_shares_then_they_are_one_list(shared_with: list[str], expected: str) -> None:
    assert listed(shared_with, "C1") == expected


def notes(*events: Event, phase: Phase = Phase.READY) -> list[str]:
    told = ready(phase=phase)
    story = type(told)(binder=told.binder, events=(*told.events, *events), reports=told.reports)
    return [m.text for m in draw(story) if m.slot.startswith("note-")]


def shared(whom: str = "U2") -> Event:
    return Event(kind=Happened.SHARED, at=NOW, data={"who": "U1", "whom": whom})


def unshared(whom: str = "") -> Event:
    return Event(kind=Happened.UNSHARED, at=NOW, data={"who": "U1", "whom": whom})


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param([shared()], ["Shared with <@U2> by <@U1>: press Open."], id="shared"),
        pytest.param(
            [shared(), unshared("U3")], ["Shared with <@U2> by <@U1>: press Open."], id="another taken back"
        ),
        pytest.param([shared(), unshared("U2")], ["No longer shared with <@U2>, by <@U1>."], id="taken back"),
        pytest.param([shared(), unshared()], ["No longer shared with <@U2>, by <@U1>."], id="all taken back"),
        pytest.param(
            [shared(), unshared(), shared()],
            ["No longer shared with <@U2>, by <@U1>.", "Shared with <@U2> by <@U1>: press Open."],
            id="shared again",
        ),
        pytest.param(
            [shared(CHANNEL)], ["Shared with everybody in <#C1> by <@U1>: press Open."], id="with the channel"
        ),
    ],
)
def test_given_a_story_then_its_thread_says_with_whom_it_is_shared(
    events: list[Event], expected: list[str]
) -> None:
    assert notes(*events) == expected


def test_given_it_is_shared_while_it_is_built_then_open_comes_later() -> None:
    assert notes(shared(), phase=Phase.BUILDING) == [
        "Shared with <@U2> by <@U1>: press Open once it is ready."
    ]
