"""``open``: a private link into a ready binder, for one person, once, for a minute. Pressed as ``Open <interface>``."""

from dataclasses import replace
from typing import TYPE_CHECKING

from bot import blocks, words
from bot.access import Who
from bot.command import Command
from bot.effects import PRIVATE_LINK, Answer, Effect, say
from bot.grammar.text import Text
from bot.intents import Asked, Details
from bot.story.interfaces import leads_to, offered
from provisioning.model import Binder, Interface, Phase, Report

if TYPE_CHECKING:
    from bot.desk import Desk


async def handle(desk: "Desk", asked: Asked) -> Effect:  # noqa: ARG001  the shape of every command
    """The link, made by the outbox when it sends this answer: no row and no log ever holds it."""
    binder = asked.chosen
    report = binder.report
    interfaces = offered(report) if report else ()
    if report is None or not interfaces:
        return say(
            f"*Not opened*: nothing in {words.subject(binder)} answers at the moment. Try again in a minute."
        )
    wanted = asked.details.interface
    found = _named(interfaces, wanted) if wanted else interfaces[0]
    if found is None:
        names = ", ".join(blocks.code(i.name) for i in interfaces)
        return say(
            f"*Not opened*: {words.subject(binder)} has no {blocks.code(wanted)} that answers. It has {names}."
        )
    return _link(asked, binder, found, report)


def read(details: Details, word: Text) -> Details:
    """The interface's name or title."""
    if details.interface:
        raise word.refuse(
            "too-many-words", "There is a word too many.", "Write /binder open, the id and one interface."
        )
    return replace(details, interface=word.value)


def _named(interfaces: tuple[Interface, ...], wanted: str) -> Interface | None:
    name = wanted.casefold()
    return next((i for i in interfaces if name in (i.name.casefold(), i.title.casefold())), None)


def _link(asked: Asked, binder: Binder, interface: Interface, report: Report) -> Answer:
    is_inside = leads_to(interface, report.open_path)
    to = "/" + (report.open_path if is_inside else interface.path).lstrip("/")
    title = f"{blocks.words(interface.title, 60)} in {words.subject(binder)}"
    return private_link(asked, to=to, label=f"Open {interface.title}", title=title)


def private_link(asked: Asked, *, to: str, label: str, title: str) -> Answer:
    """The answer with a link into the binder, to a path of it. ``title`` is markup: what the link leads to."""
    binder = asked.chosen
    said = f"*Your private link* to {title}. It opens once, for you, within a minute."
    press = blocks.button(label, "binder.enter", binder.id, style="primary")
    return Answer(
        text=f"{said.replace('*', '')} {PRIVATE_LINK}",
        blocks=[blocks.section(said), *blocks.actions([{**press, "url": PRIVATE_LINK}])],
        private={
            "binder": binder.id, "team": asked.team, "user": asked.who, "to": to,
            **({"share": asked.share} if asked.share else {}),
        },
    )  # fmt: skip


COMMAND = Command(
    name="open",
    usage="open [ID] [INTERFACE]",
    summary="get a private link into a ready environment",
    handle=handle,
    who=Who.SHARED,
    needs_binder=True,
    fits_shared=True,
    phases=frozenset({Phase.READY}),
    reads=read,
)
