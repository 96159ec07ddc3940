"""The flavors on offer, as last seen: for forms and hints that must not wait for the cloud."""

import asyncio
import logging
from collections.abc import Sequence

from provisioning.clouds import Cloud
from provisioning.errors import BinderopsError
from provisioning.model import Flavor
from provisioning.plan import PriceRule, priced

log = logging.getLogger(__name__)

_EVERY_S = 300.0
_SOONER_S = 15.0  # after a failure


class Catalogue:
    """Asks the cloud from time to time and remembers."""

    def __init__(self, cloud: Cloud, prices: Sequence[PriceRule]) -> None:
        self._cloud = cloud
        self._prices = prices
        self._flavors: tuple[Flavor, ...] = ()
        self._task: asyncio.Task[None] | None = None

    def flavors(self) -> tuple[Flavor, ...]:
        """With prices, smallest first; empty until the cloud was first asked."""
        return self._flavors

    async def start(self) -> None:
        """Ask once, then go on asking in the background. A cloud that does not answer stops nothing."""
        delay = await self._ask()
        self._task = asyncio.create_task(self._keep_asking(delay), name="catalogue")

    async def stop(self) -> None:
        """Ask no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep_asking(self, delay: float) -> None:
        while True:
            await asyncio.sleep(delay)
            delay = await self._ask()

    async def _ask(self) -> float:
        try:
            self._flavors = tuple(priced(flavor, self._prices) for flavor in await self._cloud.flavors())
        except BinderopsError as error:
            log.warning("flavors-unknown code=%s message=%s", error.code, error.message)
            return _SOONER_S
        return _EVERY_S
