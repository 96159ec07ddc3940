"""One machine as a cloud: an instance is a process tree, a floating IP is 127.0.0.1, everything else is files below one home.

Behaves as OpenStack does where a launch can tell: ports are the fence, quotas are refused, deletion is seen in a listing only.
The files are `local_files`, an instance's folder and life `local_instances`.
"""

import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from provisioning.cloud_objects import CloudId, CloudObject, Kind, ListedVolume, Listing, Mark
from provisioning.clouds import (
    Address,
    ServerSpec,
    fence,
    local_docker,
    local_machine,
    local_processes,
    local_volumes,
)
from provisioning.clouds.local_files import (
    CloudFiles,
    FloatingIpRecord,
    PortRecord,
    ServerRecord,
    VolumeRecord,
)
from provisioning.clouds.local_instances import Instances
from provisioning.clouds.local_machine import done_aside
from provisioning.errors import BinderopsError, ConflictError, NotFoundError, TeamError
from provisioning.model import Flavor, WorkVolume
from provisioning.quota import Allowance, Quota, Resource

log = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class LocalCloud:
    """`provisioning.clouds.Cloud` on this machine. Any number of processes may use one home at once.

    ``guest`` holds the package ``guest``; each instance gets a copy of it, as a machine elsewhere would.
    ``runtime``: ``venv``, or ``docker`` for new instances with the program ``docker``.
    """

    volume_root_below_gib = 0
    answers_within = timedelta(seconds=5)
    shows_within = timedelta(seconds=1)  # files are there for whoever looks next

    def __init__(
        self,
        home: Path,
        *,
        deployment: str,
        guest: Path,
        caddy: Path,
        uv: Path,
        runtime: str = "venv",
        docker: str = "docker",
        max_instances: int = 4,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._files = CloudFiles(home.absolute())
        self._deployment = deployment
        self.runtime = runtime
        programs = {"caddy": caddy.absolute(), "uv": uv.absolute()}
        self._instances = Instances(self._files, guest=guest, programs=programs, docker=docker)
        self._docker = docker
        self._max_instances = max_instances
        self._now = now

    async def open(self) -> None:
        """Run again every instance whose processes are gone, as a machine that was switched on again would.

        Raises `RefusedError` (``docker-missing``) where the way is Docker's and it does not answer.
        """
        if self.runtime == "docker":
            await done_aside(local_docker.require, self._docker)
        await done_aside(self._revive)

    async def close(self) -> None:
        """Nothing to close: instances go on without us."""

    async def switch_off(self) -> None:
        """End the processes of every instance of this deployment and keep its files, until `open`."""
        await done_aside(self._switch_off)

    async def identity(self) -> str:
        """The folder that holds everything."""
        return f"folder {await done_aside(self._files.home.resolve)}"

    async def flavors(self) -> tuple[Flavor, ...]:
        """Shares of this machine, as information: nothing holds an instance to them."""
        return await done_aside(local_machine.flavors, self._files.home)

    async def listing(self) -> Listing:
        began_at = self._now()
        objects = await done_aside(lambda: tuple(self._objects()))
        work = await done_aside(local_volumes.listed, self._files, self._deployment)
        return Listing(began_at=began_at, objects=objects, work=work)

    async def server(self, mark: Mark, server_id: CloudId) -> CloudObject | None:  # noqa: ARG002  the interface's
        """The instance of this id as the listing shows it."""
        return await done_aside(self._server, server_id)

    async def quota(self) -> Quota:
        """How many instances this machine may run."""
        read_at = self._now()
        servers = await done_aside(self._files.all, Kind.SERVER, ServerRecord)
        instances = Allowance(limit=self._max_instances, used=len(servers))
        return Quota(read_at=read_at, allowances={Resource.INSTANCES: instances})

    async def create_port(self, mark: Mark) -> CloudObject:
        return await done_aside(self._create_port, mark)

    async def create_floating_ip(self, mark: Mark, port_id: CloudId) -> CloudObject:
        return await done_aside(self._create_floating_ip, mark, port_id)

    async def create_volume(self, mark: Mark, image: str, size_gib: int) -> CloudObject:
        return await done_aside(self._create_volume, mark, image, size_gib)

    async def has_volumes(self) -> bool:
        """Folders can always be had."""
        return True

    async def create_work_volume(self, volume: WorkVolume, owner: str) -> ListedVolume:
        """A folder below the home; its id is the volume's own."""
        return await done_aside(local_volumes.create, self._files, volume, self._deployment, owner)

    async def create_server(self, spec: ServerSpec) -> CloudObject:
        """Make the instance's folder and start its processes; they run when this returns."""
        return await done_aside(self._create_server, spec)

    async def delete(self, kind: Kind, cloud_id: CloudId) -> None:
        """Delete it. A server's processes and folder are gone when this returns; a call cut short is completed by the next."""
        try:
            if kind is Kind.SERVER:
                await done_aside(self._delete_server, cloud_id)
            elif kind is Kind.WORK_VOLUME:
                await done_aside(local_volumes.delete, self._files, cloud_id)
            else:
                await done_aside(self._delete, kind, cloud_id)
        except NotFoundError:
            return

    async def console(self, server_id: CloudId) -> str:
        """What the instance's first processes said last. Raises `NotFoundError`."""
        return await done_aside(self._instances.console, server_id)

    async def usage(self, server_id: CloudId) -> local_machine.Usage:
        """What the instance takes of this machine now. Raises `NotFoundError`."""
        return await done_aside(self._instances.usage, server_id)

    def address(self, mark: Mark, port: CloudObject, floating_ip: CloudObject) -> Address:
        tcp = port.address.rpartition(":")[2]
        return Address(
            public_url=f"http://b-{mark.binder}.localhost:{tcp}",
            agent_url=f"http://{floating_ip.address}:{tcp}",
            listen=f"{floating_ip.address}:{tcp}",
            tls="off",
        )

    def _create_port(self, mark: Mark) -> CloudObject:
        with self._files.lock():
            fence.check()
            self._must_be_new(Kind.PORT, mark)
            taken = {port.tcp for port in self._files.all(Kind.PORT, PortRecord).values()}
            record = PortRecord(mark=mark, tcp=local_machine.free_tcp_port(taken))
            self._files.write(Kind.PORT, mark.name, record)
        return record.shown(CloudId(mark.name))

    def _create_floating_ip(self, mark: Mark, port_id: CloudId) -> CloudObject:
        with self._files.lock():
            fence.check()
            self._must_be_new(Kind.FLOATING_IP, mark)
            self._files.read(Kind.PORT, port_id, PortRecord)
            record = FloatingIpRecord(mark=mark, port_id=port_id)
            self._files.write(Kind.FLOATING_IP, mark.name, record)
        return record.shown(CloudId(mark.name))

    def _create_volume(self, mark: Mark, image: str, size_gib: int) -> CloudObject:
        record = VolumeRecord(mark=mark, image=image, size_gib=size_gib)
        with self._files.lock():
            fence.check()
            self._must_be_new(Kind.VOLUME, mark)
            with self._files.new_folder(Kind.VOLUME, mark.name) as folder:
                self._files.write_in(folder, Kind.VOLUME, record)
        return record.shown(CloudId(mark.name))

    def _create_server(self, spec: ServerSpec) -> CloudObject:
        server_id = CloudId(secrets.token_hex(6))
        record = ServerRecord(
            mark=spec.mark, flavor=spec.flavor, image=spec.image, port_id=spec.port_id,
            volume_id=spec.volume_id, metadata=spec.metadata, work_id=spec.work_id,
        )  # fmt: skip
        with self._files.lock():
            fence.check()
            self._must_be_possible(spec)
            with self._files.new_folder(Kind.SERVER, server_id) as folder:
                self._instances.fill(folder, spec)
                self._files.write_in(folder, Kind.SERVER, record)
            try:
                self._instances.start(server_id)
            except (BinderopsError, OSError):
                self._files.remove(Kind.SERVER, server_id)
                raise
        return self._instances.shown(server_id, record)

    def _must_be_new(self, kind: Kind, mark: Mark) -> None:
        if self._files.place(kind, mark.name).exists():
            words = kind.replace("_", " ")
            raise ConflictError(
                "already-there",
                f"There is a {words} {mark.name} already.",
                "It is found in the next listing.",
            )

    def _must_be_possible(self, spec: ServerSpec) -> None:
        if spec.flavor not in {f.name for f in local_machine.flavors(self._files.home)}:
            raise NotFoundError(
                "no-such-flavor",
                f"This machine has no flavor {spec.flavor!r}.",
                "Choose one that `/binder help` lists.",
            )
        self._files.read(Kind.PORT, spec.port_id, PortRecord)
        if spec.volume_id is not None:
            self._files.read(Kind.VOLUME, spec.volume_id, VolumeRecord)
        if spec.work_id is not None:
            local_volumes.must_be_free(self._files, spec.work_id)
        servers = self._files.all(Kind.SERVER, ServerRecord)
        if any(server.port_id == spec.port_id for server in servers.values()):
            raise ConflictError(
                "port-in-use",
                f"The port {spec.port_id} belongs to another instance.",
                "It is looked at again.",
            )
        if len(servers) >= self._max_instances:
            raise TeamError(
                "quota-instances",
                f"{len(servers)} of {self._max_instances} instances of this machine are in use.",
                "Delete one that nobody needs, or raise limits.local_instances.",
            )

    def _revive(self) -> None:
        with self._files.lock():
            for server_id, record in self._files.all(Kind.SERVER, ServerRecord).items():
                folder = self._files.place(Kind.SERVER, server_id)
                if record.is_deleting or not self._is_ours(record.mark) or local_processes.is_running(folder):
                    continue
                try:
                    local_processes.kill_all(server_id)  # what outlived the supervisor still has the port
                    self._instances.start(server_id)
                except BinderopsError as error:
                    log.warning("instance-not-started server=%s code=%s message=%s", server_id, error.code, error.message)  # fmt: skip
                else:
                    log.info("instance-started-again server=%s binder=%s", server_id, record.mark.binder)

    def _switch_off(self) -> None:
        with self._files.lock():
            servers = self._files.all(Kind.SERVER, ServerRecord)
            for server_id in (i for i, r in servers.items() if self._is_ours(r.mark)):
                self._instances.stop(server_id)

    def _delete(self, kind: Kind, cloud_id: CloudId) -> None:
        with self._files.lock():
            self._files.remove(kind, cloud_id)

    def _delete_server(self, server_id: CloudId) -> None:
        with self._files.lock():  # from here on nothing starts it again
            record = self._files.read(Kind.SERVER, server_id, ServerRecord)
            self._files.write(Kind.SERVER, server_id, replace(record, is_deleting=True))
        self._instances.remove(server_id)

    def _is_ours(self, mark: Mark) -> bool:
        return mark.deployment == self._deployment

    def _server(self, server_id: CloudId) -> CloudObject | None:
        record = self._files.all(Kind.SERVER, ServerRecord).get(server_id)
        return None if record is None else self._instances.shown(server_id, record)

    def _objects(self) -> Iterator[CloudObject]:
        files = self._files
        ports = files.all(Kind.PORT, PortRecord)
        floating_ips = files.all(Kind.FLOATING_IP, FloatingIpRecord)
        volumes = files.all(Kind.VOLUME, VolumeRecord)
        servers = files.all(Kind.SERVER, ServerRecord)
        yield from (r.shown(i) for i, r in ports.items() if self._is_ours(r.mark))
        yield from (r.shown(i) for i, r in floating_ips.items() if self._is_ours(r.mark))
        yield from (r.shown(i) for i, r in volumes.items() if self._is_ours(r.mark))
        yield from (self._instances.shown(i, r) for i, r in servers.items() if self._is_ours(r.mark))
