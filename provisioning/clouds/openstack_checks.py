"""The checks of one OpenStack project in their order: each asks, judges, and stops only what needs it. Creates nothing.

A cloud that does not answer makes one failure, at sign-in; the others are skipped. What things mean is `openstack_verdicts` and
`openstack_network_verdicts`, what is asked `openstack_facts`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from provisioning import quota_checks
from provisioning.checks import Finding, fail, failed, ok, skipped, unknown
from provisioning.cloud_objects import CloudObject, Kind, Status
from provisioning.clouds import openstack_network_verdicts as nets
from provisioning.clouds import openstack_verdicts as verdicts
from provisioning.clouds.openstack import OpenStackSettings
from provisioning.clouds.openstack_address import name_of
from provisioning.clouds.openstack_facts import Credential, Facts, Identity, Network
from provisioning.errors import BinderopsError, NotFoundError, TemporaryError
from provisioning.model import Flavor
from provisioning.phases import Policy
from provisioning.plan import PlanPolicy, priced

_ALWAYS_NEEDED = ("compute", "image", "network")
_SIGN_IN, _SERVICES, _FLAVOR, _NETWORK, _EXTERNAL = (
    "sign-in",
    "services",
    "flavor",
    "network",
    "external-network",
)


@dataclass(kw_only=True)
class ProjectChecks:
    """One run; what earlier checks found is what later ones need. ``flavor`` is the default one, once it is known."""

    facts: Facts
    settings: OpenStackSettings
    plans: PlanPolicy
    deployment: str
    now: Callable[[], datetime]
    flavor: Flavor | None = None
    _flavors: tuple[Flavor, ...] = ()
    _identity: Identity | None = None
    _network: Network | None = None
    _external: Network | None = None
    _blocked: set[str] = field(default_factory=set)

    @property
    def policy(self) -> Policy:
        """What a launch there follows."""
        return Policy(volume_root_below_gib=self.settings.volume_root_below_gib)

    async def run(self) -> AsyncIterator[Finding]:
        """Every finding, as soon as it is known."""
        for step in self._steps():
            blocking = [name for name in step.needs if name in self._blocked]
            for finding in [skipped(c, blocking[0]) for c in step.checks] if blocking else await _done(step):
                if finding.blocks:
                    self._blocked.add(finding.check)
                yield finding

    def _steps(self) -> tuple["_Step", ...]:
        services = (_SIGN_IN, _SERVICES)
        return (
            _Step(checks=(_SIGN_IN,), ask=self._sign_in),
            _Step(checks=(_SERVICES,), ask=self._services, needs=(_SIGN_IN,)),
            _Step(checks=("role",), ask=self._role, needs=(_SIGN_IN,)),
            _Step(checks=("credential",), ask=self._credential, needs=(_SIGN_IN,)),
            _Step(checks=("clock",), ask=self._clock, needs=(_SIGN_IN,)),
            _Step(checks=("address",), ask=self._address, needs=(_SIGN_IN,)),
            _Step(checks=(_FLAVOR,), ask=self._flavor_found, needs=services),
            _Step(checks=("prices",), ask=self._prices, needs=(*services, _FLAVOR)),
            _Step(checks=("image",), ask=self._image, needs=services),
            _Step(checks=("volumes",), ask=self._volumes, needs=(*services, _FLAVOR)),
            _Step(checks=(_NETWORK,), ask=self._network_found, needs=services),
            _Step(checks=(_EXTERNAL,), ask=self._external_found, needs=services),
            _Step(checks=("route",), ask=self._route, needs=(*services, _NETWORK, _EXTERNAL)),
            _Step(checks=("security-group",), ask=self._security_group, needs=services),
            _Step(checks=quota_checks.CHECKS, ask=self._quota, needs=(*services, _FLAVOR)),
            _Step(checks=("listing", "console"), ask=self._listing, needs=services),
            _Step(checks=("keypair",), ask=self._keypair, needs=services),
        )

    async def _sign_in(self) -> Sequence[Finding]:
        try:
            self._identity = await self.facts.identity()
        except TemporaryError as error:
            mend = "Look whether this machine reaches auth_url of clouds.yaml: the address, the network, a firewall, a proxy."
            return [fail(_SIGN_IN, f"{error.message} [{error.code}]", mend)]
        return [verdicts.sign_in(self._identity)]

    async def _services(self) -> Sequence[Finding]:
        missing = [name for name in _ALWAYS_NEEDED if not await self.facts.has(name)]
        return [verdicts.services(self._who, missing)]

    async def _role(self) -> Sequence[Finding]:
        return [verdicts.role(self._who)]

    async def _credential(self) -> Sequence[Finding]:
        shown: Credential | None = None
        if self._who.credential:
            try:
                shown = await self.facts.credential()
            except BinderopsError:  # an account may be kept from looking at itself: nothing depends on it
                shown = None
        return [verdicts.credential(self._who, shown, self.now())]

    async def _clock(self) -> Sequence[Finding]:
        return [verdicts.clock(self._who)]

    async def _address(self) -> Sequence[Finding]:
        if self.settings.tls != "domain":
            return [verdicts.address(self.settings, self._who.auth_url)]
        name = name_of(self.settings.domain, binder="aaaabbbbcc", ip=nets.AN_ADDRESS)
        return [nets.name(self.settings, name, await self.facts.addresses_of(name))]

    async def _flavor_found(self) -> Sequence[Finding]:
        self._flavors = tuple(priced(f, self.plans.prices) for f in await self.facts.flavors())
        self.flavor = verdicts.chosen(self._flavors, self.plans)
        return [verdicts.flavor(self._flavors, self.plans)]

    async def _prices(self) -> Sequence[Finding]:
        return [verdicts.prices(self._flavors, self._default, self.plans)]

    async def _image(self) -> Sequence[Finding]:
        wanted = self.settings.image
        found = await self.facts.images(wanted)
        is_there = any(one.status == "active" for one in found)
        others = () if is_there else await self.facts.image_names()
        return [verdicts.image(wanted, found, others, self.flavor, self.policy)]

    async def _volumes(self) -> Sequence[Finding]:
        has_service = await self.facts.has("volume")
        return [verdicts.volumes(has_service, self._flavors, self._default, self.policy)]

    async def _network_found(self) -> Sequence[Finding]:
        topology: BinderopsError | None = None
        if not self.settings.network:
            try:
                await self.facts.topology()
            except BinderopsError as error:
                topology = error
        choice = nets.tenant(await self.facts.networks(), self.settings.network, topology)
        self._network = choice.network
        return [choice.finding]

    async def _external_found(self) -> Sequence[Finding]:
        choice = nets.external(await self.facts.networks(), self.settings.external_network)
        self._external = choice.network
        return [choice.finding]

    async def _route(self) -> Sequence[Finding]:
        if self._network is None or self._external is None:
            return [ok("route", "made with the network at the first launch")]
        gateways = await self.facts.gateways(self._network.id)
        return [nets.route(self._network, self._external, gateways)]

    async def _security_group(self) -> Sequence[Finding]:
        name = f"binderops-{self.deployment}"
        found = await self.facts.security_group(name)
        try:
            allowance = await self.facts.security_group_allowance()
        except BinderopsError as error:
            return [nets.not_told("security-group", error)]
        return [nets.security_group(name, found, allowance)]

    async def _quota(self) -> Sequence[Finding]:
        return quota_checks.findings(await self.facts.quota(), self._default, self._flavors, self.policy)

    async def _listing(self) -> Sequence[Finding]:
        listed = await self.facts.listing()
        objects = listed.objects
        counts = ", ".join(f"{sum(o.kind is kind for o in objects)} {said}" for kind, said in _PLURAL.items())
        work = f", and {len(listed.work)} volumes of people" if listed.work else ""
        listing = ok("listing", f"of the deployment {self.deployment} there are {counts}{work}")
        return [listing, await self._console(objects)]

    async def _console(self, objects: Sequence[CloudObject]) -> Finding:
        """Read of our own instances only: another's console is none of our business."""
        running = [o for o in objects if o.kind is Kind.SERVER and o.status is Status.ACTIVE]
        if not running:
            return unknown(
                "console",
                "the bot has no running instance whose console could be read",
                "`binderops check --launch` makes one and reads it.",
            )
        try:
            text = await self.facts.console(running[0].id)
        except BinderopsError as error:
            return failed("console", error)
        return ok("console", f"read {len(text)} characters of instance {running[0].id}")

    async def _keypair(self) -> Sequence[Finding]:
        name = self.settings.keypair
        if not name:
            return [ok("keypair", "none is named, so nobody gets a shell on instances")]
        try:
            await self.facts.keypair(name)
        except NotFoundError:
            mend = f"Whoever runs the bot must make it with the bot's own account (`openstack keypair create {name}`) or correct cloud.keypair."
            return [fail("keypair", f"The bot's account has no key pair {name}.", mend)]
        return [ok("keypair", f"{name} is there")]

    @property
    def _who(self) -> Identity:
        if self._identity is None:
            raise ValueError("asked before sign-in")
        return self._identity

    @property
    def _default(self) -> Flavor:
        if self.flavor is None:
            raise ValueError("asked before the flavor was found")
        return self.flavor


_PLURAL = {
    Kind.PORT: "ports",
    Kind.FLOATING_IP: "floating IPs",
    Kind.VOLUME: "volumes",
    Kind.SERVER: "instances",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    checks: tuple[str, ...]
    ask: Callable[[], Awaitable[Sequence[Finding]]]
    needs: tuple[str, ...] = ()  # checks without which it says nothing


async def _done(step: _Step) -> Sequence[Finding]:
    """What the step finds; an error is the failure of its first check, and the others need that one."""
    try:
        return await step.ask()
    except BinderopsError as error:
        first, *others = step.checks
        return [failed(first, error), *(skipped(other, first) for other in others)]
