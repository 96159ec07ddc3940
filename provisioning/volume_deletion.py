"""Work volumes that somebody wants deleted: one after the other, each seen gone before its name is free again.

A kill costs a lease. The deletion is asked for again until a listing that began later shows nothing with the volume's mark.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from provisioning.cloud_objects import Kind, Status
from provisioning.errors import BinderopsError
from provisioning.sites import Sites
from provisioning.store import volumes
from provisioning.store.database import Database
from provisioning.work_volumes import Kept

log = logging.getLogger(__name__)

_LEASE = timedelta(minutes=3)  # more than a listing and a call take
_SOON = timedelta(seconds=3)
_LATER = timedelta(minutes=1)
_OLDEST_LISTING = timedelta(seconds=5)  # whoever let go of it saw it there or not there before


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeDeletion:
    """Any number of processes may run one."""

    db: Database
    sites: Sites
    clock: Callable[[], datetime]

    async def once(self) -> bool:
        """Look at one; False where none is due."""
        now = self.clock()
        async with self.db.apart() as tx:
            due = await volumes.claim_deletion(tx, now, now + _LEASE)
        if due is None:
            return False
        try:
            is_gone, wait = await self._deleted(due), _SOON
        except BinderopsError as error:
            log.warning(
                "volume-not-deleted volume=%s code=%s message=%s", due.volume.id, error.code, error.message
            )
            is_gone, wait = False, _LATER
        async with self.db.apart() as tx:
            if is_gone:
                log.info("volume-deleted volume=%s", due.volume.id)
                await volumes.gone(tx, due.volume.id)
            else:
                await volumes.look_again(tx, due.volume.id, self.clock() + wait)
        return True

    async def _deleted(self, due: Kept) -> bool:
        """Whether the cloud has nothing of it any more; what there is is asked to go."""
        site = self.sites.named(due.cloud)
        listing = await site.inventory.since(self.clock() - _OLDEST_LISTING)
        there = [o for o in listing.work if o.volume == due.volume.id]
        for one in there:
            if one.status is not Status.DELETING:
                await site.cloud.delete(Kind.WORK_VOLUME, one.id)
        return not there
