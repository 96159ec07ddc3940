"""Names turned into OpenStack's ids, remembered for a while: flavors, images, networks, and the deployment's security group.

What the cloud says is gone is forgotten at once (`Lookups.forget`), what was not found is not looked for again for ten seconds.
"""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from provisioning.clouds.openstack_memory import Memory
from provisioning.clouds.openstack_wire import Wire
from provisioning.errors import ConflictError, NotFoundError, RefusedError, TemporaryError

T = TypeVar("T")

_UUID_LENGTH = 36


class Lookups:
    """What names mean in this project."""

    def __init__(self, wire: Wire, now: Callable[[], datetime]) -> None:
        self._wire = wire
        self._memory = Memory(now)

    def forget(self) -> None:
        """Look everything up again the next time."""
        self._memory.forget()

    async def flavors(self) -> list[dict[str, Any]]:
        """Every flavor of the project, as Nova shows them."""
        return await self._once(
            ("flavors",), lambda: self._wire.listed("compute", "/flavors/detail", "flavors")
        )

    async def flavor_id(self, name: str) -> str:
        """Raises `NotFoundError` (``flavor-gone``)."""
        for flavor in await self.flavors():
            if flavor["name"] == name:
                return str(flavor["id"])
        self.forget()
        raise NotFoundError(
            "flavor-gone", f"The cloud has no flavor {name} (any more).", "Ask for another flavor."
        )

    async def image(self, name: str) -> dict[str, Any]:
        """The image of this id, or the newest active one of this name. Raises `NotFoundError` (``image-gone``)."""
        return await self._once(("image", name), lambda: self._find_image(name))

    async def network_id(self, wanted: str) -> str:
        """The tenant network: the one named, else the auto-allocated topology's. Raises `RefusedError` (``network-unclear``)."""
        return await self._once(("network", wanted), lambda: self._find_network(wanted))

    async def external_network_id(self, wanted: str) -> str:
        """The network that floating IPs come from: the one named, or the only one. Raises `RefusedError` (``network-unclear``)."""
        return await self._once(("external", wanted), lambda: self._find_external(wanted))

    async def security_group_id(self, name: str, tcp_ports: Iterable[int]) -> str:
        """The deployment's own security group, made where it is missing, with these ports open to everybody."""
        return await self._once(("group", name), lambda: self._find_group(name, frozenset(tcp_ports)))

    async def _once(self, key: tuple[str, ...], find: Callable[[], Awaitable[T]]) -> T:
        try:
            return await self._memory.once(key, find)
        except TemporaryError as error:
            error.is_unanswered = False  # what it was looked up for was not asked for yet
            raise

    async def _find_image(self, name: str) -> dict[str, Any]:
        images = await self._wire.listed(
            "image", "/images", "images", name=name, status="active", sort="created_at:desc"
        )
        if not images and len(name) == _UUID_LENGTH:
            images = await self._wire.listed("image", "/images", "images", id=name, status="active")
        if not images:
            self.forget()
            raise NotFoundError(
                "image-gone",
                f"The cloud has no active image {name}.",
                "Whoever runs the bot must name another one (defaults.image).",
            )
        return images[0]

    async def _find_network(self, wanted: str) -> str:
        networks = await self._wire.listed("network", "/networks", "networks")
        if wanted:
            return self._named(networks, wanted, "network")
        try:
            path = f"/auto-allocated-topology/{await self._wire.project()}"
            return str((await self._wire.got("network", path, "auto_allocated_topology"))["id"])
        except (NotFoundError, RefusedError):  # this cloud has no such service
            own = [n for n in networks if not n.get("router:external")]
            usual = [n for n in own if n["name"] == "auto_allocated_network"]
            return self._only(usual or own, "network")

    async def _find_external(self, wanted: str) -> str:
        networks = await self._wire.listed("network", "/networks", "networks", **{"router:external": "true"})
        if any(wanted in (n["name"], n["id"]) for n in networks):
            return self._named(networks, wanted, "external_network")
        return self._only(networks, "external_network")

    def _named(self, networks: list[dict[str, Any]], wanted: str, setting: str) -> str:
        return self._only([n for n in networks if wanted in (n["name"], n["id"])], setting, wanted)

    def _only(self, networks: list[dict[str, Any]], setting: str, wanted: str = "") -> str:
        if len(networks) == 1:
            return str(networks[0]["id"])
        names = ", ".join(sorted(n["name"] for n in networks)) or "none"
        raise RefusedError(
            "network-unclear",
            f"The project has {len(networks)} networks that could be meant{f' by {wanted}' if wanted else ''}: {names}.",
            f"Whoever runs the bot must name one: the setting cloud.{setting}.",
        )

    async def _find_group(self, name: str, tcp_ports: frozenset[int]) -> str:
        groups = await self.groups(name)
        if not groups:
            body = {"name": name, "description": "Binderops: what its instances are reached by"}
            await self._wire.posted(
                "network", "/security-groups", {"security_group": body}, "security_group",
                asked="create the security group",
            )  # fmt: skip
            # Another bot may have made one at the same time: both take the first. A second one stays, since nobody can tell
            # whether a port is being made in it just now.
            groups = await self.groups(name)
        if not groups:
            raise NotFoundError(
                "cloud-not-found",
                f"The security group {name} was made and is not listed yet.",
                "Retry: what names mean is looked up anew.",
            )
        for port in sorted(tcp_ports - open_tcp(groups[0])):
            await self._open(groups[0]["id"], port)
        return str(groups[0]["id"])

    async def _open(self, group: str, port: int) -> None:
        rule = {
            "security_group_id": group, "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp",
            "port_range_min": port, "port_range_max": port,
        }  # fmt: skip
        try:
            await self._wire.posted(
                "network", "/security-group-rules", {"security_group_rule": rule}, "security_group_rule",
                asked="open a port in the security group",
            )  # fmt: skip
        except ConflictError as error:  # another bot was faster with the same rule
            if error.code != "cloud-conflict":
                raise

    async def groups(self, name: str) -> list[dict[str, Any]]:
        """The project's security groups of this name; the first is the one that everybody takes."""
        found = await self._wire.listed(
            "network", "/security-groups", "security_groups", name=name, project_id=await self._wire.project()
        )
        return sorted(found, key=lambda g: (str(g.get("created_at")), g["id"]))


def open_tcp(group: dict[str, Any]) -> frozenset[int]:
    """The TCP ports that the security group opens."""
    rules = group.get("security_group_rules") or []
    return frozenset(
        r["port_range_min"] for r in rules
        if r["direction"] == "ingress" and r["protocol"] == "tcp" and r["port_range_min"]
    )  # fmt: skip
