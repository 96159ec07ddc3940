"""Claims the message that is due, sends it with no transaction open, and writes down how it went, fenced by the lease."""

import asyncio
import copy
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.outbox.publishing import Publisher
from bot.outbox.responding import Responder
from bot.outbox.row import Claimed, Result, Unknown
from bot.outbox.sending import Sender
from bot.outbox.verdict import Again, Done, Verdict, judge, plan_budget
from bot.slack_client import Observe
from provisioning.errors import TemporaryError
from provisioning.log_context import bound
from provisioning.store.database import Database, Tx

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=18)  # a dead process's messages go out within 20 s
_PATIENCE_S = 15  # everything about one message, within the lease
_ANSWERS_AT_ONCE = 16
_TRIES = 10  # to write down what became of answers
_TOGETHER_S = 0.2  # answers that are through within this of each other are written down in one transaction
_SPACING = {  # the least time between two calls of a budget
    "post": timedelta(seconds=1),  # chat.postMessage: about one a second in a channel
    "update": timedelta(seconds=1.2),  # chat.update: tier 3, 50 a minute in a workspace
    "file": timedelta(seconds=1),
    "home": timedelta(seconds=0.6),  # views.publish: tier 4, 100 a minute in a workspace
}

#: The least time between two edits of a board. Ten of them take turns within twelve seconds of the workspace's budget for edits.
BOARD_RESTS = timedelta(seconds=10)
_TURN = BOARD_RESTS + timedelta(
    seconds=2
)  # counts from before the sending, and the board comes before the threads

PrivateLink = Callable[[Mapping[str, Any]], Awaitable[str]]


class Outbox:
    """Sends what lies in the outbox. Any number of processes may run one; they share leases and budgets.

    ``private_link`` makes a person's one-time URL out of a row's ``private`` part; the URL is neither stored nor logged.
    ``record`` sees each call by response_url, without the URL; ``observe`` hears how it went. ``more`` is called with ``outbox`` or
    ``answer`` as soon as something was claimed and there may be more to claim of it.
    """

    def __init__(
        self,
        db: Database,
        slack: AsyncWebClient,
        clock: Callable[[], datetime],
        http: aiohttp.ClientSession,
        private_link: PrivateLink,
        *,
        record: Callable[[str, Mapping[str, Any]], None] | None = None,
        observe: Observe | None = None,
        more: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._more = more
        self._db = db
        self._clock = clock
        # Two of our loops that claim in the same moment would take two messages for one turn of a budget, and the second may win it.
        self._claiming = asyncio.Lock()
        # The SDK's own client repeats a call whose connection broke, which would post a message twice: here a lost
        # answer is looked for first.
        once_only = copy.copy(slack)
        once_only.retry_handlers = []
        self._sender = Sender(once_only)
        self._publisher = Publisher(once_only, private_link)
        self._responder = Responder(once_only, http, private_link, record, observe)

    async def once(self) -> bool:
        """Send one message; False where none may go out now."""
        async with self._claiming, self._db.transaction() as tx:
            now = self._clock()
            row = await tx.row("bot/outbox.claim", now=now, lease=uuid.uuid4(), until=now + LEASE)
            if row is None:
                return False
            self._more("outbox")
            claimed = Claimed.of(row)
            if not await _spend(tx, claimed, now):
                await _give_back(tx, claimed)
                return True
            plain = await tx.row("bot/outbox.is_held", name=plan_budget(claimed.team), now=now) is not None
            log_text = await _kept_log(tx, claimed)
        result = await self._send(claimed, plain=plain, log_text=log_text)
        await self._apply([(claimed, result)])
        return True

    async def answer(self) -> bool:
        """Send a handful of answers to one person each, side by side; False where none may go out now."""
        async with self._db.apart() as tx:
            now = self._clock()
            rows = await tx.rows(
                "bot/outbox.claim_answers",
                now=now,
                lease=uuid.uuid4(),
                until=now + LEASE,
                most=_ANSWERS_AT_ONCE,
            )
        if len(rows) == _ANSWERS_AT_ONCE:
            self._more("answer")
        under_way = {asyncio.create_task(self._answered(Claimed.of(row))) for row in rows}
        try:
            while under_way:
                through, under_way = await asyncio.wait(under_way, timeout=_TOGETHER_S)
                if through:
                    await self._apply_surely([task.result() for task in through])
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
        return bool(rows)

    async def _answered(self, row: Claimed) -> tuple[Claimed, Result]:
        return row, await self._send(row, plain=False, log_text="")

    async def _send(self, row: Claimed, *, plain: bool, log_text: str) -> Result:
        if self._clock() >= row.lease_until:  # paused since the claim: somebody else may be at it
            return Unknown(why="lease-lost")
        try:
            with bound(key=row.key):
                async with asyncio.timeout(_PATIENCE_S):
                    return await self._by_method(row, plain=plain, log_text=log_text)
        except TimeoutError:
            return Unknown(why="too-slow")
        except Exception:  # one message that breaks must not hold up the others; it is tried again
            log.exception("outbox-broke key=%s", row.key)
            return Unknown(why="unexpected")

    async def _by_method(self, row: Claimed, *, plain: bool, log_text: str) -> Result:
        match row.method:
            case "respond":
                return await self._responder.respond(row)
            case "home":
                return await self._publisher.publish(row)
            case "file":
                return await self._sender.upload(row, log_text)
            case _:
                return await self._sender.post_or_update(row, plain=plain)

    async def _apply_surely(self, results: Sequence[tuple[Claimed, Result]]) -> None:
        """As `_apply`, also over a short absence of the database: an answer that is not written down is told once more."""
        for _ in range(_TRIES):
            try:
                await self._apply(results)
            except TemporaryError as error:
                log.warning("outbox-waits answers=%s error=%s", len(results), error.code)
                await asyncio.sleep(_TOGETHER_S)
            except Exception:  # one that cannot be written takes no other with it
                log.exception("outbox-apart answers=%s", len(results))
                for one in results:
                    await self._apply_alone(one)
                return
            else:
                return

    async def _apply_alone(self, one: tuple[Claimed, Result]) -> None:
        try:
            await self._apply([one])
        except Exception:  # its lease ends, and it is told once more: better twice than not at all
            log.exception("outbox-broke key=%s", one[0].key)

    async def _apply(self, results: Sequence[tuple[Claimed, Result]]) -> None:
        """Write down how the sending of each went, all in one transaction."""
        now = self._clock()
        verdicts = [(row, judge(row, result, now)) for row, result in sorted(results, key=lambda p: p[0].key)]
        is_one_query = [type(verdict) for _, verdict in verdicts] == [Done]
        async with self._db.apart() if is_one_query else self._db.transaction() as tx:
            for row, verdict in verdicts:
                await _settle(tx, row, verdict, now)


async def _settle(tx: Tx, row: Claimed, verdict: Verdict, now: datetime) -> None:
    match verdict:
        case Done():
            if verdict.note:
                log.warning("outbox-set-aside key=%s error=%s", row.key, verdict.note)
            await tx.run(
                "bot/outbox.sent", key=row.key, lease=row.lease, ts=verdict.ts, rev=verdict.rev,
                note=verdict.note, next_at=now + BOARD_RESTS if row.is_board else now,
            )  # fmt: skip
        case Again():
            log.info("outbox-again key=%s error=%s tries=%s", row.key, verdict.error, verdict.tries)
            if verdict.hold is not None:
                await tx.run("bot/outbox.hold", name=verdict.hold[0], next_at=verdict.hold[1])
            await tx.run(
                "bot/outbox.again", key=row.key, lease=row.lease, next_try_at=verdict.at, tries=verdict.tries,
                error=verdict.error, ts=verdict.ts, posting_since=verdict.posting_since,
            )  # fmt: skip


async def post_again(tx: Tx) -> None:
    """Have everything posted anew, for a workspace that forgot it: the playground of ``binderops try``."""
    await tx.run("bot/outbox.post_again")


async def try_now(tx: Tx, *, errors: Sequence[str], now: datetime) -> None:
    """Put off no longer what waits because of these errors: whoever runs the bot has mended the cause."""
    await tx.run("bot/outbox.try_now", errors=list(errors), now=now)


async def _spend(tx: Tx, row: Claimed, now: datetime) -> bool:
    if row.budget is None:
        return True
    spacing = _SPACING[row.budget.partition(":")[0]]
    if await tx.run("bot/outbox.spend", name=row.budget, next_at=now + spacing, now=now) == 0:
        return False
    if row.budget.startswith("update:"):
        await tx.run("bot/outbox.took_turn", name=f"turn:{row.team}:{row.channel}", next_at=now + _TURN)
    return True


async def _give_back(tx: Tx, row: Claimed) -> None:
    """Another process took the budget's turn in this very moment: nothing was tried."""
    await tx.run("bot/outbox.give_back", key=row.key, lease=row.lease, posting_since=row.uncertain_since)


async def _kept_log(tx: Tx, row: Claimed) -> str:
    if row.method != "file":
        return ""
    kept = await tx.row("bot/outbox.kept_log", binder=row.body["log_of"], attempt=row.body["attempt"])
    return str(kept["body"]) if kept else ""
