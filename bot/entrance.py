"""The private link behind an Open button: minted when it is sent, for one person, one binder and one minute."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from provisioning.errors import NotFoundError
from provisioning.model import BinderId
from provisioning.store import binders, shares
from provisioning.store.database import Database
from provisioning.store.membership import epoch_of
from provisioning.tickets import Signer


class Entrance:
    """Mints private links. Whether this person may was decided before (`bot.access`); what a share allows is looked at again."""

    def __init__(
        self, db: Database, signer: Callable[[], Awaitable[Signer]], clock: Callable[[], datetime]
    ) -> None:
        self._db = db
        self._signer = signer
        self._clock = clock

    async def private_link(self, wanted: Mapping[str, Any]) -> str:
        """The link for ``wanted`` (binder, team, user, to, and the share that lets them in, where one does).

        Raises `NotFoundError` where the binder has no address, or is shared so no more.
        """
        async with self._db.transaction() as tx:
            binder = await binders.get(tx, BinderId(wanted["binder"]))
            if binder is None or not binder.public_url:
                raise NotFoundError("not-open", "This environment is not running.", "Launch it again.")
            # In this order: who is shut out in between gets a ticket of the epoch before, which opens nothing.
            epoch = await epoch_of(tx, binder.id)
            if (by := wanted.get("share")) and by not in {s.whom for s in await shares.of(tx, binder.id)}:
                raise NotFoundError(
                    "not-shared", "This environment is no longer shared with you.",
                    f"Ask <@{binder.owner}>, or launch your own.",
                )  # fmt: skip
        ticket = (await self._signer()).ticket(
            binder=binder.id, team=wanted["team"], user=wanted["user"], to=wanted["to"], epoch=epoch, now=self._clock()
        )  # fmt: skip
        return f"{binder.public_url}/_binder/enter?ticket={quote(ticket)}"
