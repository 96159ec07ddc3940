"""Tells the story: draws a binder whose story went on and leaves the messages in the outbox, in one transaction."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import home_row, time_left
from bot.story import Board, Message, Told, draw, draw_board, key_of, retired
from bot.story.board import is_crowded
from provisioning.errors import TemporaryError
from provisioning.model import Binder, BinderId, Phase
from provisioning.store import binders, listening
from provisioning.store.database import Database, Row, Tx

log = logging.getLogger(__name__)

LIVE_BUILDS = (Phase.CREATING, Phase.BOOTING, Phase.BUILDING, Phase.STARTING)
SLOW_UPDATE = timedelta(seconds=30)
_PUT_OFF = timedelta(minutes=5)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrator:
    """Keeps the outbox in step with the stories; any number of processes may run one."""

    db: Database
    clock: Callable[[], datetime]

    async def once(self) -> bool:
        """Tell one binder's story as it stands; False where all are told."""
        now = self.clock()
        claimed: Row | None = None
        try:
            async with self.db.transaction() as tx:
                claimed = await tx.row("bot/story.claim", now=now, builds=list(LIVE_BUILDS))
                if claimed is None:
                    return False
                binder = await binders.get(tx, BinderId(claimed["id"]))
                if binder is not None:
                    await self._tell(tx, binder, now)
                await tx.run("bot/story.told", id=claimed["id"], rev=claimed["story_rev"])
        except TemporaryError:
            raise
        except Exception:
            if claimed is None:
                raise
            # Cannot be loaded, drawn or written: it must not silence the others, nor count as told.
            log.exception("story-broke binder=%s", claimed["id"])
            async with self.db.transaction() as tx:
                await tx.run("bot/story.put_off", id=claimed["id"], at=now + _PUT_OFF)
        return True

    async def _tell(self, tx: Tx, binder: Binder, now: datetime) -> None:
        answered_at = await tx.row("bot/story.answered_at", id=binder.id) or {}
        told = Told(
            binder=binder,
            events=await binders.events(tx, binder.id),
            reports=await listening.reports(tx, binder.id, binder.attempt),
            response_url=answered_at.get("url", ""),
            told_in=answered_at.get("told_in", ""),
            launched_in=answered_at.get("thread_ts", ""),
        )
        messages = draw(await time_left.with_estimate(tx, told, now))
        slow = await _tell_board(tx, binder, now)
        for number, message in enumerate(messages):
            await _put(tx, binder, message, now, at=now + number * _TICK, slow=slow)
        await _retire(tx, binder, messages)
        await home_row.redraw(tx, team=binder.team, user=binder.owner, now=now)


async def _put(tx: Tx, binder: Binder, message: Message, now: datetime, *, at: datetime, slow: bool) -> None:
    is_slowed = slow and message.slot.startswith("progress")
    await tx.run(
        "bot/story.put",
        key=key_of(binder.id, message.slot),
        binder=binder.id,
        team=binder.team,
        channel=binder.channel,
        thread_key=key_of(binder.id, "root") if message.in_thread else None,
        method=message.method,
        body=message.body(binder.id),
        is_final=message.is_final,
        now=now,
        at=at,
        not_before=now + SLOW_UPDATE if is_slowed else now,
    )


async def _retire(tx: Tx, binder: Binder, messages: Sequence[Message]) -> None:
    """Messages of earlier attempts lose their buttons."""
    drawn = [key_of(binder.id, message.slot) for message in messages]
    for row in await tx.rows("bot/story.others", id=binder.id, drawn=drawn):
        if (body := retired(row["body"])) is not None:
            await tx.run("bot/story.retire", key=row["key"], body=body)


async def _tell_board(tx: Tx, binder: Binder, now: datetime) -> bool:
    """Draw the channel's board where there is one or must be one; True where the threads slow down for it."""
    key = f"board:{binder.channel}"
    # Two tellings at once could each miss the other's binder, and nobody would draw the board again.
    await tx.rows("bot/story.one_board_at_a_time", key=key)
    found = await tx.rows("bot/story.live", team=binder.team, phases=list(LIVE_BUILDS))
    live = [BinderId(row["id"]) for row in found if row["channel"] == binder.channel]
    board = await tx.row("bot/story.board", key=key)
    is_open = board is not None and not board["is_closed"]
    slow = is_crowded(len(live), len(found))
    if not is_open and not slow:
        return False
    if board is not None and not is_open:
        await tx.run("bot/story.reopen_board", key=key, now=now)
    builds = tuple((one, one.report) for one in await binders.readable(tx, live))
    drawn = draw_board(Board(builds=builds, is_posted=is_open and board is not None and board["is_posted"]))
    await tx.run(
        "bot/story.put", key=key, binder=None, team=binder.team, channel=binder.channel, thread_key=None,
        method="post", body=drawn, is_final=False, now=now, at=now, not_before=now,
    )  # fmt: skip
    return slow
