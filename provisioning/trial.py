"""A launch for trial: everything that a launch makes, once, by the same calls; then all of it is deleted and seen to be gone.

Whatever happens, an error or Ctrl-C, what was made is deleted: found by its mark in a listing, so that an object whose
answer was lost goes too. What could not be deleted is told by its id.
"""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from provisioning.checks import Finding, failed, ok
from provisioning.cloud_objects import CloudObject, Kind, Mark, Status
from provisioning.clouds import Address, Cloud, ServerSpec
from provisioning.errors import BinderopsError, RefusedError, TemporaryError
from provisioning.launch_spec import Limits, launch_json
from provisioning.model import Binder, BinderId, Flavor, Json, Phase, Plan, Request
from provisioning.phases import LIMITS, Policy
from provisioning.tickets import Signer
from provisioning.trial_undo import NAMES, Time, Undo

_LIMIT_S = LIMITS[Phase.CREATING].total_seconds()
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(kw_only=True)
class Trial:
    """One launch of ``flavor``. ``say`` is told each step as it ends, with its seconds."""

    cloud: Cloud
    deployment: str
    flavor: Flavor
    image: str
    policy: Policy
    time: Time
    say: Callable[[Finding], None]
    mark: Mark = field(init=False)
    _made: dict[Kind, CloudObject] = field(default_factory=dict)
    _lost: bool = False  # an answer was: something may be there that no listing shows yet

    def __post_init__(self) -> None:
        binder = BinderId("".join(secrets.choice(_LETTERS) for _ in range(10)))
        self.mark = Mark(deployment=self.deployment, binder=binder, attempt=1)

    async def run(self) -> None:
        """Never raises what a cloud raises: that is said."""
        self.say(ok("launch", f"a launch of {self.flavor.name} for trial, marked {self.mark.name}"))
        try:
            await self._launch()
        finally:
            await self._undo()

    async def _launch(self) -> None:
        steps: list[tuple[str, Callable[[], Coroutine[Any, Any, str]]]] = [
            ("launch-port", self._port),
            ("launch-floating-ip", self._floating_ip),
            ("launch-server", self._server),
            ("launch-active", self._active),
            ("launch-console", self._console),
        ]
        if self.policy.has_volume(self.flavor):
            steps.insert(2, ("launch-volume", self._volume))
        for check, step in steps:
            began = self.time.seconds()
            try:
                said = await step()
            except BinderopsError as error:
                told = failed(check, error)
                self.say(replace(told, said=f"{told.said} {self._since(began)}"))
                return
            self.say(ok(check, f"{said} {self._since(began)}"))

    async def _port(self) -> str:
        made = await self._answer(Kind.PORT, self.cloud.create_port(self.mark))
        return f"port {made.id} made, address {made.address}"

    async def _floating_ip(self) -> str:
        port = self._made[Kind.PORT]
        made = await self._answer(Kind.FLOATING_IP, self.cloud.create_floating_ip(self.mark, port.id))
        return f"floating IP {made.address} ({made.id}) made for the port"

    async def _volume(self) -> str:
        size = self.policy.volume_gib
        made = await self._answer(Kind.VOLUME, self.cloud.create_volume(self.mark, self.image, size))
        await self._until_active(made)
        return f"volume {made.id} of {size} GiB made, with the image on it"

    async def _server(self) -> str:
        port, volume = self._made[Kind.PORT], self._made.get(Kind.VOLUME)
        address = self.cloud.address(self.mark, port, self._made[Kind.FLOATING_IP])
        orders = _orders(self.mark, self.flavor, self.image, address, self.cloud.runtime)
        spec = ServerSpec(
            mark=self.mark, flavor=self.flavor.name, image=self.image, port_id=port.id,
            volume_id=volume.id if volume else None, launch=orders,
            metadata={
                "binderops_id": self.mark.binder, "binderops_attempt": str(self.mark.attempt),
                "binderops_deployment": self.deployment, "binderops_owner": "binderops check --launch",
            },
        )  # fmt: skip
        made = await self._answer(Kind.SERVER, self.cloud.create_server(spec))
        return f"instance {made.id} asked for"

    async def _active(self) -> str:
        await self._until_active(self._made[Kind.SERVER])
        return "the instance is ACTIVE"

    async def _console(self) -> str:
        text = await self.cloud.console(self._made[Kind.SERVER].id)
        return f"the console may be read, {len(text)} characters so far"

    async def _answer(self, kind: Kind, call: Coroutine[Any, Any, CloudObject]) -> CloudObject:
        """The object, waited for to the end even when we are told to stop: a request that left cannot be called back."""
        asked = asyncio.ensure_future(call)
        try:
            self._made[kind] = await asyncio.shield(asked)
        except asyncio.CancelledError:
            await asyncio.wait({asked})
            if asked.exception() is None:
                self._made[kind] = asked.result()
            self._lost = _is_lost(asked.exception())
            raise
        except BinderopsError as error:
            self._lost = _is_lost(error)
            raise
        return self._made[kind]

    async def _until_active(self, made: CloudObject) -> None:
        until = self.time.seconds() + _LIMIT_S
        while self.time.seconds() < until:
            listing = await self.cloud.listing()
            found = next((o for o in listing.objects if o.id == made.id), None)
            if found is not None and found.status is Status.ACTIVE:
                return
            if found is not None and found.status is Status.ERROR:
                raise RefusedError(
                    "trial-broke", f"The {NAMES[made.kind]} ended in ERROR: {found.detail or 'no words'}",
                    "The cloud's own words say what it lacks; whoever runs the cloud can look at its log.",
                )  # fmt: skip
            await self.time.pause()
        raise RefusedError(
            "trial-slow", f"The {NAMES[made.kind]} was not ACTIVE within {_LIMIT_S / 60:.0f} minutes.",
            "A launch gives up then too; ask whoever runs the cloud.",
        )  # fmt: skip

    async def _undo(self) -> None:
        left = {o.id: kind for kind, o in self._made.items()}
        await Undo(
            cloud=self.cloud, mark=self.mark, time=self.time, say=self.say, left=left, is_lost=self._lost
        ).run()  # fmt: skip

    def _since(self, began: float) -> str:
        return f"({self.time.seconds() - began:.1f} s)"


def _is_lost(error: BaseException | None) -> bool:
    return isinstance(error, TemporaryError) and error.is_unanswered


def _orders(mark: Mark, flavor: Flavor, image: str, address: Address, runtime: str) -> Json:
    """As a launch gives them, of a repository that cannot be: the guest says so on its console and rests. Keys that sign nothing."""
    now = datetime.now(UTC)
    request = Request(provider="git", repo="https://check.invalid/")  # RFC 2606: nobody's, ever
    plan = Plan(
        request=request, commit="0" * 40, ref="", title="a check", flavor=flavor, image=image,
        lifetime=timedelta(minutes=10), needs_confirmation=False,
    )  # fmt: skip
    binder = Binder(
        id=mark.binder, team="", channel="", owner="", request=request, plan=plan, phase=Phase.CREATING, outcome=None,
        failure=None, attempt=mark.attempt, created_at=now, phase_since=now, expires_at=None, keep_until=None, warned=0,
        public_url="", report=None, last_action_at=now, errors_in_row=0, last_error="",
    )  # fmt: skip
    keys = [Signer.generate().public_key for _ in range(2)]
    return launch_json(
        binder, plan, address, deployment=mark.deployment, runtime=runtime, bot_keys=keys, allow_exact=(), limits=Limits()
    )  # fmt: skip
