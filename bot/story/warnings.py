"""About to end: a new message each time, since only a new one notifies."""

from bot import blocks, words
from bot.story.ready import download_button
from bot.story.told import Message, Told, of_kind, this_attempt
from provisioning.model import Binder, Event, Happened, Phase

_RESCUE = "Download your work, or keep it for two more hours."


def draw(told: Told) -> list[Message]:
    """One message for each warning; the ones that were answered or came true lose their button."""
    return [
        _warning(told, number, event)
        for number, (_, event) in enumerate(of_kind(told, Happened.WARNED), start=1)
    ]


def _warning(told: Told, number: int, event: Event) -> Message:
    binder = told.binder
    owner = words.mention(binder.owner)
    extended = next((e for e in _after(told, event) if e.kind is Happened.EXTENDED), None)
    buttons: list[blocks.Block] = []
    if extended is not None:
        by = words.mention(extended.data.get("who"))
        said = f"*Extended*: {words.subject(binder)} goes on, thanks to {by}."
    elif binder.phase is not Phase.READY or event not in this_attempt(told):
        said = f"*Over*: {words.subject(binder)} has ended."
    else:
        ends = f" {words.until(binder)}" if binder.expires_at else ""
        said = f"*About to end*: {owner}, {words.subject(binder)} runs{ends}. {_lost(event)}{_stays(binder)}"
        about = words.plain_subject(binder)
        keep = blocks.button("Keep 2 h", "binder.extend", binder.id, style="primary", about=about)
        buttons = [keep, download_button(binder)]
    drawn = [blocks.section(said), *blocks.actions(buttons)]
    return Message(slot=f"warning-{number}", text=said.replace("*", ""), blocks=drawn, is_final=True)


def _lost(event: Event) -> str:
    """What goes with it, as far as the guest told, and what can be done about it."""
    files, size_bytes, left_out = (event.data.get(n) for n in ("files", "size_bytes", "left_out"))
    if not (isinstance(files, int) and isinstance(size_bytes, int)):
        return f"What was done in it goes with it. {_RESCUE}"
    if files == 0:
        return "No file in it is new or changed. Keep it for two more hours if you need it."
    them = "file that is" if files == 1 else "files that are"
    but = f" {left_out:,} of them do not fit into a download." if left_out else ""
    return f"With it go {files:,} {them} new or changed, {words.weight(size_bytes)}.{but} {_RESCUE}"


def _stays(binder: Binder) -> str:
    return f" What is in the volume {blocks.code(binder.volume.name)} stays." if binder.volume else ""


def _after(told: Told, event: Event) -> list[Event]:
    numbered = next(n for n, e in enumerate(told.events) if e is event)
    return list(told.events[numbered + 1 :])
