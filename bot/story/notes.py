"""Single remarks: a wish that came too late or is not allowed, and a deletion that does not come to an end."""

from bot import blocks, words
from bot.story.told import Message, Method, Told, is_public, of_kind
from bot.whom import named
from provisioning.model import Event, Happened, Phase

_VERBS = {
    "confirm": "started",
    "extend": "extended",
    "cancel": "cancelled",
    "retry": "tried again",
    "delete": "deleted",
}
_PHASES = {
    "requested": "it is still being looked up",
    "queued": "it is about to start",
    "creating": "its instance is being created",
    "booting": "its instance is starting",
    "building": "it is being built",
    "starting": "it is starting",
    "ready": "it is ready",
    "failed": "it has failed",
    "deleting": "it is being deleted",
    "deleted": "it is deleted",
}
_ADVICE = {
    "ready": "Its buttons are in the ready message; Delete ends it.",
    "failed": "Retry tries it again.",
    "deleting": "Launch again starts the same anew.",
    "deleted": "Launch again starts the same anew.",
}


def draw(told: Told) -> list[Message]:
    """A note for each such event: in the thread, or where there is no thread yet to the person alone.

    Of sharing there is none before there is a thread: who shared it was answered, and nobody else can open it yet.
    """
    kinds = (
        Happened.NOT_APPLICABLE,
        Happened.EXTENSION_REFUSED,
        Happened.DELETION_REFUSED,
        Happened.DELETE_STUCK,
    )
    notes = [
        message for number, event in of_kind(told, *kinds) for message in _note(told, f"note-{number}", event)
    ]
    if not is_public(told.binder):
        return notes
    return notes + [_shared(told, number, event) for number, event in of_kind(told, Happened.SHARED)]


def _shared(told: Told, number: int, event: Event) -> Message:
    """That somebody may open it, which calls them; once that is taken back, that it was."""
    whom = str(event.data.get("whom", ""))
    with_, by = named(whom, told.binder.channel), words.mention(event.data.get("who"))
    ended = (
        e for n, e in of_kind(told, Happened.UNSHARED) if n > number and e.data.get("whom") in ("", whom)
    )
    if (end := next(ended, None)) is not None:
        said = f"*No longer shared* with {with_}, by {words.mention(end.data.get('who'))}."
    else:
        said = f"*Shared* with {with_} by {by}{_way_in(told.binder.phase)}."
    return Message(slot=f"note-{number}", text=said.replace("*", ""), blocks=[blocks.section(said)])


def _way_in(phase: Phase) -> str:
    if phase in (Phase.DELETING, Phase.DELETED):
        return ""
    return ": press Open" if phase is Phase.READY else ": press Open once it is ready"


def _note(told: Told, slot: str, event: Event) -> list[Message]:
    said = _said(told, event)
    who = str(event.data.get("who") or "")
    drawn = [blocks.section(said)]
    if is_public(told.binder):
        return [Message(slot=slot, text=said.replace("*", ""), blocks=drawn)]
    if not who:
        return []
    text = said.replace("*", "")
    return [Message(slot=slot, text=text, blocks=drawn, method=Method.RESPOND, in_thread=False, to=who)]


def _said(told: Told, event: Event) -> str:
    subject, who = words.subject(told.binder), words.mention(event.data.get("who"))
    match event.kind:
        case Happened.EXTENSION_REFUSED:
            return f"*Not extended*: {subject}, {who}. {blocks.words(str(event.data.get('reason', '')))}"
        case Happened.DELETION_REFUSED:
            return f"*Not deleted*: {subject}, {who}. {blocks.words(str(event.data.get('reason', '')))}"
        case Happened.DELETE_STUCK:
            detail = blocks.words(str(event.data.get("detail", "")))
            return (
                f"*Deletion is slow*: the cloud still holds something of {subject} ({detail}). It is tried again "
                "until all is gone; whoever runs the bot should look."
            )
        case _:
            verb, phase = str(event.data.get("verb", "")), str(event.data.get("phase", ""))
            what = _VERBS.get(verb, "changed")
            why = _PHASES.get(phase, "its state does not allow it")
            advice = _ADVICE.get(phase, "")
            return f"*Not {what}*: {subject}, {who}, because {why}. {advice}".rstrip()
