"""Keeps running guests up to date on what may change in their life: who may enter, and which keys the bot signs with.

A guest is born with the keys of that hour and the membership epoch 0. Each is told once it is heard, and again whenever
epoch or keys are no longer those that it took last. Sending twice is harmless: a guest's epoch never goes back. Its public
name and its TLS are orders of birth (`provisioning.launch_spec`), since user data is rendered when both are known.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, Self

from provisioning.errors import TemporaryError
from provisioning.keys import Keys
from provisioning.model import BinderId
from provisioning.reports import LISTENS_IN
from provisioning.store.database import Database, Row

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=18)  # longer than a call may take
_LONGEST_WAIT = timedelta(minutes=1)
_TOLD_AFTER = 6  # tries: about a minute


class ConfigLink(Protocol):
    """The one call that is made here: `provisioning.guest_link.GuestLink` has it."""

    async def configure(
        self, agent_url: str, binder: str, *, epoch: int, keys: Sequence[str], cert_sha256: str = ""
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A guest to be told, under our lease."""

    binder: BinderId
    attempt: int
    epoch: int
    agent_url: str
    cert_sha256: str
    tries: int  # that failed in a row
    until: datetime  # the lease's end; whatever we write is fenced by it

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as ``guest_config.claim`` returns it."""
        return cls(**row)


class GuestConfig:
    """Any number of processes may run one. ``keys`` gives the signing keys as the database holds them now."""

    def __init__(
        self,
        db: Database,
        link: ConfigLink,
        keys: Callable[[], Awaitable[Keys]],
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._link = link
        self._keys = keys
        self._clock = clock

    async def once(self) -> bool:
        """Tell one guest; False where each has what it should, or may not be asked again yet."""
        now = self._clock()
        told = (await self._keys()).told(now)
        ids = [key.key_id for key in told]
        async with self._db.apart() as tx:
            row = await tx.row(
                "guest_config.claim", phases=list(LISTENS_IN), keys=ids, now=now, until=now + LEASE
            )
        if row is None:
            return False
        due = Due.of(row)
        try:
            await self._link.configure(
                due.agent_url, due.binder, epoch=due.epoch, keys=[key.public_key for key in told],
                cert_sha256=due.cert_sha256,
            )  # fmt: skip
        except TemporaryError as error:
            await self._again(due, error)
        else:
            await self._taken(due, ids)
        return True

    async def _taken(self, due: Due, keys: list[str]) -> None:
        async with self._db.apart() as tx:
            await tx.run(
                "guest_config.taken", binder=due.binder, attempt=due.attempt, epoch=due.epoch, keys=keys,
                until=due.until,
            )  # fmt: skip
        log.info("guest-configured binder=%s attempt=%s epoch=%s", due.binder, due.attempt, due.epoch)

    async def _again(self, due: Due, error: TemporaryError) -> None:
        tries = due.tries + 1
        level = logging.WARNING if tries == _TOLD_AFTER else logging.DEBUG
        log.log(level, "guest-not-configured binder=%s tries=%s message=%s", due.binder, tries, error.message)
        at = self._clock() + wait_after(tries)
        async with self._db.apart() as tx:
            await tx.run("guest_config.again", binder=due.binder, tries=tries, at=at, until=due.until)


def wait_after(tries: int) -> timedelta:
    """How long a guest is left alone that did not take it so many times in a row: 2, 4, 8, ... seconds up to a minute."""
    return min(_LONGEST_WAIT, timedelta(seconds=2 ** min(tries, 9)))
