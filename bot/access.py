"""Who may do what. Pure: values in, a refusal or nothing out. docs/reference/permissions.md says the same in words."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from provisioning.errors import TeamError
from provisioning.model import Binder
from provisioning.shares import CHANNEL


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
    SHARED = "shared"  # owner, admins, and with whom the binder is shared


def refusal(
    person: Person, who: Who, binder: Binder | None, *, admins: Collection[str], allow_guests: bool, share: str = ""
) -> TeamError | None:  # fmt: skip
    """Why this person may not, as an error that says whom to ask; None where they may. ``share``: theirs, as `share_of` says."""
    return _stranger(person, allow_guests=allow_guests) or _not_theirs(person, who, binder, admins, share)


def is_admin(person: Person, admins: Collection[str]) -> bool:
    """Admins of the workspace, and those whom the settings name."""
    return person.is_admin or person.id in admins


def share_of(person: Person, binder: Binder, channel: str, shared_with: Collection[str]) -> str:
    """Which of the binder's shares holds for this person: their own id, `CHANNEL`, or none (empty).

    Whoever does something in a channel is in it: Slack lets nobody else. Elsewhere a share with the channel is worth nothing.
    """
    if binder.team != person.team:
        return ""
    if person.id in shared_with:
        return person.id
    return CHANNEL if CHANNEL in shared_with and channel == binder.channel else ""


def unfit(person: Person, *, allow_guests: bool) -> str:
    """Why nothing can be shared with this person, in words that go on from their name; empty where it can."""
    if person.is_foreign:
        return "is no member of this workspace"
    if person.is_deactivated:
        return "has no active account here any more"
    if person.is_bot:
        return "is a bot or an app, and only people can enter"
    if person.is_guest and not allow_guests:
        return "is a guest of this workspace, and guests cannot use environments here"
    return ""


def may_see(
    person: Person, binder: Binder, channel: str, admins: Collection[str], shared_with: Collection[str] = ()
) -> bool:
    """Whether the binder is shown at all: to its owner, to admins, to whom it is shared with, and in the channel that follows it anyway."""
    if binder.team != person.team:
        return False
    is_theirs = binder.owner == person.id or person.id in shared_with
    return is_theirs or binder.channel == channel or is_admin(person, admins)


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


def _not_theirs(
    person: Person, who: Who, binder: Binder | None, admins: Collection[str], share: str
) -> TeamError | None:
    if who is Who.MEMBERS or binder is None or is_admin(person, admins):
        return None
    if binder.team == person.team and binder.owner == person.id:
        return None
    if who is Who.SHARED and share:
        return None
    if who is Who.SHARED:
        return TeamError(
            "not-yours",
            f"This environment belongs to <@{binder.owner}>; only they, admins, and whom they share it with may do that.",
            f"Ask <@{binder.owner}> to share it with you (/binder share), or launch your own.",
        )
    return TeamError(
        "not-yours",
        f"This environment belongs to <@{binder.owner}>; only they and admins may do that.",
        f"Ask <@{binder.owner}> or an admin, or launch your own.",
    )
