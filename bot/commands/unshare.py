"""``unshare``: let a person, the channel, or all of them open a binder no more; who is in it enters anew if they may."""

from typing import TYPE_CHECKING

from bot import words
from bot.access import Who
from bot.command import ALL_PHASES, Command
from bot.commands.share import read_for
from bot.effects import Effect, ShutOut, say
from bot.grammar.text import Text
from bot.intents import Asked, Details
from bot.whom import listed, named, whom_in
from provisioning.model import Phase

if TYPE_CHECKING:
    from bot.desk import Desk


async def handle(desk: "Desk", asked: Asked) -> Effect:
    """The share goes, and with it every open page; a share that is not there changes nothing."""
    binder = asked.chosen
    whom = whom_in(asked.details.whom, binder)
    kept = [share.whom for share in await desk.shares(binder)]
    subject = words.subject(binder)
    if not kept:
        return say(f"*Nothing to take back*: {subject} is shared with nobody.")
    if whom and whom not in kept:
        return say(
            f"*Nothing to take back*: {subject} is not shared with {named(whom, binder.channel)}, but with "
            f"{listed(kept, binder.channel)}."
        )
    gone, left = ([whom], [w for w in kept if w != whom]) if whom else (kept, [])
    still = f" It is still shared with {listed(left, binder.channel)}." if left else ""
    return ShutOut(
        binder=binder.id,
        whom=whom,
        answer=say(
            f"*No longer shared*: {subject} with {listed(gone, binder.channel)}. Open pages end within seconds, yours too: press "
            f"Open again.{still}"
        ),
    )


def read(details: Details, word: Text) -> Details:
    """A person as Slack tells one, ``channel``, or the channel by name; raises `PersonError`."""
    return read_for("unshare", details, word)


COMMAND = Command(
    name="unshare",
    usage="unshare [ID] [@person, or channel]",
    summary="take back what share gave; without a name everything",
    handle=handle,
    who=Who.OWNER,
    needs_binder=True,
    phases=ALL_PHASES - {Phase.DELETING, Phase.DELETED},
    reads=read,
    takes_mentions=True,
)
