"""Keeps each person's Home in step with their environments: one row of the outbox, once they have opened it.

All who draw one do it here, one after the other for each person: the desk for who opens it or presses on it, the narrator
for what changed.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot import blocks, intents
from bot.effects import Answer
from bot.home import Owned, Said, draw, draw_refusal
from bot.intents import Asked
from provisioning.store import binders
from provisioning.store.database import Tx

GATHERS = timedelta(seconds=2)  # what changes within it is published as one
SAID_FOR = timedelta(minutes=1)  # as long as a private link lives
_MOST_READ = 50


def key_of(team: str, user: str) -> str:
    """The key of the row."""
    return f"home:{team}:{user}"


async def open_for(tx: Tx, asked: Asked, *, refusal: str, is_blank: bool, now: datetime) -> None:
    """Draw it for who opened it. ``refusal``: why they may not; ``is_blank``: Slack shows nothing yet, whatever we know."""
    await _lock(tx, asked.team, asked.who)
    drawn = await _drawn(tx, asked.team, asked.who)
    body = (
        {"user": asked.who, "view": draw_refusal(refusal, channel=asked.channel)}
        if refusal
        else await _body(tx, asked.team, asked.who, asked.channel, _fresh(drawn, now))
    )
    await _put(tx, asked.team, asked.channel, body, now, again=is_blank)


async def say(tx: Tx, asked: Asked, answer: Answer, now: datetime) -> None:
    """Answer on it to what was pressed on it."""
    await _lock(tx, asked.team, asked.who)
    drawn = await _drawn(tx, asked.team, asked.who)
    channel = (
        str(drawn["channel"]) if drawn else asked.channel
    )  # a form may name another channel to tell it in
    said = Said(
        blocks=list(answer.blocks) or [blocks.section(answer.text)],
        at=now,
        about=asked.binder.id if asked.binder else asked.details.binder,
        private=answer.private,
    )
    body = await _body(tx, asked.team, asked.who, channel, said)
    # A link that was used needs a new one, though the words are the same.
    await _put(tx, asked.team, channel, body, now, again=True)


async def redraw(tx: Tx, *, team: str, user: str, now: datetime) -> None:
    """Draw it again because a binder of theirs changed; nothing where they never opened it or nothing looks different."""
    if await _drawn(tx, team, user) is None:  # most people: no lock for them
        return
    await _lock(tx, team, user)
    drawn = await _drawn(tx, team, user)
    if drawn is None or "said" not in drawn["body"]:  # they may not use environments
        return
    channel = str(drawn["channel"])
    body = await _body(tx, team, user, channel, _fresh(drawn, now))
    await _put(tx, team, channel, body, now, is_awaited=False)


async def _lock(tx: Tx, team: str, user: str) -> None:
    await tx.rows("bot/home.one_at_a_time", key=key_of(team, user))


async def _drawn(tx: Tx, team: str, user: str) -> Mapping[str, Any] | None:
    return await tx.row("bot/home.drawn", key=key_of(team, user))


def _fresh(drawn: Mapping[str, Any] | None, now: datetime) -> Said | None:
    """The last answer on it, while it is young."""
    kept = drawn["body"].get("said") if drawn else None
    said = Said.of(kept) if kept else None
    return said if said and now - said.at < SAID_FOR else None


async def _body(tx: Tx, team: str, user: str, channel: str, said: Said | None) -> dict[str, Any]:
    ids = await intents.of_person(tx, team=team, who=user, most=_MOST_READ)
    owned = Owned.of(await binders.readable(tx, ids))
    said = said if said is not None and said.holds(owned) else None
    view = draw(owned, channel=channel, said=said)
    return {"user": user, "view": view, "said": said.stored() if said else None}


async def _put(
    tx: Tx, team: str, channel: str, body: dict[str, Any], now: datetime, *, again: bool = False, is_awaited: bool = True
) -> None:  # fmt: skip
    await tx.run(
        "bot/home.put", key=key_of(team, str(body["user"])), team=team, channel=channel, body=body, now=now,
        again=again, is_awaited=is_awaited, not_before=now if is_awaited else now + GATHERS,
    )  # fmt: skip
