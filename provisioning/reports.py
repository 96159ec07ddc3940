"""Hearing what guests say: on the console until the certificate is pinned, from then on by long poll over HTTPS."""

import asyncio
import json
import logging
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from provisioning.cloud_objects import Kind
from provisioning.errors import BinderopsError
from provisioning.guest_link import GuestLink
from provisioning.guest_reports import report_from_json
from provisioning.model import Binder, BinderId, Phase, Report
from provisioning.sites import Sites
from provisioning.store import binders, listening
from provisioning.store.database import Bell, Database

log = logging.getLogger(__name__)

LISTENS_IN = (Phase.BOOTING, Phase.BUILDING, Phase.STARTING, Phase.READY)
# Renewed while somebody listens: shorter than a poll, so that a takeover is not late.
LEASE = timedelta(seconds=15)
_RENEW_EVERY = LEASE / 3
_LONG_POLL_S = 20
_PAUSE = timedelta(seconds=1)
_MARK = "binderops: "


def reports_on_console(text: str) -> tuple[Report, ...]:
    """The agent's reports in a console log, in order, each number once; anything else there is passed over."""
    found: dict[int, Report] = {}
    for line in text.splitlines():
        _, mark, body = line.partition(_MARK)
        if mark:
            try:
                report = report_from_json(json.loads(body))
            except (ValueError, RecursionError):
                continue
            found[report.n] = report
    return tuple(found[n] for n in sorted(found))


def until_pinned(told: Sequence[Report]) -> tuple[Report, ...]:
    """What counts of the console's reports: those up to the first with the guest's certificate, which stands for its first report.

    They are short there, without causes, notes and interfaces: all that follows the guest is asked for itself.
    """
    pinned = next((report for report in told if report.cert_sha256), None)
    if pinned is None:
        return tuple(told)
    first = replace(pinned, n=1, phase="setup", message="The instance is up", step=None, awaits="")
    return (*(report for report in told if report.n < 1), first)


class Listener:
    """Listens to every guest that is up; one process listens to a guest at a time."""

    def __init__(
        self,
        db: Database,
        sites: Sites,
        link: GuestLink,
        bell: Bell,
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._sites = sites
        self._link = link
        self._bell = bell
        self._clock = clock
        self._me = uuid.uuid4()
        self._tasks: dict[asyncio.Task[None], BinderId] = {}
        self._renew_at = clock()

    async def once(self) -> bool:
        """Begin to listen to the guests that nobody listens to; False where there were none. Renews what is listened to."""
        now = self._clock()
        await self._renew(now)
        async with self._db.apart() as tx:
            fresh = await listening.listenable(
                tx, phases=LISTENS_IN, listener=self._me, now=now, until=now + LEASE, most=100
            )
        for binder in fresh:
            task = asyncio.create_task(self._listen(binder), name=f"listen-{binder.id}")
            self._tasks[task] = binder.id
            task.add_done_callback(self._tasks.pop)
        return bool(fresh)

    async def _renew(self, now: datetime) -> None:
        """A poll may last longer than the lease: all that are under way are renewed at once, now and then."""
        if now < self._renew_at or not self._tasks:
            return
        async with self._db.apart() as tx:
            await tx.run(
                "binders.keep_listening",
                ids=list(self._tasks.values()),
                listener=self._me,
                until=now + LEASE,
            )
        self._renew_at = now + _RENEW_EVERY

    async def stop(self) -> None:
        """Stop listening to all."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self, binder: Binder) -> None:
        try:
            while (going := await self._hear(binder)) is not None:
                binder = going
        except BinderopsError as error:
            log.debug("guest-silent binder=%s code=%s", binder.id, error.code)
        except Exception:  # whatever one guest causes must not end the listening to it
            log.exception("listening-broke binder=%s", binder.id)
        until = self._clock() + _PAUSE
        try:
            async with self._db.apart() as tx:
                await tx.run("binders.let_go", id=binder.id, listener=self._me, until=until)
        except BinderopsError as error:
            log.warning("listening-stays binder=%s code=%s", binder.id, error.code)
        except Exception:  # the lease ends by itself; the next listener takes over
            log.exception("listening-stays binder=%s", binder.id)
        await asyncio.sleep(_PAUSE.total_seconds())
        self._bell.ring("listen")

    async def _hear(self, binder: Binder) -> Binder | None:
        """One poll; the binder as it is after it, or None where it need not be listened to any more."""
        heard = await self._reports(binder)
        known = binder.report.n if binder.report else 0
        if not any(report.n > known for report in heard):
            await asyncio.sleep(
                _PAUSE.total_seconds()
            )  # a guest that answers at once with nothing new sets no pace
        now = self._clock()
        async with self._db.transaction() as tx:
            ours = await tx.run("binders.still_listening", id=binder.id, listener=self._me, until=now + LEASE)
            if not ours:
                return None
            for report in heard:
                await listening.hear(tx, binder, report, now)
            after = await binders.get(tx, binder.id)
        if after is None or after.phase not in LISTENS_IN or after.attempt != binder.attempt:
            return None
        return after

    async def _reports(self, binder: Binder) -> Iterable[Report]:
        after = binder.report.n if binder.report else 0
        if binder.agent_url.startswith("https:") and not binder.cert_sha256:
            await asyncio.sleep(_PAUSE.total_seconds())
            site = self._sites.of(binder)
            listing = await site.inventory.since(self._clock() - timedelta(seconds=10))
            server = next(
                (
                    o
                    for o in listing.of(binder.id)
                    if o.kind is Kind.SERVER and o.mark.attempt == binder.attempt
                ),
                None,
            )
            return until_pinned(reports_on_console(await site.cloud.console(server.id))) if server else ()
        return await self._link.status(
            binder.agent_url, binder.id, after, _LONG_POLL_S, cert_sha256=binder.cert_sha256
        )
