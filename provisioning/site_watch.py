"""Looking at a cloud only while it is the one that the environments are on. What that means: `provisioning.whereabouts`.

The first look at a cloud keeps where it is; each later one compares. A cloud that is down is compared once it answers.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from provisioning.checks import Finding, failed, ok
from provisioning.clouds import Cloud
from provisioning.sites import Site, Sites
from provisioning.store import sites as store
from provisioning.store.database import Database, Tx
from provisioning.whereabouts import Whereabouts, difference

log = logging.getLogger(__name__)

CHECK = "environments"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteWatch:
    """Compares what the settings lead to with what the database keeps."""

    db: Database
    deployment: str  # as the settings have it
    clock: Callable[[], datetime]

    async def watched(self, sites: Sites, *, forget: str | None = None) -> Sites:
        """The same clouds, each looked at only while `confirm` lets it. Asks no cloud.

        ``forget``: the name of a cloud whose environments may be given up, empty for the first. Raises `ElsewhereError`
        (``deployment-changed``) where the mark is another one, `PersonError` (``unknown-cloud``) for a name that is none.
        """
        if forget is not None:
            await self._forget(sites.planned_as(sites.named(forget)))
        for site in sites:
            async with self.db.transaction() as tx:
                await self._compare(tx, sites.planned_as(site), "")
        return sites.each_with(lambda site: self._guarded(site, sites.planned_as(site)))

    async def confirm(self, site: Site, names: Collection[str]) -> None:
        """Let it pass where environments of these names are in the project that the cloud leads to, or where there are none.

        What is new is kept. Raises `ElsewhereError`, and whatever the cloud raises when asked who it is.
        """
        now = Whereabouts(deployment=self.deployment, project=await site.cloud.identity())
        async with self.db.transaction() as tx:
            kept = await store.kept(tx, names)
            if all(kept.get(name) == now for name in names):
                return
            await store.lock(tx)
            kept = await self._compare(tx, names, now.project)
            for name in names:
                if kept.get(name) != now:
                    await store.keep(tx, name, now, self.clock())
                    log.info("site-kept cloud=%s deployment=%s project=%s", name, now.deployment, now.project)

    async def finding(self, cloud: Cloud, names: Collection[str]) -> Finding:
        """How `confirm` would decide on this cloud; keeps nothing."""
        now = Whereabouts(deployment=self.deployment, project=await cloud.identity())
        async with self.db.transaction() as tx:
            kept = await store.kept(tx, names)
            living = await store.living(tx, kept) if kept else {}
        if (error := difference(kept, now, living)) is not None:
            return failed(CHECK, error)
        if not kept:
            return ok(CHECK, "where they are is not known yet: the first look of serve keeps it")
        count = sum(len(here) for here in living.values())
        return ok(CHECK, f"{count} in {now.project} marked {now.deployment}" if count else "none now")

    async def _compare(self, tx: Tx, names: Collection[str], project: str) -> dict[str, Whereabouts]:
        kept = await store.kept(tx, names)
        now = Whereabouts(deployment=self.deployment, project=project)
        error = difference(kept, now, await store.living(tx, names))
        if error is not None:
            raise error
        return kept

    async def _forget(self, names: Collection[str]) -> None:
        async with self.db.transaction() as tx:
            for name, was in (await store.kept(tx, names)).items():
                log.warning(
                    "site-forgotten cloud=%s deployment=%s project=%s", name, was.deployment, was.project
                )
            await store.forget(tx, names)

    def _guarded(self, site: Site, names: Collection[str]) -> Site:
        async def confirm() -> None:
            await self.confirm(site, names)

        return site.guarded(confirm)
