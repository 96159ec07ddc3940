"""One step of a binder: claim, observe, decide, record, act, settle. The thin shell around `provisioning.lifecycle`.

No transaction is open across a slow call. What is about to be made is recorded first, fenced by the lease; a kill at any
point costs at most one repeat of an action that looks for its own mark before it makes anything.
"""

import logging
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from provisioning import admission, doubles
from provisioning.acting import Actor
from provisioning.actions import MADE_BY, Action, Failed, Made, Planned, Quoted, Result
from provisioning.cloud_objects import CloudObject, Kind, Mark
from provisioning.clouds import Address, fence
from provisioning.errors import BinderopsError, UnexpectedError
from provisioning.lifecycle import Decision, backoff, decide, take_in
from provisioning.log_context import bound
from provisioning.model import Binder, BinderId, Phase
from provisioning.phases import Policy, Seen
from provisioning.right import LEASE, Right
from provisioning.settling import settle
from provisioning.sites import Site, Sites
from provisioning.store import binders, resources
from provisioning.store.binders import Claim
from provisioning.store.database import Database, Tx
from provisioning.turns import Turns

log = logging.getLogger(__name__)

_OLDEST_LISTING = timedelta(seconds=5)  # younger than the shortest takeover of a lease
#: Need no look at the cloud.
_BLIND = {Phase.REQUESTED, Phase.QUEUED, Phase.FAILED, Phase.PAUSED, Phase.DELETED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """Takes due binders one step further."""

    db: Database
    sites: Sites
    actor: Actor
    policy: Policy
    deployment: str
    clock: Callable[[], datetime]
    moved: Callable[[Binder, Binder], None] = lambda _before, _after: None  # told of each change of phase
    claimed: Callable[[], None] = lambda: None  # told as soon as one is claimed: there may be more
    looks: int = 1  # at the cloud, most under one lease, where nothing is to be done but to look again soon
    put_off: Callable[[datetime], None] = lambda _until: None  # told when one that was let go is due again
    turns: Turns = field(default_factory=Turns)
    rest: Callable[[Right, float], Awaitable[bool]] = Right.rest

    async def once(self) -> bool:
        """Step the oldest binder that is due; False where none is due."""
        return await self._claimed_step(None)

    async def step(self, binder_id: BinderId) -> bool:
        """Step this binder if it is due and free: how a test drives the machine by a clock of its own."""
        return await self._claimed_step(binder_id)

    async def _claimed_step(self, only: BinderId | None) -> bool:
        now = self.clock()
        async with self.db.apart() as tx:
            claimed = await binders.claim(
                tx, lease=uuid.uuid4(), now=now, until=now + LEASE, only=only, more=self.claimed
            )
        if claimed is None:
            return False
        right = Right(until=now + LEASE, clock=self.clock)
        with bound(binder=claimed.binder.id):
            await self._step(claimed, right)
        return True

    async def _step(self, claimed: Claim, right: Right) -> None:
        async with right.renewed(self.db, claimed):
            try:
                await self._run(claimed, right)
            except BinderopsError:
                await self._release(claimed, self._later(claimed))
                raise
            except Exception:  # one binder that breaks must not stop the others
                await self._release(claimed, self._later(claimed))
                log.exception("step-broke binder=%s phase=%s", claimed.binder.id, claimed.binder.phase)

    async def _run(self, claimed: Claim, right: Right) -> None:
        """Step after step under one lease, as long as there is something to do at once."""
        if claimed.intents:  # what people want does not wait for a cloud that may be silent
            policy = self.sites.policy_for(claimed.binder, self.policy)
            taken = take_in(claimed.binder, claimed.intents, self.clock(), policy)
            if not await self._record(claimed, taken, keep_lease=True):
                return
            claimed = replace(claimed, binder=taken.binder, intents=())
        written, looks = claimed.binder, self.looks
        # When this binder last changed anything there: being looked up and admitted in this step does not.
        changed_at = claimed.binder.last_action_at
        seen, claimed, appeared = await self._observe(claimed, changed_at)
        while True:
            now, policy = self.clock(), self.sites.policy_for(claimed.binder, self.policy)
            decision = decide(claimed.binder, (), seen, now, policy)
            if looks > 1 and decision.wake_at is not None and decision.only_waits(written, now):
                looks -= 1
                if not await self.rest(right, (decision.wake_at - now).total_seconds()):
                    await self._release(claimed, self.clock())
                    return
                seen, claimed, appeared = await self._observe(claimed, changed_at)
                continue
            async with self.turns.taken(
                decision.action, self.sites.name_for(claimed.binder), right.news
            ) as is_ours:
                if not is_ours:
                    await self._release(claimed, self.clock())
                    return
                made = await self._acted(claimed, decision, seen, appeared, right, policy)
            if made is None:
                return
            claimed, done = made
            if done is None:
                if right.news.is_set():
                    await self._release(claimed, self.clock())
                    return
                written = claimed.binder
                seen, claimed, appeared = await self._observe(claimed, changed_at)
                continue
            looks = 1  # the next claim knows the new object by its id
            # What this step made itself need not be listed again.
            site, seen = self.sites.of(claimed.binder), seen.with_made(done)
            seen = replace(seen, address=self._address(site, claimed.binder, seen.objects or ()))

    async def _acted(
        self,
        claimed: Claim,
        decision: Decision,
        seen: Seen,
        found: Iterable[CloudObject],
        right: Right,
        policy: Policy,
    ) -> tuple[Claim, CloudObject | None] | None:
        """Record what was decided, do it, record what came of it. Where the step goes on: with what, and what it made."""
        action = decision.action
        if action is not None:  # from here on a listing must be younger than this to count
            decision = replace(decision, binder=replace(decision.binder, last_action_at=self.clock()))
        if not await self._record(claimed, decision, keep_lease=action is not None, found=found):
            return None
        if action is None:
            return None
        with fence.acting_while(right.holds):
            result = await self.actor.act(decision.binder, action, seen)
        acted = replace(claimed, binder=decision.binder)
        if isinstance(result, Quoted):
            begun = await self._admit(acted, result, policy)
            return None if begun is None else (begun, None)
        settled = settle(acted.binder, action, result, self.clock(), policy)
        goes_on = isinstance(result, Made | Planned)
        if not await self._record(acted, settled, keep_lease=goes_on, came=(action, result)):
            return None
        if not goes_on:
            return None
        return replace(claimed, binder=settled.binder), result.object if isinstance(result, Made) else None

    async def _record(
        self,
        claimed: Claim,
        decision: Decision,
        *,
        keep_lease: bool,
        found: Iterable[CloudObject] = (),
        came: tuple[Action, Result] | None = None,
    ) -> bool:
        """Write a decision, fenced. False: the lease went to somebody else, whose work must not be touched."""
        async with self.db.transaction() as tx:
            if not await self._write(tx, claimed, decision, keep_lease=keep_lease):
                return False
            if decision.action is not None and (kind := MADE_BY.get(type(decision.action))) is not None:
                await resources.intend(tx, decision.binder, kind, self.clock())
            for thing in found:
                await resources.made(tx, thing, self.clock())
            if came is not None:
                await self._note(tx, claimed.binder, *came)
        self._tell(claimed.binder, decision, keep_lease=keep_lease)
        return True

    async def _admit(self, claimed: Claim, quoted: Quoted, policy: Policy) -> Claim | None:
        """Decide whether the launch begins and write it, while nobody else decides on that cloud. The claim where it begins."""
        async with self.db.transaction() as tx:
            settled = await admission.settled(tx, self.sites, claimed.binder, quoted, self.clock(), policy)
            begins = settled.binder.phase is Phase.CREATING
            if not await self._write(tx, claimed, settled, keep_lease=begins):
                return None
        self._tell(claimed.binder, settled, keep_lease=begins)
        return replace(claimed, binder=settled.binder) if begins else None

    def _tell(self, before: Binder, decision: Decision, *, keep_lease: bool) -> None:
        """What was written, to who wants to know."""
        after = decision.binder
        if after.phase is not before.phase:
            log.info("binder-moved binder=%s from=%s to=%s", after.id, before.phase, after.phase)
            self.moved(before, after)
        if not keep_lease and decision.wake_at is not None:
            self.put_off(decision.wake_at)

    async def _write(self, tx: Tx, claimed: Claim, decision: Decision, *, keep_lease: bool) -> bool:
        ours = await binders.record(
            tx, claimed, decision.binder, events=decision.events, fulfilled=decision.fulfilled,
            wake_at=decision.wake_at, now=self.clock(), keep_lease=keep_lease,
        )  # fmt: skip
        if not ours:
            log.warning("lease-lost binder=%s phase=%s", decision.binder.id, decision.binder.phase)
        return ours

    async def _note(self, tx: Tx, binder: Binder, action: Action, result: Result) -> None:
        """Keep what a create left: the object, nothing, or the doubt whether there is one."""
        if isinstance(result, Made):
            await resources.made(tx, result.object, self.clock())
        elif isinstance(result, Failed) and (kind := MADE_BY.get(type(action))) is not None:
            if getattr(result.error, "is_unanswered", isinstance(result.error, UnexpectedError)):
                await resources.give_up(tx, binder, kind, self.clock())
            else:
                await resources.refused(tx, binder, kind)

    async def _observe(
        self, claimed: Claim, changed_at: datetime
    ) -> tuple[Seen, Claim, tuple[CloudObject, ...]]:
        """What the cloud says now, and what is there of calls whose answers were lost. A listing that fails is none: the binder waits longer each time."""
        seen, claimed = await self._listed(claimed, changed_at)
        answers = {u: seen.answer_to(u) for u in claimed.unanswered}
        left = tuple(u for u, answer in answers.items() if answer is None)
        # Made for a binder that was let go before that was noted.
        unknown = seen.work if claimed.work_id is None else ()
        appeared = (*(answer for answer in answers.values() if answer is not None), *unknown)
        return replace(seen, unanswered=left), claimed, appeared

    async def _listed(self, claimed: Claim, changed_at: datetime) -> tuple[Seen, Claim]:
        binder = claimed.binder
        if binder.phase in _BLIND:
            return Seen(), claimed
        try:
            site = self.sites.of(binder)
            listing = await site.inventory.since(max(changed_at, self.clock() - _OLDEST_LISTING))
            objects = await self._with_unlisted(site, claimed, listing.of(binder.id))
        except BinderopsError as error:
            log.warning("listing-failed binder=%s code=%s message=%s", binder.id, error.code, error.message)
            blind = replace(binder, errors_in_row=binder.errors_in_row + 1, last_error=error.message)
            return Seen(), replace(claimed, binder=blind)
        address = self._address(site, binder, objects)
        work = listing.held(binder.volume, self._mark(binder, binder.attempt))
        return Seen(
            objects=objects, began_at=listing.began_at, address=address, work=work, work_id=claimed.work_id
        ), claimed

    async def _with_unlisted(
        self, site: Site, claimed: Claim, listed: tuple[CloudObject, ...]
    ) -> tuple[CloudObject, ...]:
        """The listing's objects and the servers that it leaves out although they are there."""
        shown = {o.id for o in listed}
        unlisted: list[CloudObject] = []
        for known in claimed.servers:
            if known.id in shown:
                continue
            mark = self._mark(claimed.binder, known.attempt)
            if (there := await site.cloud.server(mark, known.id)) is not None:
                log.warning("server-unlisted binder=%s server=%s", claimed.binder.id, known.id)
                unlisted.append(there)
                continue
            async with self.db.apart() as tx:
                await resources.server_gone(tx, claimed.binder, known.id, self.clock())
        return (*listed, *unlisted)

    def _mark(self, binder: Binder, attempt: int) -> Mark:
        return Mark(deployment=self.deployment, binder=binder.id, attempt=attempt)

    def _address(self, site: Site, binder: Binder, objects: tuple[CloudObject, ...]) -> Address | None:
        mine = doubles.kept(objects, binder.attempt)
        port, floating_ip = mine.get(Kind.PORT), mine.get(Kind.FLOATING_IP)
        if port is None or floating_ip is None:
            return None
        return site.cloud.address(self._mark(binder, binder.attempt), port, floating_ip)

    def _later(self, claimed: Claim) -> datetime:
        return self.clock() + backoff(claimed.binder.errors_in_row + 2)

    async def _release(self, claimed: Claim, at: datetime) -> None:
        async with self.db.apart() as tx:
            await tx.run("binders.release", id=claimed.binder.id, lease=claimed.lease, wake_at=at)
        self.put_off(at)
