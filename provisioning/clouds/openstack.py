"""Any OpenStack as a cloud: Nova, Neutron, Glance and Cinder through openstacksdk's connection.

The connection (`openstack_session`) gives sign-in, catalog and sessions; requests and answers are the services' own JSON, since the SDK's resources
take an answer without its list for an empty list, and for us "empty" means "gone". How it is sent is `openstack_wire`, paced `openstack_calls`,
what names mean `openstack_lookups`, how answers read `openstack_objects`, refusals `openstack_words`.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from provisioning import user_data
from provisioning.cloud_objects import (
    CloudId,
    CloudObject,
    Kind,
    ListedVolume,
    Listing,
    Mark,
    Status,
)
from provisioning.clouds import (
    Address,
    ServerSpec,
    openstack_address,
    openstack_bodies,
    openstack_objects,
)
from provisioning.clouds.openstack_calls import Calls, Observe, Pace, Purpose
from provisioning.clouds.openstack_lookups import Lookups
from provisioning.clouds.openstack_session import OpenStackSettings, connect, translated
from provisioning.clouds.openstack_wire import Wire, readable
from provisioning.errors import ConflictError, NotFoundError, RefusedError
from provisioning.model import Flavor, WorkVolume
from provisioning.quota import Quota

__all__ = ["OpenStackCloud", "OpenStackSettings"]

T = TypeVar("T")

_CALL_S = 90.0  # for a whole call: sign-in, turn, answer
_MOST_CONSOLE = 100_000  # bytes: what Nova keeps


class OpenStackCloud:
    """`provisioning.clouds.Cloud` on OpenStack. Nothing is asked before the first call."""

    runtime = "docker"
    answers_within = timedelta(seconds=_CALL_S)
    shows_within = timedelta(seconds=30)

    def __init__(
        self,
        settings: OpenStackSettings,
        *,
        deployment: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        observe: Observe | None = None,
    ) -> None:
        self._settings = settings
        self._deployment = deployment
        self._now = now
        self.volume_root_below_gib = settings.volume_root_below_gib
        self.wire = Wire(
            lambda: connect(settings),
            translated,
            calls=Calls(limit_s=_CALL_S),
            pace=Pace(settings.requests_per_s),
            now=now,
            answer_within_s=settings.answer_within_s,
            observe=observe or (lambda _label, _status, _seconds: None),
        )
        self.lookups = Lookups(self.wire, now)

    async def identity(self) -> str:
        """The project's id, which no other project ever has, and the region. A new password or address changes neither."""

        async def read() -> str:
            return f"project {await self.wire.project()}, region {await self.wire.region()}"

        return await self.run("sign in", read)

    async def flavors(self) -> tuple[Flavor, ...]:
        """The project's flavors, smallest first."""
        found = await self.run("list the flavors", self.lookups.flavors)
        return tuple(sorted(map(openstack_objects.flavor, found), key=lambda f: (f.vcpus, f.ram_mib, f.name)))

    async def listing(self) -> Listing:
        """Servers, ports, floating IPs and volumes with our mark; one kind that fails fails the whole."""
        began_at = self._now()
        wire = self.wire
        mine = {"project_id": await self.run("sign in", wire.project)}
        servers, ports, floating_ips, volumes = await asyncio.gather(
            self.run("list the servers", lambda: wire.listed("compute", "/servers/detail", "servers")),
            self.run("list the ports", lambda: wire.listed("network", "/ports", "ports", **mine)),
            self.run("list the floating IPs", lambda: wire.listed("network", "/floatingips", "floatingips", **mine)),
            self.run("list the volumes", self._volumes),
        )  # fmt: skip
        with readable("list the project"):
            found = openstack_objects.objects(
                self._deployment, servers=servers, ports=ports, floating_ips=floating_ips, volumes=volumes
            )
            work = openstack_objects.work_volumes(self._deployment, volumes)
        return Listing(began_at=began_at, objects=found, work=work)

    async def server(self, mark: Mark, server_id: CloudId) -> CloudObject | None:
        """The server of this id; only Nova's 404 says that there is none."""
        path, asked = f"/servers/{server_id}", "show the server"
        try:
            found = await self.wire.calls.within(
                asked, lambda: self.wire.asked("GET", "compute", path, asked=asked)
            )
        except NotFoundError:
            return None
        with readable(asked):
            return openstack_objects.server(found["server"], mark, ())

    async def quota(self) -> Quota:
        """Nova's, Neutron's and Cinder's numbers for the project."""
        read_at = self._now()
        wire = self.wire
        path = f"/quotas/{await self.run('sign in', wire.project)}/details"
        compute, network, volumes = await asyncio.gather(
            self.run("read Nova's limits", lambda: wire.got("compute", "/limits", "limits")),
            self.run("read Neutron's quota", lambda: wire.got("network", path, "quota")),
            self.run("read Cinder's limits", self._volume_limits),
        )  # fmt: skip
        with readable("read the quota"):
            return openstack_objects.quota(read_at, compute["absolute"], network, volumes.get("absolute"))

    async def create_port(self, mark: Mark) -> CloudObject:
        """A port on the tenant network, with the deployment's security group and nothing else."""
        return await self.run("create the port", lambda: self._create_port(mark))

    async def create_floating_ip(self, mark: Mark, port_id: CloudId) -> CloudObject:
        """A floating IP made for this port: none is ever taken over."""
        return await self.run("create the floating IP", lambda: self._create_floating_ip(mark, port_id))

    async def create_volume(self, mark: Mark, image: str, size_gib: int) -> CloudObject:
        """A root volume from the image; it is `building` until the image is on it."""
        return await self.run("create the volume", lambda: self._create_volume(mark, image, size_gib))

    async def has_volumes(self) -> bool:
        """Whether the catalog names Cinder."""
        return await self.run("sign in", lambda: self.wire.has("volume"))

    async def create_work_volume(self, volume: WorkVolume, owner: str) -> ListedVolume:
        """An empty volume; the mark is in its metadata from this call on."""
        return await self.run("create the work volume", lambda: self._create_work_volume(volume, owner))

    async def create_server(self, spec: ServerSpec) -> CloudObject:
        """The server, with its port, user data and metadata from this call on.

        Nova refuses a port that a server has; two requests at the same instant both pass, and the second server ends in ERROR.
        """
        return await self.run("create the server", lambda: self._create_server(spec))

    async def delete(self, kind: Kind, cloud_id: CloudId) -> None:
        """Begin the deletion. Raises `ConflictError` while the cloud is busy with it, or somebody locked it."""
        service, path = {
            Kind.PORT: ("network", f"/ports/{cloud_id}"),
            Kind.FLOATING_IP: ("network", f"/floatingips/{cloud_id}"),
            Kind.VOLUME: ("volume", f"/volumes/{cloud_id}"),
            Kind.WORK_VOLUME: ("volume", f"/volumes/{cloud_id}"),
            Kind.SERVER: ("compute", f"/servers/{cloud_id}"),
        }[kind]
        asked = f"delete the {kind.replace('_', ' ')}"
        try:
            await self.run(asked, lambda: self.wire.deleted(service, path, asked=asked))
        except NotFoundError:
            return

    async def console(self, server_id: CloudId) -> str:
        """The console log's end. Empty where there is none yet; raises `NotFoundError` where there is no server."""
        try:
            text = await self.run("read the console", lambda: self._console(server_id))
        except ConflictError:  # not started yet
            return ""
        return text[-_MOST_CONSOLE:]

    def address(self, mark: Mark, port: CloudObject, floating_ip: CloudObject) -> Address:  # noqa: ARG002  the interface's
        """By the floating IP, or by the name that the settings give it."""
        return openstack_address.address(self._settings, mark, floating_ip.address)

    async def close(self) -> None:
        """Begin nothing more."""
        self.wire.calls.close()
        await asyncio.to_thread(self.wire.close)

    async def run(self, asked: str, work: Callable[[], Awaitable[T]]) -> T:
        """One call, of however many requests, within its time limit."""
        try:
            return await self.wire.calls.within(asked, work)
        except (NotFoundError, RefusedError):
            self.lookups.forget()  # a name may mean another thing by now
            raise

    async def _volumes(self) -> list[dict[str, Any]]:
        if not await self.wire.has("volume"):
            return []
        return await self.wire.listed("volume", "/volumes/detail", "volumes")

    async def _volume_limits(self) -> dict[str, Any]:
        if not await self.wire.has("volume"):
            return {}
        return await self.wire.got("volume", "/limits", "limits")

    async def _create_port(self, mark: Mark) -> CloudObject:
        network = await self.lookups.network_id(self._settings.network)
        group = await self.lookups.security_group_id(
            f"binderops-{self._deployment}", openstack_address.open_ports(self._settings.tls)
        )
        body = openstack_bodies.port(mark, network, group)
        found = await self.wire.posted("network", "/ports", body, "port", asked="create the port")
        with readable("create the port"):
            return openstack_objects.port(found, mark)

    async def _create_floating_ip(self, mark: Mark, port_id: CloudId) -> CloudObject:
        external = await self.lookups.external_network_id(self._settings.external_network)
        body = openstack_bodies.floating_ip(mark, external, port_id)
        found = await self.wire.posted(
            "network", "/floatingips", body, "floatingip", asked="create the floating IP"
        )
        with readable("create the floating IP"):
            return openstack_objects.floating_ip(found, mark)

    async def _create_volume(self, mark: Mark, image: str, size_gib: int) -> CloudObject:
        found = await self.lookups.image(image or self._settings.image)
        body = openstack_bodies.volume(mark, found["id"], max(size_gib, int(found.get("min_disk") or 0)))
        made = await self.wire.posted("volume", "/volumes", body, "volume", asked="create the volume")
        with readable("create the volume"):
            return openstack_objects.volume(made, mark)

    async def _create_work_volume(self, volume: WorkVolume, owner: str) -> ListedVolume:
        body = openstack_bodies.work_volume(volume, self._deployment, owner)
        asked = "create the work volume"
        made = await self.wire.posted("volume", "/volumes", body, "volume", asked=asked)
        with readable(asked):
            return openstack_objects.work_volume(made, volume.id)

    async def _create_server(self, spec: ServerSpec) -> CloudObject:
        flavor = await self.lookups.flavor_id(spec.flavor)
        named = spec.image or self._settings.image
        image = "" if spec.volume_id else (await self.lookups.image(named))["id"]
        data = await asyncio.to_thread(lambda: base64.b64encode(user_data.render(spec.launch)).decode())
        body = openstack_bodies.server(spec, flavor, image, data, self._settings.keypair)
        found = await self.wire.posted("compute", "/servers", body, "server", asked="create the server")
        return CloudObject(
            kind=Kind.SERVER, id=CloudId(found["id"]), mark=spec.mark, status=Status.BUILDING, port_id=spec.port_id
        )  # fmt: skip

    async def _console(self, server_id: CloudId) -> str:
        path, asked = f"/servers/{server_id}/action", "read the console"
        found = await self.wire.asked(
            "POST", "compute", path, asked=asked, purpose=Purpose.CONSOLE, json={"os-getConsoleOutput": {}}
        )
        with readable(asked):
            return str(found["output"])
