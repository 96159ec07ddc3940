"""Taking a trial's objects away again: in the order of deletion, repeated until a listing shows none, or told by their ids."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from provisioning.checks import Finding, fail, ok
from provisioning.cloud_objects import DELETION_ORDER, CloudId, CloudObject, Kind, Mark, Status
from provisioning.clouds import Cloud
from provisioning.errors import BinderopsError
from provisioning.model import Phase
from provisioning.phases import LIMITS

NAMES = {Kind.PORT: "port", Kind.FLOATING_IP: "floating IP", Kind.VOLUME: "volume", Kind.SERVER: "instance"}

_LIMIT_S = LIMITS[Phase.DELETING].total_seconds()
_LOST_S = 30.0  # how long an object whose answer was lost may take to show
_COMMANDS = {Kind.PORT: "port", Kind.FLOATING_IP: "floating ip", Kind.VOLUME: "volume", Kind.SERVER: "server"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """How a trial waits: tests bring their own."""

    seconds: Callable[[], float]  # of a clock that only goes forward
    pause: Callable[[], Awaitable[None]]  # between two looks


@dataclass(kw_only=True)
class Undo:
    """The end of a trial. ``left`` are the kinds by id as last known: the mark finds what is not among them."""

    cloud: Cloud
    mark: Mark
    time: Time
    say: Callable[[Finding], None]
    left: dict[CloudId, Kind]
    is_lost: bool  # an answer was: something may be there that no listing shows yet
    _why: str = ""  # the last listing failed
    _words: dict[CloudId, str] = field(default_factory=dict)  # why something could not be deleted

    async def run(self) -> None:
        """Until nothing is left. When told to stop, or after ten minutes, what is left is said."""
        began = self.time.seconds()
        sure_at = began + (_LOST_S if self.is_lost else 0)
        try:
            while (looked := self.time.seconds()) < began + _LIMIT_S:
                here = await self._look(began)
                if here is not None and not here and looked >= sure_at:
                    said = f"everything is deleted: a listing shows nothing of {self.mark.name}"
                    self.say(ok("launch-gone", f"{said} ({self.time.seconds() - began:.1f} s)"))
                    return
                await self._delete_next(here or ())
                await self.time.pause()
        except asyncio.CancelledError:
            self._why = "; it was stopped before all was gone"
            self._say_left()
            raise
        self._say_left()

    async def _look(self, began: float) -> tuple[CloudObject, ...] | None:
        """What is there now; None: nobody knows. Says which kinds have gone."""
        try:
            here = (await self.cloud.listing()).of(self.mark.binder)
        except BinderopsError as error:
            self._why = f"; the project could not be listed: {error.message}"
            return None
        gone = set(self.left.values()) - {o.kind for o in here}
        self.left, self._why = {o.id: o.kind for o in here}, ""
        for kind in DELETION_ORDER:
            if kind in gone:
                check = f"launch-delete-{kind.replace('_', '-')}"
                self.say(ok(check, f"{NAMES[kind]} deleted ({self.time.seconds() - began:.1f} s)"))
        return here

    async def _delete_next(self, here: tuple[CloudObject, ...]) -> None:
        """The first kind that is still there."""
        kind = next((k for k in DELETION_ORDER if any(o.kind is k for o in here)), None)
        for found in here:
            if found.kind is kind and found.status is not Status.DELETING:
                try:
                    await self.cloud.delete(found.kind, found.id)
                except BinderopsError as error:
                    self._words[found.id] = error.message

    def _say_left(self) -> None:
        names = ", ".join(f"{NAMES[kind]} {cloud_id}" for cloud_id, kind in self.left.items())
        words = " ".join(self._words[i] for i in self.left if i in self._words)
        said = f"Still there of {self.mark.name}: {names or 'perhaps something'}{self._why}. {words}".strip()
        by_hand = f"Delete by hand, in this order: {'; '.join(_by_hand(self.left))}."
        self.say(
            fail("launch-gone", said, by_hand if self.left else f"Look for objects named {self.mark.name}.")
        )


def _by_hand(left: Mapping[CloudId, Kind]) -> list[str]:
    """The commands, in the order of deletion."""
    return [
        f"`openstack {_COMMANDS[k]} delete {i}`"
        for kind in DELETION_ORDER
        for i, k in left.items()
        if k is kind
    ]
