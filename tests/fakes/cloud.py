"""A cloud in memory that keeps state and fails on demand: for the deciding and dispatching code, not for drivers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from provisioning.cloud_objects import (
    CloudId,
    CloudObject,
    Kind,
    ListedVolume,
    Listing,
    Mark,
    Status,
)
from provisioning.clouds import Address, ServerSpec
from provisioning.errors import BinderopsError, ConflictError, TemporaryError
from provisioning.model import Flavor, WorkVolume
from provisioning.quota import Allowance, Quota, Resource


class FakeCloud:
    """Objects appear at once and go at once, unless told otherwise."""

    runtime = "venv"
    volume_root_below_gib = 0
    answers_within = timedelta(seconds=90)
    shows_within = timedelta(seconds=30)

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.project = "project p1, region r1"
        self.objects: dict[CloudId, CloudObject] = {}
        self.calls: list[str] = []
        self.faults: dict[str, list[BinderopsError]] = {}  # call -> errors of its next calls
        self.lost_answers: set[str] = set()  # calls that work, once, and then raise
        self.shows_after = timedelta()  # how long a listing goes without what was made
        self.hidden: set[CloudId] = set()  # what listings leave out although it is there
        self.server_is = Status.ACTIVE  # the status of servers made from now on
        self._made_at: dict[CloudId, datetime] = {}
        self.allowances: dict[Resource, Allowance] = {}
        self._count = 0
        self.work: dict[CloudId, ListedVolume] = {}
        self.address_is: dict[str, Any] = {"tls": "off"}  # what addresses are told of TLS

    async def identity(self) -> str:
        self._called("identity")
        return self.project

    async def flavors(self) -> tuple[Flavor, ...]:
        self._called("flavors")
        return (Flavor(name="small", vcpus=1, ram_mib=1024, disk_gib=20),)

    async def listing(self) -> Listing:
        self._called("listing")
        now = self.clock()
        shown = (
            o
            for o in self.objects.values()
            if now >= self._made_at[o.id] + self.shows_after and o.id not in self.hidden
        )
        work = (o for o in self.work.values() if now >= self._made_at[o.id] + self.shows_after)
        return Listing(began_at=now, objects=tuple(shown), work=tuple(work))

    async def server(self, mark: Mark, server_id: CloudId) -> CloudObject | None:
        self._called("server")
        return self.objects.get(server_id)

    async def quota(self) -> Quota:
        self._called("quota")
        return Quota(read_at=self.clock(), allowances=self.allowances)

    async def create_port(self, mark: Mark) -> CloudObject:
        return self._make("create_port", Kind.PORT, mark)

    async def create_floating_ip(self, mark: Mark, port_id: CloudId) -> CloudObject:
        return self._make("create_floating_ip", Kind.FLOATING_IP, mark, port_id=port_id)

    async def create_volume(self, mark: Mark, image: str, size_gib: int) -> CloudObject:
        return self._make("create_volume", Kind.VOLUME, mark)

    async def has_volumes(self) -> bool:
        return True

    async def create_work_volume(self, volume: WorkVolume, owner: str) -> ListedVolume:
        self._count += 1
        made = ListedVolume(volume=volume.id, id=CloudId(f"work-{self._count}"), status=Status.ACTIVE)
        self._made_at[made.id] = self.clock()
        if "create_work_volume" in self.lost_answers:
            self.lost_answers.remove("create_work_volume")
            self.work[made.id] = made
            self.faults.setdefault("create_work_volume", []).insert(0, _LOST)
        self._called("create_work_volume")
        self.work[made.id] = made
        return made

    async def create_server(self, spec: ServerSpec) -> CloudObject:
        if any(o.kind is Kind.SERVER and o.port_id == spec.port_id for o in self.objects.values()):
            raise ConflictError("port-in-use", "The port is in use.", "It is looked at again.")
        made = self._make("create_server", Kind.SERVER, spec.mark, port_id=spec.port_id)
        if spec.work_id is not None:
            self.work[spec.work_id] = replace(self.work[spec.work_id], server_id=made.id)
        return made

    async def delete(self, kind: Kind, cloud_id: CloudId) -> None:
        self._called(f"delete_{kind}")
        self.objects.pop(cloud_id, None)
        self.work.pop(cloud_id, None)
        self.work = {
            i: replace(o, server_id="") if o.server_id == cloud_id else o for i, o in self.work.items()
        }

    async def console(self, server_id: CloudId) -> str:
        self._called("console")
        return "cloud-init: nothing came\n"

    def address(self, mark: Mark, port: CloudObject, floating_ip: CloudObject) -> Address:
        return Address(
            public_url=f"http://b-{mark.binder}.localhost:1",
            agent_url="http://127.0.0.1:1",
            listen="127.0.0.1:1",
            **self.address_is,
        )

    async def close(self) -> None:
        pass

    def break_server(self, detail: str) -> None:
        """Put every server into ERROR."""
        self.objects = {
            i: replace(o, status=Status.ERROR, detail=detail) if o.kind is Kind.SERVER else o
            for i, o in self.objects.items()
        }

    def _make(self, call: str, kind: Kind, mark: Mark, port_id: str = "") -> CloudObject:
        self._count += 1
        made = CloudObject(
            kind=kind,
            id=CloudId(f"{kind}-{self._count}"),
            mark=mark,
            status=self.server_is if kind is Kind.SERVER else Status.ACTIVE,
            address="127.0.0.1",
            port_id=port_id,
        )
        self._made_at[made.id] = self.clock()
        lost = call in self.lost_answers
        if lost:
            self.lost_answers.remove(call)
            self.objects[made.id] = made
            self.faults.setdefault(call, []).insert(0, _LOST)
        self._called(call)
        self.objects[made.id] = made
        return made

    def _called(self, call: str) -> None:
        self.calls.append(call)
        if self.faults.get(call):
            raise self.faults[call].pop(0)


_LOST = TemporaryError("answer-lost", "No answer came.", "It is looked at again.", is_unanswered=True)
