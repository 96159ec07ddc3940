"""Who may do what, as a table."""

import pytest

from bot.access import Person, Who, may_see, refusal
from tests.strategies import a_binder

OWNER = Person(team="T1", id="U1")
OTHER = Person(team="T1", id="U2")
ADMIN = Person(team="T1", id="U3", is_admin=True)
GUEST = Person(team="T1", id="U4", is_guest=True)
BINDER = a_binder()  # of T1, U1, in C1


@pytest.mark.parametrize(
    ("person", "who", "expected"),
    [
        pytest.param(OWNER, Who.OWNER, None, id="the owner"),
        pytest.param(OTHER, Who.OWNER, "not-yours", id="somebody else"),
        pytest.param(OTHER, Who.MEMBERS, None, id="a member, what members may"),
        pytest.param(ADMIN, Who.OWNER, None, id="an admin of the workspace"),
        pytest.param(Person(team="T1", id="U9"), Who.OWNER, None, id="an admin by the settings"),
        pytest.param(GUEST, Who.MEMBERS, "guests-not-allowed", id="a guest"),
        pytest.param(Person(team="T1", id="U5", is_bot=True), Who.MEMBERS, "bot-not-allowed", id="a bot"),
        pytest.param(
            Person(team="T1", id="U1", is_deactivated=True), Who.OWNER, "person-deactivated", id="deactivated"
        ),
        pytest.param(Person(team="T2", id="U1", is_foreign=True), Who.OWNER, "other-workspace", id="foreign"),
        pytest.param(Person(team="T2", id="U1"), Who.OWNER, "not-yours", id="the same id in another team"),
    ],
)
def test_given_a_person_then_they_may_or_learn_why_not(
    person: Person, who: Who, expected: str | None
) -> None:
    no = refusal(person, who, BINDER, admins={"U9"}, allow_guests=False)

    assert (no.code if no else None) == expected


def test_given_guests_are_allowed_then_a_guest_may() -> None:
    assert refusal(GUEST, Who.MEMBERS, None, admins=(), allow_guests=True) is None


@pytest.mark.parametrize(
    ("person", "channel", "expected"),
    [
        pytest.param(OWNER, "C2", True, id="the owner, anywhere"),
        pytest.param(OTHER, "C1", True, id="others, in its channel"),
        pytest.param(OTHER, "C2", False, id="others, elsewhere"),
        pytest.param(ADMIN, "C2", True, id="admins, anywhere"),
        pytest.param(Person(team="T2", id="U1"), "C1", False, id="another workspace"),
    ],
)
def test_given_a_binder_then_it_is_shown_where_people_follow_it(
    person: Person, channel: str, expected: bool
) -> None:
    assert may_see(person, BINDER, channel, ()) is expected
