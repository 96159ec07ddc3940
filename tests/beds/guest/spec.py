"""What a guest is to be: ``machine.json`` of its folder."""

import json
import pathlib
from dataclasses import dataclass
from typing import Self

NAMESPACE = "devcloud"  # of the network: where the bridge is, and how the guests' own begin


@dataclass(frozen=True, slots=True, kw_only=True)
class Nic:
    """One end at the bridge."""

    device: str  # its name there
    mac: str
    address: str  # with the length of the network: 10.0.0.5/24
    gateway: str | None
    mtu: int

    @property
    def host(self) -> str:
        return f"{self.address.partition('/')[0]}/32"

    @property
    def gateway_at_bridge(self) -> str:
        return f"{self.gateway}/{self.address.partition('/')[2]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A guest. Its root is an overlay: ``base`` below, FOLDER/upper above; /var/lib/docker is FOLDER/docker."""

    id: str
    name: str  # of the host
    console: str  # the file that gets what the guest writes there
    base: str  # the folder where the guests' root is mounted
    memory: int  # MiB; 0: as much as there is
    cpus: int  # 0: as many as there are
    nics: tuple[Nic, ...]

    @property
    def namespace(self) -> str:
        """Of its network, and the name of its control groups."""
        return f"{NAMESPACE}-{self.id[:8]}"

    @classmethod
    def of(cls, folder: pathlib.Path) -> Self:
        told = json.loads((folder / "machine.json").read_text())
        return cls(**{**told, "nics": tuple(Nic(**nic) for nic in told["nics"])})
