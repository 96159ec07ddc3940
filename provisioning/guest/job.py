"""What a build gets, and what it gives back. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Protocol, Sequence

from .orders import Orders
from .processes import Children, OnLine


class Say(Protocol):
    """Tells the progress of a build: one step of how many, and in words."""

    def __call__(self, message: str, *, step: tuple[int, int]) -> None: ...


@dataclass(frozen=True)
class Job:
    """One source to be built."""

    orders: Orders
    state: Path
    repository: Path  # the whole source
    root: Path  # the folder that is built and served
    configuration: Path  # where the files with Binder configuration are
    children: Children
    environ: Mapping[str, str]
    say: Say
    on_line: OnLine


@dataclass(frozen=True)
class Endpoint:
    """Where the person's server listens on loopback, and what opens it."""

    port: int
    token: str


@dataclass(frozen=True)
class Command:
    """A program that stays."""

    args: Sequence[str]
    env: Mapping[str, str]
    cwd: Path


class Runtime(Protocol):
    """One way to build a source and to run what was built."""

    def build(self, job: Job) -> str:
        """Build; returns a note for people. Raises `FailedError`, `StoppedError`."""
        ...

    def place(self, job: Job) -> Sequence[str]:
        """Where the work is, as `Work` has it. Raises as `Children.run`."""
        ...

    def server(self, job: Job, endpoint: Endpoint) -> Command:
        """What to keep running so that the person's server answers at the endpoint."""
        ...
