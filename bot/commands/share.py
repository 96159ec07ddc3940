"""``share``: let one more person, or everybody in the binder's channel, open it. Each gets private links of their own."""

from dataclasses import replace
from typing import TYPE_CHECKING

from bot import access, blocks, words
from bot.access import Who
from bot.command import ALL_PHASES, Command
from bot.effects import Answer, Effect, LetIn, say
from bot.grammar.text import Text
from bot.intents import Asked, Details
from bot.whom import USAGE, channel_in, in_a_conversation, named, person_in, whom_in
from provisioning.model import Binder, Phase
from provisioning.shares import CHANNEL

if TYPE_CHECKING:
    from bot.desk import Desk


async def handle(desk: "Desk", asked: Asked) -> Effect:
    """One more may open it, unless it is nobody who could."""
    binder = asked.chosen
    whom = whom_in(asked.details.whom, binder)
    if not whom:
        return say(f"*Not shared*: say with whom, such as `/binder {USAGE.format('share')}`.")
    if no := await _why_not(desk, asked, binder, whom):
        return say(f"*Not shared*: {no}")
    subject, with_ = words.subject(binder), named(whom, binder.channel)
    if any(share.whom == whom for share in await desk.shares(binder)):
        return say(f"*Shared already*: {subject} with {with_}.")
    return LetIn(binder=binder.id, whom=whom, answer=_shared(binder, whom))


async def _why_not(desk: "Desk", asked: Asked, binder: Binder, whom: str) -> str:
    """Why it cannot be shared so, as the rest of a sentence; empty where it can."""
    if whom == CHANNEL:
        return in_a_conversation(binder)
    if channel_in(whom):
        return (
            f"it was launched in {words.place(binder.channel)}, and can be shared with that channel only, or with people by "
            "name."
        )
    if whom == binder.owner:
        return f"{words.mention(whom)} is its owner and can open it anyway."
    person = await desk.people.person(asked.team, whom)
    unfit = access.unfit(person, allow_guests=desk.settings.allow_guests)
    return f"{words.mention(whom)} {unfit}." if unfit else ""


def _shared(binder: Binder, whom: str) -> Answer:
    """What the sharer learns: what the others do now, and how it ends."""
    ready = "" if binder.phase is Phase.READY else ", once it is ready"
    place = words.place(binder.channel)
    who = "Everybody there" if whom == CHANNEL else "They"
    way = f"press Open in its thread in {place}"
    if whom != CHANNEL:
        way = f"type `/binder open {binder.id}`" + ("" if binder.channel.startswith("D") else f", or {way}")
    take_back = f"`/binder unshare {CHANNEL if whom == CHANNEL else '@person'} {binder.id}`"
    return say(
        f"*Shared*: {words.subject(binder)} with {named(whom, binder.channel)}. {who} can {way}{ready}. {take_back} ends it."
    )


def read(details: Details, word: Text) -> Details:
    """A person as Slack tells one, ``channel``, or the channel by name; raises `PersonError`."""
    return read_for("share", details, word)


def read_for(verb: str, details: Details, word: Text) -> Details:
    """The same for either verb."""
    usage = f"Usage: /binder {USAGE.format(verb)}"
    if details.whom:
        raise word.refuse("given-twice", "Only one can be named at a time.", usage)
    plain = word.value.strip("`")
    if plain.casefold() in (CHANNEL, "here"):
        return replace(details, whom=CHANNEL)
    if found := person_in(plain) or channel_in(plain):
        return replace(details, whom=found)
    if plain.startswith("@"):
        raise word.refuse(
            "not-a-mention",
            f"Slack did not make a person of {blocks.cut(plain, 60)}.",
            "Type @ and the first letters, and choose the person from the list that Slack shows.",
        )
    raise word.refuse("not-a-person", "That is no person, no channel and no id of an environment.", usage)


COMMAND = Command(
    name="share",
    usage="share [ID] @person, or channel",
    summary="let one more person, or everybody in its channel, open an environment",
    handle=handle,
    who=Who.OWNER,
    needs_binder=True,
    phases=ALL_PHASES - {Phase.DELETING, Phase.DELETED},
    reads=read,
    takes_mentions=True,
)
