"""One step of a binder: claim, observe, decide, record, act, settle. The thin shell around `provisioning.lifecycle`.

No transaction is open across a slow call. What is about to be made is recorded first, fenced by the lease; a kill at any
point costs at most one repeat of an action that looks for its own mark before it makes anything.
"""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from provisioning.acting import Actor
from provisioning.actions import (
    Made,
    MakeFloatingIp,
    MakePort,
    MakeServer,
    MakeVolume,
    Result,
)
from provisioning.clouds import Cloud
from provisioning.errors import BinderopsError
from provisioning.inventory import Inventory
from provisioning.lifecycle import Decision, backoff, decide
from provisioning.model import Binder, BinderId, CloudObject, Kind, Mark, Phase
from provisioning.phases import Policy, Seen
from provisioning.settling import settle
from provisioning.store import binders
from provisioning.store.binders import Claim
from provisioning.store.database import Database

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=15)
_OLDEST_LISTING = timedelta(seconds=5)  # younger than the shortest takeover of a lease
_MADE_BY = {
    MakePort: Kind.PORT,
    MakeFloatingIp: Kind.FLOATING_IP,
    MakeVolume: Kind.VOLUME,
    MakeServer: Kind.SERVER,
}
_LOOKS_AT_CLOUD = frozenset(Phase) - {
    Phase.REQUESTED,
    Phase.QUEUED,
    Phase.FAILED,
    Phase.PAUSED,
    Phase.DELETED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """Takes due binders one step further."""

    db: Database
    cloud: Cloud
    inventory: Inventory
    actor: Actor
    policy: Policy
    deployment: str
    clock: Callable[[], datetime]

    async def once(self) -> bool:
        """Step the binder that is due longest; False where none is due."""
        return await self._claimed_step(None)

    async def step(self, binder_id: BinderId) -> bool:
        """Step this binder if it is due and free: how a test drives the machine by a clock of its own."""
        return await self._claimed_step(binder_id)

    async def _claimed_step(self, only: BinderId | None) -> bool:
        now = self.clock()
        async with self.db.transaction() as tx:
            claimed = await binders.claim(tx, lease=uuid.uuid4(), now=now, until=now + LEASE, only=only)
        if claimed is None:
            return False
        async with self._renewed(claimed):
            try:
                await self._run(claimed)
            except BinderopsError:
                await self._release(claimed)
                raise
            except Exception:  # one binder that breaks must not stop the others
                await self._release(claimed)
                log.exception("step-broke binder=%s phase=%s", claimed.binder.id, claimed.binder.phase)
        return True

    async def _run(self, claimed: Claim) -> None:
        """Step after step under one lease, as long as there is something to do at once."""
        seen, claimed = await self._observe(claimed)
        while True:
            decision = decide(claimed.binder, claimed.intents, seen, self.clock(), self.policy)
            action = decision.action
            if action is not None:  # from here on a listing must be younger than this to count
                decision = replace(decision, binder=replace(decision.binder, last_action_at=self.clock()))
            if not await self._record(claimed, decision, keep_lease=action is not None):
                return
            if action is None:
                return
            result = await self.actor.act(decision.binder, action, seen)
            settled = settle(decision.binder, action, result, self.clock(), self.policy)
            acted = replace(claimed, binder=decision.binder)
            if not await self._record(acted, settled, keep_lease=isinstance(result, Made), result=result):
                return
            if not isinstance(result, Made):
                return
            # What this step made itself need not be listed again.
            seen = self._seen(settled.binder, (*(seen.objects or ()), result.object))
            claimed = replace(claimed, binder=settled.binder, intents=())

    async def _record(
        self, claimed: Claim, decision: Decision, *, keep_lease: bool, result: Result | None = None
    ) -> bool:
        """Write a decision, fenced. False: the lease went to somebody else, whose work must not be touched."""
        after = decision.binder
        async with self.db.transaction() as tx:
            ours = await binders.record(
                tx, claimed, after, events=decision.events, fulfilled=decision.fulfilled,
                wake_at=decision.wake_at, now=self.clock(), keep_lease=keep_lease,
            )  # fmt: skip
            if not ours:
                log.warning("lease-lost binder=%s phase=%s", after.id, after.phase)
                return False
            if (kind := _MADE_BY.get(type(decision.action))) is not None:
                await binders.intend(tx, after, kind, self.clock())
            if isinstance(result, Made):
                await binders.made(tx, after, result.object.kind, result.object.id)
        if after.phase is not claimed.binder.phase:
            log.info("binder-moved binder=%s from=%s to=%s", after.id, claimed.binder.phase, after.phase)
        return True

    async def _observe(self, claimed: Claim) -> tuple[Seen, Claim]:
        """What the cloud says now. A listing that fails is no observation, and the binder waits longer each time."""
        binder = claimed.binder
        if binder.phase not in _LOOKS_AT_CLOUD and not claimed.intents:
            return Seen(), claimed
        try:
            listing = await self.inventory.since(max(binder.last_action_at, self.clock() - _OLDEST_LISTING))
        except BinderopsError as error:
            log.warning("listing-failed binder=%s code=%s message=%s", binder.id, error.code, error.message)
            blind = replace(binder, errors_in_row=binder.errors_in_row + 1, last_error=error.message)
            return Seen(), replace(claimed, binder=blind)
        seen = self._seen(binder, listing.of(binder.id))
        return replace(seen, unanswered_at=claimed.unanswered_at), claimed

    def _seen(self, binder: Binder, objects: tuple[CloudObject, ...]) -> Seen:
        mark = Mark(deployment=self.deployment, binder=binder.id, attempt=binder.attempt)
        mine = {o.kind: o for o in objects if o.mark == mark}
        port, floating_ip = mine.get(Kind.PORT), mine.get(Kind.FLOATING_IP)
        address = self.cloud.address(mark, port, floating_ip) if port and floating_ip else None
        return Seen(objects=objects, address=address)

    @asynccontextmanager
    async def _renewed(self, claimed: Claim) -> AsyncIterator[None]:
        async def renew() -> None:
            while True:
                await asyncio.sleep(LEASE.total_seconds() / 3)
                with suppress(BinderopsError):  # the next one may work; the fence holds anyway
                    async with self.db.transaction() as tx:
                        until = self.clock() + LEASE
                        await tx.run("binders.renew", id=claimed.binder.id, lease=claimed.lease, until=until)

        task = asyncio.create_task(renew(), name=f"renew-{claimed.binder.id}")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _release(self, claimed: Claim) -> None:
        later = self.clock() + backoff(claimed.binder.errors_in_row + 2)
        async with self.db.transaction() as tx:
            await tx.run("binders.release", id=claimed.binder.id, lease=claimed.lease, wake_at=later)
