"""``volumes``: a person's own volumes, which environment has each, and the end of one. Nobody else's are ever told of."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from bot import blocks, words
from bot.command import Command
from bot.effects import Answer, DropVolume, Effect, say
from bot.grammar.text import Text
from bot.intents import Asked, Details, VolumeWish
from provisioning.model import Binder, VolumeId, WorkVolume
from provisioning.work_volumes import Kept

if TYPE_CHECKING:
    from bot.desk import Desk

_MOST = 40  # with a button each


async def handle(desk: "Desk", asked: Asked) -> Effect:
    """The list; or, of one that no environment has, the question before its deletion, and that."""
    wish = asked.details.volume or VolumeWish()
    kept = await desk.volumes(asked)
    holders = {k.volume.id: await desk.binder(k.held_by) for k in kept if k.held_by}
    if wish.what != "delete" or not wish.volume:
        return _listing(kept, holders)
    found = [k for k in kept if wish.volume in (k.volume.name, k.volume.id)]
    if not found:
        return say(
            f"*Not found*: you have no volume {blocks.code(wish.volume)}. `/binder volumes` lists yours."
        )
    free = [k for k in found if k.held_by is None]
    if not free and found[0].held_since is not None:
        return in_use("Not deleted", found[0].volume.name, found[0].held_since, holders[found[0].volume.id])
    if not wish.is_sure:
        return _question(free)
    volume = free[0].volume
    gone = f"*Being deleted*: the volume {_named(volume)}. Its name is free again in a moment."
    return DropVolume(volume=volume.id, answer=say(gone))


def in_use(state: str, name: str, since: datetime, holder: Binder | None) -> Answer:
    """Who has a volume and since when, and how it is had next. ``state``: what does not happen because of it."""
    which = f"by {words.subject(holder)} (`{holder.id}`) in {words.place(holder.channel)} " if holder else ""
    said = (
        f"*{state}*: your volume {blocks.code(name)} is in use {which}since {words.when(since)}, and can be in one "
        "environment at a time. Delete that one first: the volume stays as it is. For another volume take another name."
    )
    about = words.plain_subject(holder) if holder else ""
    show = [blocks.button("Show", "binder.show", holder.id, about=about)] if holder else []
    return Answer(text=said.replace("*", ""), blocks=[blocks.section(said), *blocks.actions(show)])


def _listing(kept: Sequence[Kept], holders: Mapping[VolumeId, Binder | None]) -> Answer:
    if not kept:
        return say(
            "*None*: you have no volumes. `/binder org/repo volume=data` makes one: what is in its folder `work` stays for your "
            "next launches with that name."
        )
    lines = [_line(k, holders.get(k.volume.id)) for k in kept[:_MOST]]
    more = len(kept) - len(lines)
    drawn = [
        blocks.section("*Your volumes*"),
        *(_entry(k, line) for k, line in zip(kept, lines, strict=False)),
        blocks.context(f"And {more} more." if more > 0 else "`volume=NAME` in a launch brings one back."),
    ]
    return Answer(text=f"Your volumes: {'; '.join(lines)}", blocks=drawn)


def _line(kept: Kept, holder: Binder | None) -> str:
    place = f" on {blocks.words(kept.cloud, 50)}" if kept.cloud else ""
    return f"{_named(kept.volume)}, {kept.volume.size_gib} GiB{place}: {_state(kept, holder)}"


def _state(kept: Kept, holder: Binder | None) -> str:
    goes = ", and is deleted after that" if kept.deleting_since else ""
    if kept.held_since is not None:
        by = f" by {words.subject(holder)} (`{holder.id}`)" if holder else ""
        return f"in use{by} since {words.when(kept.held_since)}{goes}"
    if kept.deleting_since is not None:
        return f"being deleted since {words.when(kept.deleting_since)}"
    return f"free, last used until {words.when(kept.used_at or kept.made_at)}"


def _entry(kept: Kept, line: str) -> blocks.Block:
    drawn = blocks.section(line)
    if kept.held_by or kept.deleting_since:
        return drawn
    return {**drawn, "accessory": _delete_button(kept.volume)}


def _question(free: Sequence[Kept]) -> Answer:
    said = "*Delete for good?* What is on it is lost."
    lines = [_line(k, None) for k in free]
    drawn = [blocks.section(said), *(_entry(k, line) for k, line in zip(free, lines, strict=True))]
    return Answer(text=f"{said.replace('*', '')} {'; '.join(lines)}", blocks=drawn)


def _delete_button(volume: WorkVolume) -> blocks.Block:
    sure = blocks.asks(
        f"Delete the volume {volume.name}?", "What is on it is lost for good.", "Delete", "Keep it"
    )
    return blocks.button(
        "Delete", "binder.volumes.delete", volume.id, style="danger", about=volume.name, confirm=sure
    )


def _named(volume: WorkVolume) -> str:
    return blocks.code(volume.name)


def read(details: Details, word: Text) -> Details:
    """``list``, or ``delete`` with a name; raises `PersonError`."""
    wish, said = details.volume or VolumeWish(), word.value.strip("`").casefold()
    if details.volume is None and said in ("list", "delete"):
        return replace(details, volume=replace(wish, what=said))
    if wish.what == "delete" and not wish.volume:
        return replace(details, volume=replace(wish, volume=said.removeprefix("volume=")))
    raise word.refuse(
        "too-many-words", "There is a word too many.", "Write /binder volumes, or /binder volume delete NAME."
    )


COMMAND = Command(
    name="volumes",
    usage="volumes [delete NAME]",
    summary="list your volumes, which keep work over several environments, or delete one",
    handle=handle,
    reads=read,
)
