"""Writes what a command decided: one transaction, fenced by the desk's lease; either all of it or nothing."""

import logging
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from bot import home_row, intents
from bot.effects import (
    Answer,
    DropVolume,
    Effect,
    ForgetToken,
    Grant,
    KeepToken,
    Launch,
    LetIn,
    SendLog,
    ShowHome,
    ShutOut,
)
from bot.intents import Asked
from bot.story import key_of
from provisioning.errors import TemporaryError
from provisioning.model import BinderId, Event, Happened, VolumeId
from provisioning.shares import Share
from provisioning.store import binders, listening, shares, source_tokens, volumes
from provisioning.store.database import Database, Tx

log = logging.getLogger(__name__)

_Doing = Launch | Grant | SendLog | KeepToken | ForgetToken | LetIn | ShutOut | DropVolume  # and an answer


async def write(db: Database, asked: Asked, desk: UUID, effect: Effect, now: datetime) -> bool:
    """Do all that the effect says; False, and nothing done, where another desk took the intent over.

    Raises `PersonError`, and nothing is done, where the launch cannot hold its work volume; `TemporaryError` where what is to be
    dropped was taken meanwhile.
    """
    try:
        async with db.transaction() as tx:
            await _write(tx, asked, desk, effect, now)
    except _TakenOver:
        log.warning("desk-late intent=%s verb=%s", asked.id, asked.verb)
        return False
    return True


async def _write(tx: Tx, asked: Asked, desk: UUID, effect: Effect, now: datetime) -> None:
    if isinstance(effect, Launch):  # before the intent can refer to it
        binder = effect.binder
        await binders.insert(tx, await volumes.taken(tx, binder, effect.volume) if effect.volume else binder)
    hours = effect.hours if isinstance(effect, Grant) else asked.details.hours
    state = "granted" if isinstance(effect, Grant) else "done"
    if not await intents.settle(tx, asked, desk=desk, state=state, binder=_subject(effect), hours=hours):
        raise _TakenOver
    await _follow(tx, asked, effect, now)


class _TakenOver(Exception):  # noqa: N818  an outcome; rolls the transaction back
    """The lease on the intent is another desk's."""


def _subject(effect: Effect) -> BinderId | None:
    match effect:
        case Launch():
            return effect.binder.id
        case Grant():
            return effect.binder
        case _:
            return None


async def _follow(tx: Tx, asked: Asked, effect: Effect, now: datetime) -> None:
    match effect:
        case ShowHome(refusal=refusal):
            await home_row.open_for(tx, asked, refusal=refusal, is_blank=asked.details.is_blank, now=now)
        case Answer():
            await _answer(tx, asked, effect, now)
        case _:
            await _do(tx, asked, effect, now)
            await _answer(tx, asked, effect.answer, now)


async def _do(tx: Tx, asked: Asked, effect: _Doing, now: datetime) -> None:
    match effect:
        case Launch():
            await binders.tell(tx, effect.binder.id, [Event(kind=Happened.REQUESTED, at=now)])
        case Grant():
            await binders.wake(tx, effect.binder, now)
            if effect.drops_volume:
                await volumes.drop_when_free(tx, effect.binder, now)
        case SendLog():
            await _send_log(tx, asked, effect, now)
        case KeepToken(scope=scope, sealed=sealed):
            await source_tokens.keep(tx, scope, sealed, at=now, by=asked.who)
        case LetIn(binder=binder, whom=whom):
            await shares.add(tx, binder, Share(whom=whom, by=asked.who, at=now))
        case ShutOut(binder=binder, whom=whom):
            await shares.remove(tx, binder, whom, by=asked.who, at=now)
        case ForgetToken(scope=scope):
            await source_tokens.forget(tx, scope)
        case DropVolume(volume=volume):
            await _drop(tx, volume, now)


async def _drop(tx: Tx, volume: VolumeId, now: datetime) -> None:
    if not await volumes.drop(tx, volume, now):
        raise TemporaryError("volume-taken", "A launch has just taken the volume.", "It is looked at again.")


async def _answer(tx: Tx, asked: Asked, answer: Answer | None, now: datetime) -> None:
    if answer is None:
        return
    if asked.details.on_home:
        await home_row.say(tx, asked, answer, now)
        return
    body: Mapping[str, object] = {
        "url": asked.details.response_url,
        "to": asked.who,
        **({"thread_ts": asked.details.thread_ts} if asked.details.thread_ts else {}),
        "response_type": "ephemeral",
        "replace_original": False,
        "text": answer.text,
        "blocks": list(answer.blocks),
        **({"private": dict(answer.private)} if answer.private else {}),
    }
    await intents.post(
        tx, key=f"answer:{asked.id}", binder=None, asked=asked, method="respond", body=dict(body), now=now
    )


async def _send_log(tx: Tx, asked: Asked, effect: SendLog, now: datetime) -> None:
    binder = effect.binder
    if effect.fetched is not None:
        await listening.keep_log(tx, binder.id, binder.attempt, effect.fetched, now)
    # A title of its own: the outbox looks for it where an answer of Slack's was lost.
    body = {"log_of": binder.id, "attempt": binder.attempt, "title": f"{binder.id}-{asked.id}.log"}
    await intents.post(
        tx, key=key_of(binder.id, f"log-{asked.id}"), binder=binder.id, asked=asked, method="file", body=body, now=now,
        thread_key=key_of(binder.id, "root"), team=binder.team, channel=binder.channel,
    )  # fmt: skip
