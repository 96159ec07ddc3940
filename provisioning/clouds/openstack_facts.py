"""What an OpenStack project tells of itself, read and nothing judged: for `openstack_checks`. Creates nothing.

`Facts` is what the checks ask, `OpenStackFacts` asks the driver's own wire, so that a check sees what a launch would see.
"""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote

from provisioning.cloud_objects import CloudId, Listing
from provisioning.clouds import openstack_words
from provisioning.clouds.openstack import OpenStackCloud
from provisioning.clouds.openstack_lookups import open_tcp
from provisioning.clouds.openstack_session import translated
from provisioning.clouds.openstack_wire import readable
from provisioning.errors import NotFoundError, RefusedError
from provisioning.model import Flavor
from provisioning.quota import Allowance, Quota

_ANSWER_WITHIN_S = 30.0
_UUID_LENGTH = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the bot is in the cloud, as its token says."""

    user: str
    project: str
    auth_url: str
    region: str
    regions: tuple[str, ...]  # all that the catalog has
    roles: tuple[str, ...]
    credential: str = ""  # the application credential's name; empty: another way of signing in
    password_expires_at: datetime | None = None
    clock_ahead: timedelta | None = None  # the cloud's clock before ours; None: it did not tell
    clock_within: timedelta = timedelta(0)  # how exactly that is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """The application credential, as Keystone shows it."""

    expires_at: datetime | None  # None: never
    is_unrestricted: bool  # may make other credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image."""

    id: str
    name: str
    status: str
    created_at: str
    min_disk_gib: int = 0
    min_ram_mib: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One network that the project can see."""

    id: str
    name: str
    is_external: bool = False
    is_own: bool = True  # the project's; others' routers are not shown to us
    is_up: bool = True
    has_subnet: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One security group with the TCP ports that it opens."""

    open_tcp: frozenset[int]


class Facts(Protocol):
    """What the checks ask. Each raises what the driver raises."""

    async def identity(self) -> Identity: ...

    async def credential(self) -> Credential: ...

    async def has(self, service: str) -> bool: ...

    async def flavors(self) -> tuple[Flavor, ...]: ...

    async def quota(self) -> Quota: ...

    async def listing(self) -> Listing: ...

    async def console(self, server_id: CloudId) -> str: ...

    async def images(self, name: str) -> tuple[Image, ...]:
        """Every image of this id or name in any status, newest first."""
        ...

    async def image_names(self) -> tuple[str, ...]:
        """Of all active images."""
        ...

    async def networks(self) -> tuple[Network, ...]: ...

    async def topology(self) -> None:
        """Whether the auto-allocated topology can be had, without making it. Raises what a launch would get."""
        ...

    async def gateways(self, network_id: str) -> frozenset[str]:
        """The external networks that routers lead to from this network; an empty text for a router without one."""
        ...

    async def addresses_of(self, name: str) -> frozenset[str]:
        """The IPv4 addresses that this machine's resolver has for the name; none where it does not exist."""
        ...

    async def security_group(self, name: str) -> Group | None: ...

    async def security_group_allowance(self) -> Allowance: ...

    async def keypair(self, name: str) -> None:
        """Raises `NotFoundError`."""
        ...


class OpenStackFacts:
    """`Facts` of the project that the driver is signed in to."""

    def __init__(self, cloud: OpenStackCloud) -> None:
        self._cloud = cloud
        self._wire = cloud.wire
        self.flavors = cloud.flavors
        self.quota = cloud.quota
        self.listing = cloud.listing
        self.console = cloud.console

    async def identity(self) -> Identity:
        return await self._cloud.run("sign in", lambda: self._wire.on_identity(self._identity))

    async def credential(self) -> Credential:
        asked = "show the application credential"
        return await self._cloud.run(asked, lambda: self._wire.on_identity(self._credential))

    async def has(self, service: str) -> bool:
        return await self._cloud.run("read the catalog", lambda: self._wire.has(service))

    async def images(self, name: str) -> tuple[Image, ...]:
        return await self._cloud.run("list the images", lambda: self._images(name))

    async def addresses_of(self, name: str) -> frozenset[str]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(name, 443, family=socket.AF_INET)
        except socket.gaierror:
            return frozenset()
        return frozenset(str(place[0]) for *_, place in found)

    async def image_names(self) -> tuple[str, ...]:
        listed = await self._listed("image", "/images", "images", status="active")
        with readable("list images"):
            return tuple(sorted({str(found["name"]) for found in listed}))

    async def networks(self) -> tuple[Network, ...]:
        listed = await self._listed("network", "/networks", "networks")
        project = await self._cloud.run("sign in", self._wire.project)
        with readable("list networks"):
            return tuple(_network(found, project) for found in listed)

    async def topology(self) -> None:
        project = await self._cloud.run("sign in", self._wire.project)
        path = f"/auto-allocated-topology/{project}?fields=dry-run"
        await self._cloud.run(
            "try the auto-allocated topology",
            lambda: self._wire.got("network", path, "auto_allocated_topology"),
        )

    async def gateways(self, network_id: str) -> frozenset[str]:
        ports = await self._listed("network", "/ports", "ports", network_id=network_id)
        routers = await self._listed("network", "/routers", "routers")
        with readable("list routers"):
            # network:router_interface, and two more of distributed and highly available routers
            owners = [p for p in ports if "router" in p["device_owner"] and "interface" in p["device_owner"]]
            leading = {p["device_id"] for p in owners}
            return frozenset(_gateway(router) for router in routers if router["id"] in leading)

    async def security_group(self, name: str) -> Group | None:
        found = await self._cloud.run("list the security groups", lambda: self._cloud.lookups.groups(name))
        with readable("list security groups"):
            return Group(open_tcp=open_tcp(found[0])) if found else None

    async def security_group_allowance(self) -> Allowance:
        path = f"/quotas/{await self._cloud.run('sign in', self._wire.project)}/details"
        asked = "read Neutron's quota"
        found = await self._cloud.run(asked, lambda: self._wire.got("network", path, "quota"))
        with readable(asked):
            told = found["security_group"]
            limit = int(told["limit"])
            return Allowance(limit=None if limit < 0 else limit, used=told["used"] + told["reserved"])

    async def keypair(self, name: str) -> None:
        path = f"/os-keypairs/{quote(name, safe='')}"
        await self._cloud.run("show the key pair", lambda: self._wire.got("compute", path, "keypair"))

    async def _listed(self, service: str, path: str, key: str, **params: str) -> list[dict[str, Any]]:
        asked = f"list the {key.replace('_', ' ')}"
        return await self._cloud.run(asked, lambda: self._wire.listed(service, path, key, **params))

    def _identity(self) -> Identity:
        connection = self._wire.connection
        with translated("sign in"), readable("sign in"):
            connection.session.auth.invalidate()  # a token of now tells the time of now
            began = datetime.now(UTC)
            access = connection.session.auth.get_access(connection.session)
            ended = datetime.now(UTC)
            token = access._data["token"]  # noqa: SLF001  not all of it has a property
            return Identity(
                user=access.username or access.user_id, project=access.project_name or "",
                auth_url=str(connection.config.auth.get("auth_url", "")), region=connection.config.region_name or "",
                regions=_regions(token), roles=tuple(access.role_names),
                credential=(token.get("application_credential") or {}).get("name", ""),
                password_expires_at=_time(token["user"].get("password_expires_at")),
                clock_ahead=access.issued - (began + (ended - began) / 2),
                clock_within=timedelta(seconds=1) + (ended - began) / 2,  # Keystone cuts off the part of a second
            )  # fmt: skip

    def _credential(self) -> Credential:
        connection, asked = self._wire.connection, "show the application credential"
        with translated(asked):
            access = connection.session.auth.get_access(connection.session)
            path = f"/users/{access.user_id}/application_credentials/{access.application_credential_id}"
            answer = connection.identity.request(path, "GET", timeout=_ANSWER_WITHIN_S, raise_exc=False)
        if answer.status_code >= 400:
            raise openstack_words.refusal(answer.status_code, answer.text, {}, asked=asked)
        with readable(asked):
            found = answer.json()["application_credential"]
            return Credential(
                expires_at=_time(found.get("expires_at")), is_unrestricted=bool(found.get("unrestricted"))
            )

    async def _images(self, name: str) -> tuple[Image, ...]:
        found = await self._wire.listed("image", "/images", "images", name=name, sort="created_at:desc")
        if not found and len(name) == _UUID_LENGTH:
            found = await self._wire.listed("image", "/images", "images", id=name)
        with readable("list images"):
            return tuple(_image(one) for one in found)


def is_left_out(error: Exception) -> bool:
    """Whether the driver goes on without the auto-allocated topology after this: the cloud has no such service."""
    return isinstance(error, NotFoundError | RefusedError)


def _image(found: Mapping[str, Any]) -> Image:
    return Image(
        id=found["id"], name=found.get("name") or "", status=found["status"], created_at=found["created_at"],
        min_disk_gib=int(found.get("min_disk") or 0), min_ram_mib=int(found.get("min_ram") or 0),
    )  # fmt: skip


def _network(found: Mapping[str, Any], project: str) -> Network:
    return Network(
        id=found["id"], name=found["name"], is_external=bool(found.get("router:external")),
        is_own=found.get("project_id") == project, is_up=bool(found.get("admin_state_up", True)),
        has_subnet=bool(found.get("subnets")),
    )  # fmt: skip


def _gateway(router: Mapping[str, Any]) -> str:
    return str((router.get("external_gateway_info") or {}).get("network_id", ""))


def _regions(token: Mapping[str, Any]) -> tuple[str, ...]:
    endpoints = [e for service in token.get("catalog", []) for e in service.get("endpoints", [])]
    return tuple(sorted({str(e.get("region_id") or e.get("region") or "") for e in endpoints}))


def _time(told: object) -> datetime | None:
    """Keystone's times are UTC, with or without a zone and a part of a second."""
    if not told:
        return None
    at = datetime.fromisoformat(str(told))
    return at if at.tzinfo else at.replace(tzinfo=UTC)
