"""What a launch needs of a cloud, in OpenStack's words. Drivers: `openstack` (any OpenStack), `local` (this machine).

Drivers hold no policy: they do one thing each call, translate foreign errors into `provisioning.errors` once, and keep
nothing that a restart would lose. Creating calls are not idempotent by themselves; the caller looks for its mark first,
and the port is the fence: a server needs its attempt's port, and a port in use is refused with `ConflictError`.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from provisioning.cloud_objects import CloudId, CloudObject, Kind, ListedVolume, Listing, Mark
from provisioning.model import Flavor, Json, WorkVolume
from provisioning.quota import Quota


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSpec:
    """What a server is created from."""

    mark: Mark
    flavor: str
    image: str
    port_id: CloudId
    volume_id: CloudId | None  # boot from this volume
    metadata: dict[str, str]  # each value at most 255 characters
    work_id: CloudId | None = None  # attached from the create call on, and left when the server goes
    launch: Json  # launch.json; a real cloud gets it inside the rendered user data


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where an attempt is reached, known once port and floating IP exist: it goes into launch.json."""

    public_url: str  # what a browser opens, without a trailing slash
    agent_url: str  # where the bot's signed calls go; the Host is always agent.binderops.internal
    listen: str  # HOST:PORT for the guest's Caddy
    tls: str  # off, internal, proxy, domain, ip
    acme: Json | None = None  # with domain and ip: Caddy's `acme` issuer

    @property
    def issuers(self) -> tuple[Json, ...]:
        """Of whom the guest's Caddy wants the people's certificate: the next where one gives none. Empty: it needs none."""
        own: Json = {"module": "internal"}
        if self.tls in ("off", "proxy"):
            return ()
        return (own,) if self.acme is None else ({"module": "acme", **self.acme}, own)

    @property
    def is_certified(self) -> bool:
        """Whether browsers know who certifies it. An operator's own ACME directory may be known to some only."""
        return self.tls != "internal" and "ca" not in (self.acme or {})


class Cloud(Protocol):
    """One project of one cloud.

    Raises, all of them: `TemporaryError`, `CapacityError`, `TeamError` (quota), `NotFoundError`, `ConflictError`,
    `RefusedError`.
    """

    runtime: str  # how guests run repositories: "docker" or "venv"
    volume_root_below_gib: int  # flavors with a smaller disk get a volume; 0: never

    answers_within: timedelta  # no call takes longer
    shows_within: timedelta  # what a create without an answer made may take this long to show in a listing

    async def identity(self) -> str:
        """Which project of which cloud this is, in words; the same for as long as what was made there can be seen there."""
        ...

    async def flavors(self) -> tuple[Flavor, ...]:
        """Flavors on offer, smallest first; prices are not the cloud's business."""
        ...

    async def listing(self) -> Listing:
        """Every marked object of this deployment, of all kinds; raises rather than leave a kind out."""
        ...

    async def server(self, mark: Mark, server_id: CloudId) -> CloudObject | None:
        """One server, asked for by its id; None where the cloud knows for certain that there is none.

        A listing may lack what is there: Nova leaves out what lies in a cell that is down.
        """
        ...

    async def quota(self) -> Quota:
        """What the project may use and uses now."""
        ...

    async def create_port(self, mark: Mark) -> CloudObject: ...

    async def create_floating_ip(self, mark: Mark, port_id: CloudId) -> CloudObject: ...

    async def create_volume(self, mark: Mark, image: str, size_gib: int) -> CloudObject: ...

    async def has_volumes(self) -> bool:
        """Whether there can be work volumes here."""
        ...

    async def create_work_volume(self, volume: WorkVolume, owner: str) -> ListedVolume:
        """An empty volume with the mark of ``volume``, which no binder's mark is."""
        ...

    async def create_server(self, spec: ServerSpec) -> CloudObject: ...

    async def delete(self, kind: Kind, cloud_id: CloudId) -> None:
        """Begin the deletion; what is gone already is no error. Only a later listing proves it gone.

        A work volume that a server has is refused with `ConflictError`.
        """
        ...

    async def console(self, server_id: CloudId) -> str:
        """The newest part of the console log, at most about 100 KB; empty before there is one."""
        ...

    def address(self, mark: Mark, port: CloudObject, floating_ip: CloudObject) -> Address:
        """Where the attempt with this port and floating IP will be reached."""
        ...

    async def close(self) -> None: ...
