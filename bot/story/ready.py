"""The message that everything was about: it answers, and these buttons open it."""

from collections.abc import Sequence

from bot import blocks, words
from bot.story.interfaces import offered
from bot.story.progress import notes_of
from bot.story.told import Message, Told, at, of_attempt, of_kind, this_attempt
from provisioning.model import Binder, Happened, Interface, Phase

_MOST_INTERFACES = blocks.BUTTONS_A_BLOCK


def draw(told: Told) -> list[Message]:
    """The ready message of the current attempt; once it is over, its buttons are gone."""
    if at(this_attempt(told), Happened.BECAME_READY) is None:
        return []
    binder = told.binder
    draws = _open if binder.phase is Phase.READY else _closed
    text, drawn = draws(told)
    return [Message(slot=of_attempt("ready", binder.attempt), text=text, blocks=drawn, is_final=True)]


def delete_button(binder: Binder) -> blocks.Block:
    """Ends an environment."""
    lost = "Files in it that are not saved elsewhere are lost."
    if binder.volume is not None:
        lost = f"What is in its volume {binder.volume.name} stays. Other files that are not saved elsewhere are lost."
    sure = blocks.asks("Delete this environment?", lost, "Delete", "Keep it")
    about = words.plain_subject(binder)
    return blocks.button("Delete", "binder.delete", binder.id, style="danger", about=about, confirm=sure)


def download_button(binder: Binder) -> blocks.Block:
    """Leads to what people did in it, before it is gone."""
    about = words.plain_subject(binder)
    return blocks.button("Download my work", "binder.download", binder.id, about=about)


def logs_button(binder: Binder) -> blocks.Block:
    """Puts the log into the thread."""
    return blocks.button("Logs", "binder.logs", binder.id, about=words.plain_subject(binder))


def _open(told: Told) -> tuple[str, list[blocks.Block]]:
    binder = told.binder
    reported = next((r for r in reversed(told.reports) if r.phase == "ready"), binder.report)
    interfaces = offered(reported)[:_MOST_INTERFACES] if reported else ()
    owner, ends = words.mention(binder.owner), words.until(binder)
    names = ", ".join(blocks.words(i.title, 60) for i in interfaces) or "nothing answers at the moment"
    drawn = [blocks.section(f"*Ready*: {words.subject(binder)} for {owner}, {ends}.")]
    if not interfaces:
        drawn.append(blocks.section("Nothing in it answers at the moment; the log may say why."))
    drawn += blocks.actions(_openers(binder, interfaces))
    about = words.plain_subject(binder)
    drawn += blocks.actions(
        [
            download_button(binder),
            logs_button(binder),
            blocks.button("Extend 2 h", "binder.extend", binder.id, about=about),
            delete_button(binder),
        ]
    )
    if said := [*notes_of(told.reports), *_extensions(told)]:
        drawn.append(blocks.context("\n".join(said)))
    text = f"Ready: {words.subject(binder)} for {owner}, {ends}. To open: {names}."
    return text, drawn


def _closed(told: Told) -> tuple[str, list[blocks.Block]]:
    state = "Failed" if told.binder.phase is Phase.FAILED else words.state(told.binder)
    said = f"{words.subject(told.binder)} was ready and can no longer be opened."
    return f"{state}: {said}", [blocks.section(f"*{state}*: {said}")]


def _openers(binder: Binder, interfaces: Sequence[Interface]) -> list[blocks.Block]:
    about = words.plain_subject(binder)
    return [
        blocks.button(
            f"Open {i.title}",
            f"binder.open.{i.name}",
            binder.id,
            style="primary" if n == 0 else "",
            about=about,
        )
        for n, i in enumerate(interfaces)
    ]


def _extensions(told: Told) -> list[str]:
    said = [
        f"Extended by {words.mention(e.data.get('who'))} ({_hours(e.data.get('hours'))} more)"
        for _, e in of_kind(told, Happened.EXTENDED)
    ]
    return said[-3:]


def _hours(number: object) -> str:
    if not isinstance(number, int | float):
        return "some time"
    return "1 hour" if number == 1 else f"{words.amount(number)} hours"
