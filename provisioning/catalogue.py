"""The flavors on offer, as last seen: for forms and hints that must not wait for the cloud."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from provisioning.clouds import Cloud
from provisioning.errors import BinderopsError
from provisioning.model import Flavor
from provisioning.plan import PriceRule, priced

log = logging.getLogger(__name__)

_EVERY_S = 300.0
_SOONER_S = 15.0  # after a failure
_PATIENCE_S = 5.0


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
        """Ask, and go on asking in the background; wait for the first answer a moment only. A silent cloud stops nothing."""
        asked = asyncio.Event()
        self._task = asyncio.create_task(self._keep_asking(asked), name="catalogue")
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                await asked.wait()

    async def stop(self) -> None:
        """Ask no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep_asking(self, asked: asyncio.Event) -> None:
        while True:
            delay = await self._ask()
            asked.set()
            await asyncio.sleep(delay)

    async def _ask(self) -> float:
        try:
            self._flavors = tuple(priced(flavor, self._prices) for flavor in await self._cloud.flavors())
        except BinderopsError as error:
            log.warning("flavors-unknown code=%s message=%s", error.code, error.message)
            return _SOONER_S
        return _EVERY_S
