"""What is measured and what came of it: the values that the two sides and the report speak in."""

import json
import resource
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run, the same for both sides."""

    launches: int
    deployment: str  # what everything made is marked with
    clouds_yaml: Path
    cloud: str
    admin: str
    flavor: str
    image: str
    volumes: bool
    volume_gib: int
    loops: int  # of the bot: how many binders are stepped at the same time
    give_up_after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one side did. Times in seconds; requests without signing in and without the discovery of versions."""

    name: str
    launched: int
    failed: list[str]
    not_deleted: list[str]
    all_active_s: float  # from the first being asked for until the last was ACTIVE
    all_gone_s: float  # from the first deletion being asked for until all was gone
    launch_s: list[float]
    requests: dict[str, int]  # while launching, by what was asked
    busiest_second: int  # the most requests in any second of launching
    refused: dict[str, int]  # answers of 400 and above, while launching, by status
    deletion_requests: dict[str, int]
    idle_mib: float  # the process's memory before the first launch
    most_mib: float  # and its high-water mark
    beside_mib: float  # other processes that it needs: PostgreSQL
    cpu_s: float  # of the process, launching and deleting
    shares: list[dict[str, float]] = field(default_factory=list)  # of each launch, the bot's side only
    loops_s: dict[str, float] = field(default_factory=dict)  # what its loops spent their time on

    @property
    def sent(self) -> int:
        """Requests while launching."""
        return sum(self.requests.values())

    @property
    def reads(self) -> int:
        """Of them, those that only read."""
        return sum(n for label, n in self.requests.items() if label.startswith("GET "))

    def written(self) -> str:
        """As one line."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, line: str) -> Self:
        """Back from `written`."""
        return cls(**json.loads(line))


def memory_mib(key: str = "VmRSS") -> float:
    """Resident memory of the process, or with ``VmHWM`` the most it ever was. What a parent used is not in it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) / 1024
    raise OSError(f"no {key} in /proc/self/status")


def cpu_s() -> float:
    """Processor time of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
