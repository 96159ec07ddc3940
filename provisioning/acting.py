"""Doing what a decision asks for: one action, one call to the outside, one result. Holds no policy, keeps nothing."""

import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from provisioning import admission, doubles
from provisioning.actions import (
    Action,
    Admit,
    CheckPublic,
    Counted,
    CountWork,
    Delete,
    Done,
    Failed,
    KeepLog,
    Made,
    MakeFloatingIp,
    MakePort,
    MakeServer,
    MakeVolume,
    MakeWorkVolume,
    Planned,
    ReadConsole,
    Resolve,
    Result,
    Said,
)
from provisioning.cloud_objects import CloudObject, Kind, Mark
from provisioning.clouds import Cloud, ServerSpec
from provisioning.errors import BinderopsError, TemporaryError, UnexpectedError
from provisioning.guest.rules import Rules
from provisioning.guest_link import GuestLink
from provisioning.launch_spec import Limits, launch_json
from provisioning.model import Binder, Phase, Plan
from provisioning.phases import LIMITS, Seen
from provisioning.sites import Sites
from provisioning.store import listening
from provisioning.store.database import Database

log = logging.getLogger(__name__)

# An extension may move it; whoever sweeps the project by hand should ask the bot first.
_LONGEST_START = sum(
    (LIMITS[p] for p in (Phase.CREATING, Phase.BOOTING, Phase.BUILDING, Phase.STARTING)), timedelta()
)
_CONSOLE_LINES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What every guest of this deployment is told."""

    #: The public keys that the guest of this attempt is born with, noted as such (`provisioning.key_rotation.born_with`).
    bot_keys: Callable[[Binder], Awaitable[tuple[str, ...]]]
    allow_exact: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    rules: Rules = field(default_factory=Rules)  # which sources may be fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The hands of a step."""

    db: Database
    sites: Sites
    link: GuestLink
    plan: Callable[[Binder], Awaitable[Plan]]  # what its request means, to its owner
    orders: Orders
    deployment: str
    clock: Callable[[], datetime]

    async def act(self, binder: Binder, action: Action, seen: Seen) -> Result:
        """Do it. Never raises: what went wrong is a `Failed` with an error a person can act on."""
        try:
            return await self._act(binder, action, seen)
        except BinderopsError as error:
            log.warning(
                "action-failed binder=%s action=%s code=%s message=%s",
                binder.id, type(action).__name__, error.code, error.message,
            )  # fmt: skip
            return Failed(error)
        except Exception:  # a fault of ours ends the binder with an incident, not the loop
            incident = uuid.uuid4().hex[:8]
            log.exception(
                "action-broke binder=%s action=%s incident=%s", binder.id, type(action).__name__, incident
            )
            return Failed(UnexpectedError(incident))

    async def _act(self, binder: Binder, action: Action, seen: Seen) -> Result:
        mark = Mark(deployment=self.deployment, binder=binder.id, attempt=binder.attempt)
        match action:
            case Resolve():
                return Planned(await self.plan(binder))
            case Admit(since=since):
                return await admission.quote(self.sites.of(binder), binder, since)
            case MakePort() | MakeFloatingIp() | MakeVolume() | MakeWorkVolume() | MakeServer():
                return Made(await self._make(binder, action, seen, mark))
            case Delete(kind=kind, id=cloud_id):
                await self.sites.of(binder).cloud.delete(kind, cloud_id)
            case ReadConsole():
                return Said(await self._console(self.sites.of(binder).cloud, seen, mark))
            case KeepLog():
                text = await self.link.log(binder.agent_url, binder.id, cert_sha256=binder.cert_sha256)
                async with self.db.transaction() as tx:
                    await listening.keep_log(tx, binder.id, binder.attempt, text, self.clock())
            case CountWork():
                work = await self.link.work(binder.agent_url, binder.id, cert_sha256=binder.cert_sha256)
                return Counted(work)
            case CheckPublic():
                is_certified = (
                    seen.address is None or seen.address.is_certified
                ) and not await self._is_uncertified(binder)
                if not await self.link.reaches_people(binder.public_url, is_certified=is_certified):
                    raise TemporaryError(
                        "public-silent", f"{binder.public_url} does not answer yet.", "It is tried again."
                    )
        return Done()

    async def _is_uncertified(self, binder: Binder) -> bool:
        """Whether this attempt's guest ever told so: an agent that was started again does not know it any more."""
        async with self.db.transaction() as tx:
            return any(r.uncertified for r in await listening.reports(tx, binder.id, binder.attempt))

    async def _make(self, binder: Binder, action: Action, seen: Seen, mark: Mark) -> CloudObject:
        cloud = self.sites.of(binder).cloud
        match action:
            case MakeFloatingIp(port_id=port_id):
                return await cloud.create_floating_ip(mark, port_id)
            case MakeVolume(size_gib=size_gib):
                return await cloud.create_volume(mark, _plan(binder).image, size_gib)
            case MakeWorkVolume(volume=volume):
                return (await cloud.create_work_volume(volume, binder.owner)).held(mark)
            case MakeServer():
                return await self._make_server(cloud, binder, action, seen, mark)
            case _:
                return await cloud.create_port(mark)

    async def _make_server(
        self, cloud: Cloud, binder: Binder, action: MakeServer, seen: Seen, mark: Mark
    ) -> CloudObject:
        if seen.address is None:  # port and floating IP were seen, or this action had not been decided
            raise TemporaryError("no-address", "The instance has no address yet.", "It is tried again.")
        plan = _plan(binder)
        launch = launch_json(
            binder, plan, seen.address, deployment=self.deployment, runtime=cloud.runtime,
            bot_keys=await self.orders.bot_keys(binder), allow_exact=self.orders.allow_exact, limits=self.orders.limits,
            rules=self.orders.rules, work_id=action.work_id,
        )  # fmt: skip
        metadata = {
            "binderops_id": binder.id,
            "binderops_attempt": str(binder.attempt),
            "binderops_deployment": self.deployment,
            "binderops_owner": binder.owner,
            "binderops_channel": binder.channel,
            "binderops_commit": plan.commit,
            "binderops_expires": (self.clock() + _LONGEST_START + plan.lifetime).isoformat(
                timespec="seconds"
            ),
        }
        return await cloud.create_server(
            ServerSpec(
                mark=mark,
                flavor=plan.flavor.name,
                image=plan.image,
                port_id=action.port_id,
                volume_id=action.volume_id,
                work_id=action.work_id,
                metadata=metadata,
                launch=launch,
            )
        )

    async def _console(self, cloud: Cloud, seen: Seen, mark: Mark) -> tuple[str, ...]:
        server = doubles.kept(seen.objects or (), mark.attempt).get(Kind.SERVER)
        text = await cloud.console(server.id) if server else ""
        return tuple(line for line in text.splitlines() if line.strip())[-_CONSOLE_LINES:]


def _plan(binder: Binder) -> Plan:
    if binder.plan is None:
        raise UnexpectedError(f"no-plan-{binder.id}")
    return binder.plan
