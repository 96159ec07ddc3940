"""Names turned into OpenStack's ids, remembered for a while: flavors, images, networks, and the deployment's security group.

All functions block; the driver runs them aside. What the cloud says is gone is forgotten at once (`Lookups.forget`).
"""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from provisioning.clouds.openstack_wire import Wire
from provisioning.errors import NotFoundError, RefusedError

T = TypeVar("T")

_KEPT_S = 300.0
_UUID_LENGTH = 36


class Lookups:
    """What names mean in this project."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._lock = threading.RLock()  # one thread looks something up, the others wait for what it finds
        self._kept: dict[tuple[str, ...], tuple[float, Any]] = {}

    def forget(self) -> None:
        """Look everything up again the next time."""
        with self._lock:
            self._kept.clear()

    def flavors(self) -> list[dict[str, Any]]:
        """Every flavor of the project, as Nova shows them."""
        return self._once(("flavors",), lambda: self._wire.listed("compute", "/flavors/detail", "flavors"))

    def flavor_id(self, name: str) -> str:
        """Raises `NotFoundError` (``flavor-gone``)."""
        for flavor in self.flavors():
            if flavor["name"] == name:
                return str(flavor["id"])
        self.forget()
        raise NotFoundError(
            "flavor-gone", f"The cloud has no flavor {name} (any more).", "Ask for another flavor."
        )

    def image(self, name: str) -> dict[str, Any]:
        """The image of this id, or the newest active one of this name. Raises `NotFoundError` (``image-gone``)."""
        return self._once(("image", name), lambda: self._find_image(name))

    def network_id(self, wanted: str) -> str:
        """The tenant network: the one named, else the auto-allocated topology's. Raises `RefusedError` (``network-unclear``)."""
        return self._once(("network", wanted), lambda: self._find_network(wanted))

    def external_network_id(self, wanted: str) -> str:
        """The network that floating IPs come from: the one named, or the only one. Raises `RefusedError` (``network-unclear``)."""
        return self._once(("external", wanted), lambda: self._find_external(wanted))

    def security_group_id(self, name: str, tcp_ports: Iterable[int]) -> str:
        """The deployment's own security group, made where it is missing, with these ports open to everybody."""
        return self._once(("group", name), lambda: self._find_group(name, frozenset(tcp_ports)))

    def _once(self, key: tuple[str, ...], find: Callable[[], T]) -> T:
        with self._lock:
            kept_at, kept = self._kept.get(key, (0.0, None))
            if kept is not None and time.monotonic() < kept_at + _KEPT_S:
                return cast("T", kept)
            found = find()
            self._kept[key] = (time.monotonic(), found)
            return found

    def _find_image(self, name: str) -> dict[str, Any]:
        images = self._wire.listed(
            "image", "/images", "images", name=name, status="active", sort="created_at:desc"
        )
        if not images and len(name) == _UUID_LENGTH:
            images = self._wire.listed("image", "/images", "images", id=name, status="active")
        if not images:
            self.forget()
            raise NotFoundError(
                "image-gone",
                f"The cloud has no active image {name}.",
                "Whoever runs the bot must name another one (defaults.image).",
            )
        return images[0]

    def _find_network(self, wanted: str) -> str:
        networks = self._wire.listed("network", "/networks", "networks")
        if wanted:
            return self._named(networks, wanted, "network")
        try:
            path = f"/auto-allocated-topology/{self._wire.project()}"
            return str(self._wire.got("network", path, "auto_allocated_topology")["id"])
        except (NotFoundError, RefusedError):  # this cloud has no such service
            own = [n for n in networks if not n.get("router:external")]
            usual = [n for n in own if n["name"] == "auto_allocated_network"]
            return self._only(usual or own, "network")

    def _find_external(self, wanted: str) -> str:
        networks = self._wire.listed("network", "/networks", "networks", **{"router:external": "true"})
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

    def _find_group(self, name: str, tcp_ports: frozenset[int]) -> str:
        groups = self._groups(name)
        if not groups:
            body = {"name": name, "description": "Binderops: what its instances are reached by"}
            self._wire.posted(
                "network", "/security-groups", {"security_group": body}, "security_group",
                asked="create the security group",
            )  # fmt: skip
            groups = self._groups(name)
            for later in groups[1:]:  # two bots began at once: both keep the older one
                self._wire.deleted(
                    "network", f"/security-groups/{later['id']}", asked="delete a second security group"
                )
        group = groups[0]
        rules = group.get("security_group_rules") or []
        there = {r["port_range_min"] for r in rules if r["direction"] == "ingress" and r["protocol"] == "tcp"}
        for port in sorted(tcp_ports - there):
            rule = {
                "security_group_id": group["id"], "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp",
                "port_range_min": port, "port_range_max": port,
            }  # fmt: skip
            self._wire.posted(
                "network", "/security-group-rules", {"security_group_rule": rule}, "security_group_rule",
                asked="open a port in the security group",
            )  # fmt: skip
        return str(group["id"])

    def _groups(self, name: str) -> list[dict[str, Any]]:
        found = self._wire.listed(
            "network", "/security-groups", "security_groups", name=name, project_id=self._wire.project()
        )
        return sorted(found, key=lambda g: (str(g.get("created_at")), g["id"]))
