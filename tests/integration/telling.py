"""A binder's life, written as the worker writes it, for tests of what the narrator makes of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec

from bot.narrator import Narrator
from provisioning.model import Binder, BinderId, Event, Happened, Phase, Report
from provisioning.store import binders, listening
from provisioning.store.database import Database
from tests.conftest import Clock
from tests.strategies import a_binder, a_plan

KEY = "binder:aaaabbbbcc:"
BUILDING = a_binder(Phase.BUILDING, plan=a_plan())
UP = (Happened.ATTEMPT_STARTED, Happened.SERVER_ACTIVE, Happened.BUILD_BEGAN)


class Story:
    """Writes a binder's life as the worker does, and lets the narrator tell it."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self.db, self.clock = db, clock
        self.narrator = Narrator(db=db, clock=clock)

    async def begins(self, binder: Binder, *kinds: Happened) -> None:
        async with self.db.transaction() as tx:
            await binders.insert(tx, binder)
        await self.goes_on(binder, *kinds)

    async def goes_on(self, binder: Binder, *kinds: Happened, **data: Any) -> None:
        async with self.db.transaction() as tx:
            # The columns that a step writes; the lease's part is not what is told here.
            await tx._connection.execute(
                "update binders set plan=%s::jsonb, phase=%s, attempt=%s, failure=%s::jsonb, story_rev=story_rev+1"
                " where id=%s",
                (_text(binder.plan), binder.phase, binder.attempt, _text(binder.failure), binder.id),
            )
            await binders.tell(
                tx, binder.id, [Event(kind=kind, at=self.clock(), data=data) for kind in kinds]
            )

    async def says(self, binder: Binder, report: Report) -> None:
        async with self.db.transaction() as tx:
            await listening.hear(tx, binder, report, self.clock())

    async def breaks(self, binder: Binder, how: str) -> None:
        """Change what is stored of it, past everything that reads it."""
        async with self.db.transaction() as tx:
            await tx._connection.execute(how.encode(), (binder.id,))

    async def told(self) -> dict[str, dict[str, Any]]:
        """Tell everything; the outbox's rows by key."""
        while await self.narrator.once():
            pass
        async with self.db.transaction() as tx:
            cursor = await tx._connection.execute("select * from outbox order by created_at, key")
            return {row["key"]: row for row in await cursor.fetchall()}

    async def posted(self, ts: str = "1.0") -> None:
        """As if the outbox had sent everything."""
        async with self.db.transaction() as tx:
            await tx._connection.execute("update outbox set ts = %s, sent_rev = body_rev", (ts,))


def _text(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


async def a_class_builds(story: Story, count: int, *, channels: Sequence[str] = ("C1",)) -> list[Binder]:
    """``channels``: in which each of them is, over and over."""
    everybody = [
        replace(BUILDING, id=BinderId(f"binder{n:04}"), owner=f"U{n}", channel=channels[n % len(channels)])
        for n in range(count)
    ]
    for binder in everybody:
        await story.begins(binder, *UP)
    return everybody
