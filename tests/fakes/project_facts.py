"""An OpenStack project's facts in memory, all well until a test takes something away. For `provisioning.clouds.openstack_checks`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from provisioning.cloud_objects import CloudId, CloudObject, Listing
from provisioning.clouds.openstack_facts import Credential, Group, Identity, Image, Network
from provisioning.errors import BinderopsError, NotFoundError
from provisioning.model import Flavor
from provisioning.quota import Allowance, Quota, Resource

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
UBUNTU = Image(
    id="i1", name="Featured-Ubuntu24", status="active", created_at="2026-01-01T00:00:00Z", min_disk_gib=20
)
OWN = Network(id="n1", name="auto_allocated_network")
PUBLIC = Network(id="n2", name="public", is_external=True, is_own=False)
IDENTITY = Identity(
    user="dev", project="lab", auth_url="https://cloud.example:5000/v3", region="IU", regions=("IU",),
    roles=("member", "reader"), credential="binderops", clock_ahead=timedelta(seconds=1), clock_within=timedelta(seconds=1),
)  # fmt: skip
SMALL = Flavor(name="m3.small", vcpus=2, ram_mib=6144, disk_gib=20)
LARGE = Flavor(name="m3.large", vcpus=16, ram_mib=61440, disk_gib=60)


class ProjectFacts:
    """Attributes are what the project has; ``faults`` what a question is answered with instead."""

    def __init__(self) -> None:
        self.who = IDENTITY
        self.shown = Credential(expires_at=None, is_unrestricted=False)
        self.services = {"compute", "image", "network", "volume"}
        self.offered: tuple[Flavor, ...] = (SMALL, LARGE)
        self.pictures: tuple[Image, ...] = (UBUNTU,)
        self.nets: tuple[Network, ...] = (OWN, PUBLIC)
        self.routes: frozenset[str] = frozenset({PUBLIC.id})
        self.names: dict[str, set[str]] = {}
        self.group: Group | None = Group(open_tcp=frozenset({443}))
        self.groups = Allowance(limit=10, used=1)
        self.keypairs: set[str] = set()
        self.objects: tuple[CloudObject, ...] = ()
        self.allowances = {
            Resource.FLOATING_IPS: Allowance(limit=10, used=1), Resource.CORES: Allowance(limit=150, used=2),
            Resource.RAM_MIB: Allowance(limit=600_000, used=0), Resource.INSTANCES: Allowance(limit=100, used=2),
            Resource.VOLUMES: Allowance(limit=10, used=0), Resource.GIGABYTES: Allowance(limit=1000, used=0),
            Resource.PORTS: Allowance(limit=None, used=3),
        }  # fmt: skip
        self.faults: dict[str, BinderopsError] = {}
        self.asked: list[str] = []

    async def identity(self) -> Identity:
        self._ask("identity")
        return self.who

    async def credential(self) -> Credential:
        self._ask("credential")
        return self.shown

    async def has(self, service: str) -> bool:
        self._ask("has")
        return service in self.services

    async def flavors(self) -> tuple[Flavor, ...]:
        self._ask("flavors")
        return self.offered

    async def quota(self) -> Quota:
        self._ask("quota")
        return Quota(read_at=NOW, allowances=self.allowances)

    async def listing(self) -> Listing:
        self._ask("listing")
        return Listing(began_at=NOW, objects=self.objects)

    async def console(self, server_id: CloudId) -> str:
        self._ask("console")
        return "login:"

    async def images(self, name: str) -> tuple[Image, ...]:
        self._ask("images")
        return tuple(i for i in self.pictures if name in (i.name, i.id))

    async def image_names(self) -> tuple[str, ...]:
        self._ask("image_names")
        return tuple(i.name for i in self.pictures if i.status == "active")

    async def networks(self) -> tuple[Network, ...]:
        self._ask("networks")
        return self.nets

    async def topology(self) -> None:
        self._ask("topology")

    async def gateways(self, network_id: str) -> frozenset[str]:
        self._ask("gateways")
        return self.routes

    async def addresses_of(self, name: str) -> frozenset[str]:
        self._ask("addresses_of")
        return frozenset(self.names.get(name, ()))

    async def security_group(self, name: str) -> Group | None:
        self._ask("security_group")
        return self.group

    async def security_group_allowance(self) -> Allowance:
        self._ask("security_group_allowance")
        return self.groups

    async def keypair(self, name: str) -> None:
        self._ask("keypair")
        if name not in self.keypairs:
            raise NotFoundError("cloud-not-found", f"no key pair {name}", "-")

    def be(self, **changes: object) -> None:
        """Another identity in these fields."""
        self.who = replace(self.who, **changes)  # type: ignore[arg-type]  # the fields' own types differ

    def allow(self, resource: Resource, limit: int, used: int) -> None:
        self.allowances[resource] = Allowance(limit=limit, used=used)

    def _ask(self, question: str) -> None:
        self.asked.append(question)
        if question in self.faults:
            raise self.faults[question]
