"""With whom a binder is shared, as people type it and as they are told it. Pure."""

import re
from collections.abc import Iterable

from bot import words
from provisioning.model import Binder
from provisioning.shares import CHANNEL

USAGE = "{} [ID] @person, or channel"
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)>")
_CHANNEL = re.compile(r"<#([CDG][A-Z0-9]+)>")


def person_in(word: str) -> str:
    """The id of the person that Slack marked; empty where it is none."""
    found = _PERSON.fullmatch(word)
    return found.group(1) if found else ""


def channel_in(word: str) -> str:
    """The mark of a channel, as it came; empty where it is none."""
    return word if _CHANNEL.fullmatch(word) else ""


def whom_in(said: str, binder: Binder) -> str:
    """What was said, where the binder's own channel by its name is that channel."""
    return CHANNEL if said == f"<#{binder.channel}>" else said


def in_a_conversation(binder: Binder) -> str:
    """Why there is no channel to share it with; empty where there is one."""
    if not binder.channel.startswith("D"):
        return ""
    return (
        "it was launched in a conversation with me alone, where nobody else is. Share it with people by name."
    )


def named(whom: str, channel: str) -> str:
    """A share as markup: a person, or everybody in the channel."""
    return f"everybody in {words.place(channel)}" if whom == CHANNEL else words.mention(whom)


def listed(shared_with: Iterable[str], channel: str) -> str:
    """All of them, as markup; empty where it is shared with nobody."""
    names = [named(whom, channel) for whom in shared_with]
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
