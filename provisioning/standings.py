"""How the projects stand, as last read: for people who ask, and who must not wait for the cloud.

Looking returns at once with what is known. Where that is older than half a minute, a new reading begins aside; it shares the
quota's reading with the launches that ask for room.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from provisioning import room
from provisioning.errors import BinderopsError
from provisioning.phases import Policy
from provisioning.room import Standing
from provisioning.sites import Site, Sites
from provisioning.store import admissions
from provisioning.store.database import Database

log = logging.getLogger(__name__)

FRESH_FOR = timedelta(seconds=30)


class Standings:
    """Remembers what every cloud's quota was, and what was promised then."""

    def __init__(self, sites: Sites, db: Database, clock: Callable[[], datetime]) -> None:
        self._sites = sites
        self._db = db
        self._clock = clock
        self._known: dict[str, Standing] = {}
        self._readings: dict[str, asyncio.Task[None]] = {}

    def look(self) -> dict[str, Standing | None]:
        """Every cloud's standing by its name, in the settings' order; None: not read yet, or the cloud cannot tell."""
        since = self._clock() - FRESH_FOR
        for site in self._sites:
            known, reading = self._known.get(site.name), self._readings.get(site.name)
            is_due = known is None or known.quota.read_at < since
            if is_due and (reading is None or reading.done()):
                self._readings[site.name] = asyncio.create_task(self._read(site, since), name="standing")
        return {site.name: self._known.get(site.name) for site in self._sites}

    async def settle(self) -> None:
        """Wait until no reading is under way."""
        await asyncio.gather(*self._readings.values(), return_exceptions=True)

    async def stop(self) -> None:
        """Read no more."""
        for reading in self._readings.values():
            reading.cancel()
        await self.settle()

    async def _read(self, site: Site, since: datetime) -> None:
        policy = Policy(
            volume_root_below_gib=site.volume_root_below_gib,
            answers_within=site.cloud.answers_within, shows_within=site.cloud.shows_within,
        )  # fmt: skip
        try:
            quota = await site.quota.since(since)
            async with self._db.transaction() as tx:
                others = await admissions.in_flight(tx, self._sites.planned_as(site), quota.read_at, policy)
        except BinderopsError as error:
            log.warning("quota-unread cloud=%s code=%s message=%s", site.name, error.code, error.message)
            return
        except (
            Exception
        ):  # nobody waits for this task: without these words its failure would be seen by no one
            log.exception("standings-broke cloud=%s", site.name)
            return
        # What may be in the reading already is left out: counted twice, it could make a free project look full.
        taken = room.promised(others, policy).surely
        fitting = room.what_fits(quota, taken, site.catalogue.flavors(), policy)
        self._known[site.name] = Standing(quota=quota, taken_by_others=taken, fitting=fitting)
