"""The project that is measured in: its quotas raised for the run and put back, and everything with our mark deleted."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import openstack
from openstack.config import OpenStackConfig

from bench.job import Job
from provisioning.cloud_objects import DELETION_ORDER, CloudObject, Kind
from provisioning.clouds.openstack import OpenStackCloud, OpenStackSettings
from provisioning.errors import BinderopsError

_QUICK = 10.0  # listings a second, while cleaning up
_ROUNDS = 200
_PAUSE_S = 2.0
_QUIET_LOOKS = 3  # a request that was under way when its process ended may still make something

Limits = dict[str, dict[str, int]]  # by service


def connection(job: Job, cloud: str) -> Any:
    """The SDK's connection to a cloud of the run's clouds.yaml."""
    config = OpenStackConfig(config_files=[str(job.clouds_yaml)], load_envvars=False)
    return openstack.connection.Connection(config=config.get_one(cloud))


@contextmanager
def raised_quotas(job: Job) -> Iterator[None]:
    """Room for all launches beyond what the project has. Afterwards every limit is what it was."""
    member, admin = connection(job, job.cloud), connection(job, job.admin)
    project = member.current_project_id
    flavor = member.compute.find_flavor(job.flavor, ignore_missing=False)
    n = job.launches
    more: Limits = {
        "compute": {"instances": n, "cores": n * flavor.vcpus, "ram": n * flavor.ram},
        "network": {"floating_ips": n, "ports": n, "security_groups": 1},
    }
    if job.volumes:
        more["block_storage"] = {"volumes": n, "gigabytes": n * job.volume_gib}
    before = {service: _limits(admin, service, project, names) for service, names in more.items()}
    try:
        for service, names in more.items():
            wanted = {k: before[service][k] + v for k, v in names.items() if before[service][k] >= 0}
            _set(admin, service, project, wanted)
        yield
    finally:
        for service, names in before.items():
            _set(admin, service, project, names)
        member.close()
        admin.close()


def _limits(admin: Any, service: str, project: str, names: dict[str, int]) -> dict[str, int]:
    if service == "network":
        found = admin.network.get_quota(project)
    else:
        found = getattr(admin, service).get_quota_set(project)
    return {name: int(found[name]) for name in names}


def _set(admin: Any, service: str, project: str, limits: dict[str, int]) -> None:
    if service == "network":
        admin.network.update_quota(project, **limits)
    else:
        getattr(admin, service).update_quota_set(project, **limits)


async def emptied(job: Job) -> int:
    """Delete all that carries the run's mark until listings show nothing any more; returns how much had been left.

    Raises `RuntimeError` with what is still there where the cloud does not let go of it.
    """
    settings = OpenStackSettings(
        cloud=job.cloud, environment={"OS_CLIENT_CONFIG_FILE": str(job.clouds_yaml)}, requests_per_s=_QUICK
    )
    cloud = OpenStackCloud(settings, deployment=job.deployment)
    left = quiet = 0
    objects: tuple[CloudObject, ...] = ()
    try:
        for _ in range(_ROUNDS):
            objects = (await cloud.listing()).objects
            quiet = 0 if objects else quiet + 1
            if quiet == _QUIET_LOOKS:
                await _close_doors(cloud, f"binderops-{job.deployment}")
                return left
            left = max(left, len(objects))
            kinds = {o.kind for o in objects}
            for kind in (k for k in DELETION_ORDER if k in kinds):
                await asyncio.gather(*(_deleted(cloud, o.kind, o.id) for o in objects if o.kind is kind))
            await asyncio.sleep(_PAUSE_S)
    finally:
        await cloud.close()
    raise RuntimeError(f"still there: {[(str(o.kind), o.id, str(o.status)) for o in objects]}")


async def _deleted(cloud: OpenStackCloud, kind: Kind, cloud_id: Any) -> None:
    try:
        await cloud.delete(kind, cloud_id)
    except BinderopsError:  # busy just now: the next round asks again
        return


async def _close_doors(cloud: OpenStackCloud, name: str) -> None:
    """A project may have few security groups."""
    for group in await cloud.wire.listed("network", "/security-groups", "security_groups", name=name):
        await cloud.wire.deleted(
            "network", f"/security-groups/{group['id']}", asked="delete the security group"
        )
