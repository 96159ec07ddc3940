"""Who may do what. Pure: values in, a refusal or nothing out. docs/reference/permissions.md says the same in words."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from provisioning.errors import TeamError
from provisioning.model import Binder


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who did something in Slack."""

    team: str
    id: str
    is_admin: bool = False  # of the workspace; owners too
    is_guest: bool = False
    is_bot: bool = False
    is_deactivated: bool = False
    is_foreign: bool = False  # of another workspace, or nobody that this one knows


class Who(StrEnum):
    """Who may use a command."""

    MEMBERS = "members"  # of the workspace
    OWNER = "owner"  # of the binder, and admins


def refusal(
    person: Person, who: Who, binder: Binder | None, *, admins: Collection[str], allow_guests: bool
) -> TeamError | None:
    """Why this person may not, as an error that says whom to ask; None where they may."""
    return _stranger(person, allow_guests=allow_guests) or _not_theirs(person, who, binder, admins)


def is_admin(person: Person, admins: Collection[str]) -> bool:
    """Admins of the workspace, and those whom the settings name."""
    return person.is_admin or person.id in admins


def may_see(person: Person, binder: Binder, channel: str, admins: Collection[str]) -> bool:
    """Whether the binder is shown at all: to its owner, to admins, and in the channel that follows it anyway."""
    if binder.team != person.team:
        return False
    return binder.owner == person.id or binder.channel == channel or is_admin(person, admins)


def _stranger(person: Person, *, allow_guests: bool) -> TeamError | None:
    if person.is_foreign:
        return TeamError(
            "other-workspace",
            "Your account belongs to another workspace, and environments here are for this one's members.",
            "Ask a member of this workspace to launch it for you.",
        )
    if person.is_deactivated:
        return TeamError(
            "person-deactivated",
            "Your account is deactivated in this workspace.",
            "Ask an admin of the workspace to activate it.",
        )
    if person.is_bot:
        return TeamError(
            "bot-not-allowed",
            "Bots and workflows cannot use environments.",
            "A person has to type or press it.",
        )
    if person.is_guest and not allow_guests:
        return TeamError(
            "guests-not-allowed",
            "Guests of this workspace cannot use environments.",
            "Ask a member to launch it, or whoever runs the bot to allow guests (setting access.allow_guests).",
        )
    return None


def _not_theirs(person: Person, who: Who, binder: Binder | None, admins: Collection[str]) -> TeamError | None:
    if who is Who.MEMBERS or binder is None or is_admin(person, admins):
        return None
    if binder.team == person.team and binder.owner == person.id:
        return None
    return TeamError(
        "not-yours",
        f"This environment belongs to <@{binder.owner}>; only they and admins may do that.",
        f"Ask <@{binder.owner}> or an admin, or launch your own.",
    )
