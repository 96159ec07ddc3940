"""Writes builds into the bot's database as its worker and its listener would, for whoever tells them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from bench.builds import Build, Change, line
from bot.playground.workspace import TEAM
from provisioning.model import (
    Binder,
    BinderId,
    Event,
    Failure,
    Flavor,
    Happened,
    Interface,
    Phase,
    Plan,
    Report,
    Request,
)
from provisioning.store import binders, listening
from provisioning.store.database import Database, Tx

_LEASE = timedelta(seconds=15)
_LETTERS = "abcdefghij"
_LAB = Interface(name="lab", title="JupyterLab", path="/lab")
_FLAVOR = Flavor(name="m3.small", vcpus=2, ram_mib=6144, disk_gib=20, su_per_hour=2)
_FAILURE = Failure(
    code="build-command", message="A command of the build failed.", hint="Correct it and launch again.",
    lines=("ERROR: no matching distribution", "exit code: 1"), step="RUN pip install",
)  # fmt: skip
_HAPPENED = {
    Phase.CREATING: Happened.ATTEMPT_STARTED,
    Phase.BOOTING: Happened.SERVER_ACTIVE,
    Phase.BUILDING: Happened.BUILD_BEGAN,
    Phase.STARTING: Happened.START_BEGAN,
    Phase.READY: Happened.BECAME_READY,
    Phase.FAILED: Happened.FAILED,
}


@dataclass(slots=True, kw_only=True)
class Stories:
    """The builds' rows. ``channels``: the ids of the class's channels; each build has an owner of its own."""

    db: Database
    channels: Sequence[str]
    _binders: dict[str, Binder] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)

    async def goes_on(self, build: Build, change: Change) -> None:
        """One change, in one transaction."""
        now = datetime.now(UTC)
        async with self.db.transaction() as tx:
            if change.phase is Phase.QUEUED:
                await self._begins(tx, build, now)
            elif change.step:
                await self._says(
                    tx, build, now, phase="build", message=line(change.step), step=(change.step, change.steps)
                )
            else:
                await self._moves(tx, build, change.phase, now)

    async def _begins(self, tx: Tx, build: Build, now: datetime) -> None:
        request = Request(provider="git", repo=f"https://git.example.org/class/{build.name}")
        number = int(build.name[1:])
        binder = Binder(
            id=BinderId("bench" + "".join(_LETTERS[int(digit)] for digit in f"{number:05}")), team=TEAM,
            channel=self.channels[build.channel], owner=f"U0BENCH{number:03}", request=request, plan=None,
            phase=Phase.REQUESTED, outcome=None, failure=None, attempt=0, created_at=now, phase_since=now, expires_at=None,
            keep_until=None, warned=0, public_url="", report=None, last_action_at=now, errors_in_row=0, last_error="",
        )  # fmt: skip
        await binders.insert(tx, binder)
        plan = Plan(
            request=request, commit="a" * 40, ref="main", title=build.name, flavor=_FLAVOR, image="Featured-Ubuntu24",
            lifetime=timedelta(hours=4), needs_confirmation=False,
        )  # fmt: skip
        self._binders[build.name] = binder
        resolved = Event(kind=Happened.RESOLVED, at=now, data={"commit": plan.commit, "ref": plan.ref})
        await self._record(tx, build, replace(binder, plan=plan, phase=Phase.QUEUED), resolved)

    async def _moves(self, tx: Tx, build: Build, phase: Phase, now: datetime) -> None:
        binder = replace(self._binders[build.name], phase=phase, phase_since=now, attempt=1)
        match phase:
            case Phase.STARTING:
                await self._says(tx, build, now, phase="start", message="Starting Jupyter")
            case Phase.READY:
                await self._says(
                    tx, build, now, phase="ready", message="It answers", interfaces=(_LAB,), open_path="/lab"
                )
                binder = replace(binder, expires_at=now + timedelta(hours=4))
            case Phase.FAILED:
                await self._says(tx, build, now, phase="failed", message="It failed", failure=_FAILURE)
                await listening.keep_log(tx, binder.id, 1, "the whole log", now)
                binder = replace(binder, failure=_FAILURE, keep_until=now + timedelta(hours=1))
            case _:
                pass
        await self._record(tx, build, binder, Event(kind=_HAPPENED[phase], at=now))

    async def _record(self, tx: Tx, build: Build, after: Binder, event: Event) -> None:
        """As a step of the worker: claimed, decided, recorded."""
        claimed = await binders.claim(tx, lease=uuid4(), now=event.at, until=event.at + _LEASE, only=after.id)
        if claimed is None or not await binders.record(
            tx, claimed, after, events=[event], wake_at=event.at, now=event.at, keep_lease=False
        ):
            raise RuntimeError(f"{build.name} could not be written")
        self._binders[build.name] = after

    async def _says(self, tx: Tx, build: Build, now: datetime, **said: Any) -> None:
        """As the listener: the next report of the guest."""
        number = self._numbers[build.name] = self._numbers.get(build.name, 0) + 1
        report = Report(n=number, at=now, **said)
        await listening.hear(tx, self._binders[build.name], report, now)
