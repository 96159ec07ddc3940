"""The figures of the whole deployment, read from the database: the same from every process."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.exposition import Family, Sample
from provisioning.errors import TemporaryError
from provisioning.reports import LISTENS_IN
from provisioning.store.database import Database, Row

_KEPT = timedelta(seconds=2)  # however many ask
_PATIENCE_S = 2.0
MEANINGS = {  # by "what" of the query: the name, its labels, what it says
    "binders": ("binderops_binders", ("phase",), "Environments that are not gone, by phase."),
    "ended": ("binderops_binders_ended", ("outcome", "code"), "Launches that have their outcome, by failure code."),
    "intents": ("binderops_intents_waiting", ("state",), "What people want and is not done yet."),
    "intent_age": ("binderops_intent_age_seconds", (), "Age of the oldest wish that no desk has dealt with."),
    "outbox": ("binderops_outbox_waiting", (), "Messages that Slack does not show as they should be."),
    "outbox_age": ("binderops_outbox_age_seconds", (), "How long the oldest of them waits."),
    "guests_unheard": ("binderops_guests_unheard", (), "Instances whose reports nobody listens to now."),
    "steps_due": ("binderops_steps_due", (), "Environments whose next step is due and not begun."),
    "step_age": ("binderops_step_age_seconds", (), "How late the latest of them is."),
}  # fmt: skip


class Gauges:
    """Reads at most once in two seconds."""

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._clock = clock
        self._lock = asyncio.Lock()
        self._at: datetime | None = None
        self._rows: Sequence[Row] = ()

    async def families(self) -> Sequence[Family]:
        """All of them; where the database does not answer only that it does not."""
        async with self._lock:
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await self._read()
            except (TemporaryError, TimeoutError):
                return [_up(0)]
        return [_up(1), *(_family(what, self._rows) for what in MEANINGS)]

    async def _read(self) -> None:
        now = self._clock()
        if self._at is not None and now - self._at < _KEPT:
            return
        async with self._db.transaction(patience_s=_PATIENCE_S) as tx:
            self._rows = await tx.rows("bot/figures.now", now=now, listens_in=list(LISTENS_IN))
        self._at = now


def _up(value: int) -> Family:
    return Family(
        name="binderops_database_up", kind="gauge", meaning="Whether the database answered just now.",
        samples=[Sample(labels={}, value=value)],
    )  # fmt: skip


def _family(what: str, rows: Sequence[Row]) -> Family:
    name, labels, meaning = MEANINGS[what]
    samples = [
        Sample(labels=dict(zip(labels, (r["label"], r["more"]), strict=False)), value=float(r["value"]))
        for r in rows
        if r["what"] == what
    ]
    return Family(name=name, kind="gauge", meaning=meaning, samples=samples)
