"""The end, where it is not a failure that was told already: how, by whom, how long it ran."""

from bot import blocks, words
from bot.story.told import Message, Told, end_needs_telling, of_kind, ran_for, who_ended
from provisioning.model import Happened, Outcome, Phase, WorkVolume


def draw(told: Told) -> list[Message]:
    """The last message of a thread, edited once the instance is really gone."""
    if not end_needs_telling(told):
        return []
    binder = told.binder
    said = f"{words.subject(binder)} {_how(told)}. {_instance(told)}"
    again = blocks.button(
        "Launch again", "binder.relaunch", binder.id, style="primary", about=words.plain_subject(binder)
    )
    drawn = [blocks.section(f"*{_state(told)}*: {said}"), *blocks.actions([again])]
    return [Message(slot="ended", text=f"{_state(told)}: {said}", blocks=drawn, is_final=True)]


def _state(told: Told) -> str:
    return "Deleted" if told.binder.outcome is Outcome.FAILED else words.state(told.binder)


def _how(told: Told) -> str:
    binder = told.binder
    ran = ran_for(told)
    lasted = f" after {words.duration(ran)}" if ran is not None else ""
    if binder.outcome is Outcome.EXPIRED:
        return f"for {words.mention(binder.owner)} came to the end of its time{lasted}"
    who = who_ended(told)
    by = f" by {words.mention(who)}" if who else ""
    verb = "was cancelled" if binder.outcome is Outcome.CANCELLED else "was deleted"
    return f"{verb}{by}{lasted}"


def _instance(told: Told) -> str:
    return f"{_disk(told)}{_work(told, told.binder.volume)}"


def _disk(told: Told) -> str:
    volume = next((str(e.data.get("volume") or "") for _, e in of_kind(told, Happened.DELETED)), "")
    if volume:
        return (
            f"Its instance is gone; its volume `{blocks.words(volume)}` was kept in the cloud's project, as asked, and costs until "
            "somebody deletes it there."
        )
    if told.binder.phase is Phase.DELETED:
        return "Its instance is gone, and with it whatever was not saved elsewhere."
    return "Its instance is being deleted."


def _work(told: Told, work: WorkVolume | None) -> str:
    """What becomes of the person's own volume, as one more sentence."""
    if work is None:
        return ""
    name = blocks.code(work.name)
    if any(e.data.get("drops_volume") for _, e in of_kind(told, Happened.DELETE_ASKED)):
        return f" The volume {name} is deleted with it, as asked."
    return f" What is in the volume {name} stays: `volume={work.name}` in a launch brings it back."
