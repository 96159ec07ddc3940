"""``delete``: end a binder, whatever it does at the moment; with ``keep=volume`` all but its disk goes."""

from dataclasses import replace

from bot.access import Who
from bot.command import ALL_PHASES, Command
from bot.grammar.text import Text
from bot.granting import grant
from bot.intents import Details
from provisioning.model import Phase

_KEEP = frozenset({"keep=volume", "keep-volume"})


def read(details: Details, word: Text) -> Details:
    """``keep=volume``; raises `PersonError`."""
    if word.value.casefold().lstrip("-") not in _KEEP:
        raise word.refuse(
            "not-an-id",
            "That is neither the id of an environment nor keep=volume.",
            "/binder list shows the ids. Usage: /binder delete [ID] [keep=volume]",
        )
    return replace(details, keeps_volume=True)


COMMAND = Command(
    name="delete",
    usage="delete [ID] [keep=volume]",
    summary="delete an environment and everything that was made for it",
    handle=grant,
    who=Who.OWNER,
    needs_binder=True,
    phases=ALL_PHASES - {Phase.DELETING, Phase.DELETED},
    reads=read,
)
