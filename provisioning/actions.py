"""The things a step can do to the world, imperative, and how they can go. Values only; `provisioning.acting` acts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from provisioning.cloud_objects import CloudId, CloudObject, Kind
from provisioning.errors import BinderopsError
from provisioning.model import Flavor, Plan, Work, WorkVolume
from provisioning.quota import Quota
from provisioning.room import InFlight


@dataclass(frozen=True, slots=True)
class Resolve:
    """Turn the request's ref into a commit, and the request into a plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admit:
    """Let the launch begin if it fits into the quota, as read at ``since`` or later."""

    since: datetime


@dataclass(frozen=True, slots=True)
class MakePort:
    """Make the attempt's port: the fence against a second server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeFloatingIp:
    """Make a floating IP on the attempt's port."""

    port_id: CloudId


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeVolume:
    """Make a root volume from the image."""

    size_gib: int


@dataclass(frozen=True, slots=True)
class MakeWorkVolume:
    """Make the work volume that the binder holds."""

    volume: WorkVolume


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeServer:
    """Make the server, with the attempt's port, and with the work volume that the binder holds."""

    port_id: CloudId
    volume_id: CloudId | None
    work_id: CloudId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Begin the deletion of one object."""

    kind: Kind
    id: CloudId


@dataclass(frozen=True, slots=True)
class ReadConsole:
    """Read the console of a guest that never spoke: its last lines are the reason."""


@dataclass(frozen=True, slots=True)
class KeepLog:
    """Fetch the guest's full log while there is a guest, then let the binder fail."""


@dataclass(frozen=True, slots=True)
class CheckPublic:
    """See whether the public address answers as a browser would reach it."""


@dataclass(frozen=True, slots=True)
class CountWork:
    """Ask the guest how much work would be lost, before people are warned of the end."""


Action = (
    Resolve
    | Admit
    | MakePort
    | MakeFloatingIp
    | MakeVolume
    | MakeWorkVolume
    | MakeServer
    | Delete
    | ReadConsole
    | KeepLog
    | CheckPublic
    | CountWork
)

#: What a creating action makes.
MADE_BY: Mapping[type[Action], Kind] = {
    MakePort: Kind.PORT,
    MakeFloatingIp: Kind.FLOATING_IP,
    MakeVolume: Kind.VOLUME,
    MakeWorkVolume: Kind.WORK_VOLUME,
    MakeServer: Kind.SERVER,
}


@dataclass(frozen=True, slots=True)
class Planned:
    """`Resolve` went well."""

    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """`Admit` has what it decides on. The others are counted in the transaction that records the decision."""

    quota: Quota | None  # None: the cloud cannot tell, so its own refusals are what holds
    flavors: tuple[Flavor, ...] = ()  # on offer, as last seen: for saying what would fit
    others: tuple[InFlight, ...] = ()
    #: What it need not make: its older attempt gives it back first, or it is there.
    spared: frozenset[Kind] = frozenset()


@dataclass(frozen=True, slots=True)
class Made:
    """A creating action went well."""

    object: CloudObject


@dataclass(frozen=True, slots=True)
class Done:
    """A deletion was taken, a log kept, a public address seen."""


@dataclass(frozen=True, slots=True)
class Said:
    """The console's last lines."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """What the guest told of the person's work."""

    work: Work


@dataclass(frozen=True, slots=True)
class Failed:
    """The action failed."""

    error: BinderopsError


Result = Planned | Quoted | Made | Done | Said | Counted | Failed
