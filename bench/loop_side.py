"""The baseline: one thread and one poll loop for each launch, as openstacksdk's ``create_server(wait=True)`` does it.

Equal work: the same port, floating IP, root volume, server, user data size and marks, in the same order, deleted in the same
order. It is spared what it could do worse: names are turned into ids once for all launches, one connection serves all threads,
and ``auto_ip`` is off, since the floating IP is there already.
"""

import base64
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from bench import shares
from bench.job import Job, Side, cpu_s, memory_mib
from bench.project import connection
from bench.requests_seen import RequestsSeen
from provisioning.cloud_objects import Mark
from provisioning.clouds.openstack_objects import description, metadata
from provisioning.model import BinderId

_USER_DATA_BYTES = 40_000  # about what a launch of the bot sends
_POLL_S = 2.0  # SDK's own interval for volumes and for deletions


@dataclass(kw_only=True)
class _Launch:
    """What one thread made."""

    mark: Mark
    port: Any = None
    floating_ip: Any = None
    volume: Any = None
    server: Any = None
    took_s: float = 0.0
    failure: str = ""


@dataclass(kw_only=True)
class _Loops:
    """All launches, over one connection."""

    job: Job
    sdk: Any
    flavor: Any = None
    image: Any = None
    network: Any = None
    external: Any = None
    group: Any = None
    user_data: str = field(
        default_factory=lambda: base64.b64encode(os.urandom(_USER_DATA_BYTES // 4 * 3)).decode()
    )

    def prepare(self) -> None:
        """Turn names into ids, once."""
        sdk, name = self.sdk, f"binderops-{self.job.deployment}"
        self.flavor = sdk.compute.find_flavor(self.job.flavor, ignore_missing=False)
        self.image = sdk.image.find_image(self.job.image, ignore_missing=False)
        self.network = sdk.network.get_auto_allocated_topology()
        self.external = next(iter(sdk.network.networks(is_router_external=True)))
        self.group = sdk.network.find_security_group(name) or sdk.network.create_security_group(name=name)

    def launch(self, one: _Launch) -> None:
        """Make everything and wait for the server."""
        job, sdk, said = self.job, self.sdk, description(one.mark)
        one.port = sdk.network.create_port(
            name=one.mark.name,
            description=said,
            network_id=self.network.id,
            security_group_ids=[self.group.id],
        )
        one.floating_ip = sdk.network.create_ip(
            floating_network_id=self.external.id, port_id=one.port.id, description=said
        )
        if job.volumes:
            made = sdk.block_storage.create_volume(
                name=one.mark.name, size=job.volume_gib, imageRef=self.image.id, metadata=metadata(one.mark)
            )
            one.volume = sdk.block_storage.wait_for_status(
                made, status="available", interval=_POLL_S, wait=job.give_up_after_s
            )
        one.server = sdk.create_server(
            name=one.mark.name, flavor=self.flavor, nics=[{"port-id": one.port.id}], userdata=self.user_data,
            meta=metadata(one.mark), config_drive=True, auto_ip=False, wait=True, timeout=job.give_up_after_s,
            **({"boot_volume": one.volume} if one.volume else {"image": self.image}),
        )  # fmt: skip

    def delete(self, one: _Launch) -> None:
        """Delete in the bot's order, each seen gone where the next one needs that."""
        sdk = self.sdk
        if one.floating_ip is not None:
            sdk.network.delete_ip(one.floating_ip)
        if one.server is not None:
            sdk.delete_server(one.server.id, wait=True, timeout=self.job.give_up_after_s)
        if one.port is not None:
            sdk.network.delete_port(one.port)
        if one.volume is not None:
            sdk.block_storage.delete_volume(one.volume)
            sdk.block_storage.wait_for_delete(one.volume, interval=_POLL_S, wait=self.job.give_up_after_s)


def measure(job: Job) -> Side:
    """Launch, wait, delete, and tell what it took."""
    sdk = connection(job, job.cloud)
    loops = _Loops(job=job, sdk=sdk)
    sdk.authorize()
    seen = RequestsSeen(sdk)
    idle, cpu = memory_mib(), cpu_s()
    began = time.time()
    loops.prepare()
    launches = [
        _Launch(mark=Mark(deployment=job.deployment, binder=BinderId(f"loop{n:06}"), attempt=1))
        for n in range(job.launches)
    ]
    _at_once(loops.launch, launches)
    active_s = time.time() - began
    launching = [r for r in seen.all if not r.is_about_itself]
    failed = [one.failure for one in launches if one.failure]
    took = [one.took_s for one in launches if not one.failure]
    seen.all.clear()
    gone_from = time.time()
    _at_once(loops.delete, launches)
    return Side(
        name="poll loops", launched=len(took), failed=failed, not_deleted=[one.failure for one in launches if one.failure], all_active_s=active_s,
        all_gone_s=time.time() - gone_from, launch_s=took,
        requests=dict(Counter(r.label for r in launching)),
        busiest_second=shares.busiest(r.at for r in launching),
        refused=dict(Counter(str(r.status) for r in launching if r.status >= 400)),
        deletion_requests=dict(Counter(r.label for r in seen.all if not r.is_about_itself)),
        idle_mib=idle, most_mib=memory_mib("VmHWM"), beside_mib=0.0, cpu_s=cpu_s() - cpu,
    )  # fmt: skip


def _at_once(work: Callable[[_Launch], None], launches: Sequence[_Launch]) -> None:
    """Each in a thread of its own, all let go at the same moment."""
    gate = threading.Barrier(len(launches))

    def one(launch: _Launch) -> None:
        gate.wait()
        began = time.time()
        try:
            work(launch)
        except Exception as error:  # noqa: BLE001  whatever it was, the others go on and the report tells it
            launch.failure = f"{type(error).__name__}: {error}"
        else:
            launch.failure = ""
        launch.took_s = time.time() - began

    with ThreadPoolExecutor(len(launches), thread_name_prefix="launch") as pool:
        list(pool.map(one, launches))
