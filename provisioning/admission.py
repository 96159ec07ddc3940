"""Letting a launch begin: the quota is read first, then others are counted and the decision is recorded under one lock.

Two processes that decide at the same time see each other's promises: nobody is promised the last floating IP twice. No
transaction is open while the cloud is asked. What is decided: `provisioning.settling`; in which numbers: `provisioning.room`.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from provisioning.actions import Admit, Quoted
from provisioning.errors import ElsewhereError, NotFoundError, RefusedError, TeamError
from provisioning.lifecycle import Decision
from provisioning.model import Binder
from provisioning.phases import Policy
from provisioning.settling import settle
from provisioning.sites import Site, Sites
from provisioning.store import admissions
from provisioning.store.database import Tx

log = logging.getLogger(__name__)

_AN_INSTANT = timedelta(microseconds=1)


async def quote(site: Site, binder: Binder, since: datetime) -> Quoted:
    """What the project may use, read at ``since`` or later. Raises `TemporaryError` where it must be read again.

    A cloud that cannot tell, such as one without a volume service, stops nobody: it refuses by itself what does not fit.
    Raises `ElsewhereError` where it is not the one that the environments are on: nothing may be made there.
    """
    try:
        await site.confirm()
        quota = await site.quota.since(since - _AN_INSTANT)
    except ElsewhereError:
        raise
    except (NotFoundError, RefusedError, TeamError) as error:
        log.warning("quota-unknown binder=%s code=%s message=%s", binder.id, error.code, error.message)
        return Quoted(quota=None)
    return Quoted(quota=quota, flavors=site.catalogue.flavors())


async def settled(
    tx: Tx, sites: Sites, binder: Binder, quoted: Quoted, now: datetime, policy: Policy
) -> Decision:
    """What becomes of ``binder``, all others counted. Record it in this transaction: until its end nobody else decides."""
    if quoted.quota is not None:
        site, read_at = sites.of(binder), quoted.quota.read_at
        await admissions.lock(tx, site.name)
        quoted = replace(
            quoted,
            others=await admissions.in_flight(tx, sites.planned_as(site), read_at, policy, besides=binder.id),
            spared=await admissions.spared(tx, binder, read_at),
        )
    return settle(binder, Admit(since=now), quoted, now, policy)
