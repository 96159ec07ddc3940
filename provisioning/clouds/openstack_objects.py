"""OpenStack's JSON as our values, and our marks as OpenStack's names, descriptions and metadata. Pure.

Servers and volumes carry the mark in their metadata; ports and floating IPs, which have none, in their description. Neutron's
tags are no place for it: they are set by a second call, and a bot that dies between the two would leave a nameless object.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from provisioning.cloud_objects import CloudId, CloudObject, Kind, ListedVolume, Mark, Status
from provisioning.clouds import openstack_words
from provisioning.model import BinderId, Flavor, VolumeId
from provisioning.quota import Allowance, Quota, Resource

_DESCRIPTION = re.compile(r"binderops-([a-z0-9]+)-([0-9]+) (.*)", re.DOTALL)
_ID = re.compile(r"/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|/[0-9a-f]{32}")
_SERVER = {
    "BUILD": Status.BUILDING,
    "ERROR": Status.ERROR,
    "SHUTOFF": Status.STOPPED,
    "PAUSED": Status.STOPPED,
    "SUSPENDED": Status.STOPPED,
    "RESCUE": Status.STOPPED,
    "SHELVED": Status.SHELVED,
    "SHELVED_OFFLOADED": Status.SHELVED,
    "DELETED": Status.DELETING,
    "SOFT_DELETED": Status.DELETING,
}  # anything else runs: rebooting, migrating, resizing, or a host that Nova does not hear just now
_VOLUME = {
    "creating": Status.BUILDING,
    "downloading": Status.BUILDING,
    "deleting": Status.DELETING,
}
_LIMITS = {  # as Nova and Cinder name the limit and what is used of it
    Resource.INSTANCES: ("maxTotalInstances", "totalInstancesUsed"),
    Resource.CORES: ("maxTotalCores", "totalCoresUsed"),
    Resource.RAM_MIB: ("maxTotalRAMSize", "totalRAMUsed"),
    Resource.VOLUMES: ("maxTotalVolumes", "totalVolumesUsed"),
    Resource.GIGABYTES: ("maxTotalVolumeGigabytes", "totalGigabytesUsed"),
}
_DETAILS = {Resource.FLOATING_IPS: "floatingip", Resource.PORTS: "port"}  # as Neutron names them


def description(mark: Mark) -> str:
    """What a port's and a floating IP's description says."""
    return f"{mark.name} {mark.deployment}"


def metadata(mark: Mark) -> dict[str, str]:
    """The mark as metadata of a volume; a server's has more."""
    return {
        "binderops_id": mark.binder,
        "binderops_attempt": str(mark.attempt),
        "binderops_deployment": mark.deployment,
    }


def work_metadata(volume: VolumeId, deployment: str) -> dict[str, str]:
    """A work volume's mark: none of a binder's, so that nobody takes it for a binder's own."""
    return {"binderops_volume": volume, "binderops_deployment": deployment}


def mark_of(found: Mapping[str, Any]) -> Mark | None:
    """The mark of an object, None where it carries none."""
    data = found.get("metadata") or {}
    if "binderops_id" in data:
        attempt = str(data.get("binderops_attempt", ""))
        if not attempt.isdecimal():
            return None
        return Mark(
            deployment=data.get("binderops_deployment", ""),
            binder=BinderId(data["binderops_id"]),
            attempt=int(attempt),
        )
    match = _DESCRIPTION.fullmatch(found.get("description") or "")
    if match is None:
        return None
    return Mark(deployment=match[3], binder=BinderId(match[1]), attempt=int(match[2]))


def objects(
    deployment: str,
    *,
    servers: Iterable[Mapping[str, Any]],
    ports: Iterable[Mapping[str, Any]],
    floating_ips: Iterable[Mapping[str, Any]],
    volumes: Iterable[Mapping[str, Any]],
) -> tuple[CloudObject, ...]:
    """Everything that this deployment marked."""
    ports = list(ports)
    found = [
        *(port(p, mark) for p in ports if (mark := mark_of(p))),
        *(floating_ip(f, mark) for f in floating_ips if (mark := mark_of(f))),
        *(volume(v, mark) for v in volumes if (mark := mark_of(v))),
        *(server(s, mark, ports) for s in servers if (mark := mark_of(s))),
    ]
    return tuple(o for o in found if o.mark.deployment == deployment)


def port(found: Mapping[str, Any], mark: Mark) -> CloudObject:
    """A port, with its first fixed address."""
    fixed = found.get("fixed_ips") or [{}]
    return CloudObject(
        kind=Kind.PORT,
        id=CloudId(found["id"]),
        mark=mark,
        status=Status.ACTIVE,
        address=fixed[0].get("ip_address", ""),
    )


def floating_ip(found: Mapping[str, Any], mark: Mark) -> CloudObject:
    """A floating IP; ``port_id`` is what it is really attached to, whatever Nova's view of the addresses says."""
    return CloudObject(
        kind=Kind.FLOATING_IP, id=CloudId(found["id"]), mark=mark, status=Status.ACTIVE,
        address=found["floating_ip_address"], port_id=found.get("port_id") or "",
    )  # fmt: skip


def volume(found: Mapping[str, Any], mark: Mark) -> CloudObject:
    """A volume; a status that tells of an error keeps its name as detail."""
    status, server_id, detail = _volume(found)
    return CloudObject(
        kind=Kind.VOLUME, id=CloudId(found["id"]), mark=mark, status=status, server_id=server_id, detail=detail
    )  # fmt: skip


def work_volume(found: Mapping[str, Any], marked: VolumeId) -> ListedVolume:
    """A work volume. While Cinder reserves, attaches or detaches it, it is `building`: nobody can use it just now."""
    status, server_id, detail = _volume(found)
    if status is Status.ACTIVE and found["status"] not in ("available", "in-use"):
        status = Status.BUILDING
    return ListedVolume(
        volume=marked, id=CloudId(found["id"]), status=status, server_id=server_id, detail=detail
    )


def work_volumes(deployment: str, volumes: Iterable[Mapping[str, Any]]) -> tuple[ListedVolume, ...]:
    """The work volumes of this deployment."""
    marked = ((v, v.get("metadata") or {}) for v in volumes)
    return tuple(
        work_volume(found, VolumeId(data["binderops_volume"]))
        for found, data in marked
        if "binderops_volume" in data and data.get("binderops_deployment") == deployment
    )


def _volume(found: Mapping[str, Any]) -> tuple[Status, str, str]:
    """Status, the server that has it, and what is wrong with it."""
    status = str(found["status"])
    is_wrong = status.startswith("error")
    return (
        Status.ERROR if is_wrong else _VOLUME.get(status, Status.ACTIVE),
        next((a.get("server_id") or "" for a in found.get("attachments") or ()), ""),
        f"volume status {status}" if is_wrong else "",
    )


def server(found: Mapping[str, Any], mark: Mark, ports: Iterable[Mapping[str, Any]]) -> CloudObject:
    """A server. Which port it is on, only the ports tell."""
    status = str(found["status"])
    fault = openstack_words.one_line(str((found.get("fault") or {}).get("message", "")))
    is_going = found.get("OS-EXT-STS:task_state") in ("deleting", "soft-deleting")
    return CloudObject(
        kind=Kind.SERVER,
        id=CloudId(found["id"]),
        mark=mark,
        status=Status.DELETING if is_going else _SERVER.get(status, Status.ACTIVE),
        port_id=next((p["id"] for p in ports if p.get("device_id") == found["id"]), ""),
        detail=fault or (f"server status {status}" if status in _SERVER else ""),
    )  # fmt: skip


def flavor(found: Mapping[str, Any]) -> Flavor:
    """A flavor as Nova shows it."""
    return Flavor(
        name=found["name"],
        vcpus=int(found["vcpus"]),
        ram_mib=int(found["ram"]),
        disk_gib=int(found["disk"]),
    )


def quota(
    read_at: datetime,
    compute: Mapping[str, Any],
    network: Mapping[str, Any],
    volumes: Mapping[str, Any] | None,
) -> Quota:
    """Nova's and Cinder's absolute limits and Neutron's quota details as one; no Cinder, no volumes."""
    limits = {**compute, **(volumes or {})}
    found = {
        r: _allowance(limits[most], limits[used]) for r, (most, used) in _LIMITS.items() if most in limits
    }
    for resource, name in _DETAILS.items():
        told = network[name]
        found[resource] = _allowance(told["limit"], told["used"] + told["reserved"])
    return Quota(read_at=read_at, allowances=found)


def _allowance(limit: int, used: int) -> Allowance:
    return Allowance(limit=None if limit < 0 else limit, used=used)


def template(path: str) -> str:
    """The path of a request with its ids replaced: one label for all requests of a kind."""
    return _ID.sub("/{id}", path)
