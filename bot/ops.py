"""The operator's questions, on a listener of their own: ``/healthz``, ``/readyz``, ``/metrics``. On loopback unless told otherwise.

``/healthz`` 200 or 503: this process and its loops; whoever restarts processes asks this. ``/readyz`` 200 or 503: database,
Slack and cloud; a restart cures none of them. ``/metrics``: Prometheus' text. Nothing secret is in any answer.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.exposition import CONTENT_TYPE, render
from bot.figures import Figures
from bot.gauges import Gauges
from bot.inbound import Line
from bot.listening import Address, Server
from bot.masking import masked
from bot.watch import Part
from provisioning.errors import TemporaryError
from provisioning.store.database import Database

DEFAULT = Address("127.0.0.1", 9464)  # the port that Prometheus exporters of applications take by custom
STALLED_S = 600.0  # longer than any one turn of a loop may take
_PATIENCE_S = 2.0


class Ops:
    """Answers. ``stalled``: loops that do not come round; ``clouds``: how each was at its last listing, by name."""

    def __init__(
        self,
        *,
        address: Address,
        db: Database,
        clock: Callable[[], datetime],
        figures: Figures,
        stalled: Callable[[float], tuple[str, ...]],
        line: Callable[[], Line],
        token: Callable[[], Part],
        clouds: Mapping[str, Callable[[], Part]],
    ) -> None:
        self._db = db
        self._clock = clock
        self._figures = figures
        self._gauges = Gauges(db, clock)
        self._stalled = stalled
        self._line = line
        self._token = token
        self._clouds = clouds
        application = web.Application(client_max_size=1024)
        application.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._metrics),
            ]
        )
        self._server = Server(application, address, option="--ops")

    @property
    def url(self) -> str:
        """Where it listens, once started."""
        return self._server.url

    async def start(self) -> None:
        """Listen. Raises `RefusedError` (``cannot-listen``)."""
        await self._server.start()

    async def stop(self) -> None:
        """Answer no more."""
        await self._server.stop()

    async def _healthz(self, _request: web.Request) -> web.Response:
        stalled = self._stalled(STALLED_S)
        return web.json_response(
            {"ok": not stalled, "stalled": list(stalled)}, status=503 if stalled else 200
        )

    async def _readyz(self, _request: web.Request) -> web.Response:
        parts = {
            "database": _shown(await self._database()),
            "slack": self._slack(),
            "cloud": _clouds({name: part() for name, part in self._clouds.items()}),
        }
        ok = all(part["ok"] for part in parts.values())
        return web.json_response({"ok": ok, "parts": parts}, status=200 if ok else 503)

    async def _metrics(self, _request: web.Request) -> web.Response:
        families = [*await self._gauges.families(), *self._figures.families()]
        return web.Response(body=render(families).encode(), headers={"Content-Type": CONTENT_TYPE})

    async def _database(self) -> Part:
        try:
            async with asyncio.timeout(_PATIENCE_S), self._db.transaction(patience_s=_PATIENCE_S) as tx:
                await tx.row("bot/figures.alive")
        except TemporaryError as error:
            return Part(ok=False, detail=error.message)
        except TimeoutError:
            return Part(ok=False, detail=f"no answer within {_PATIENCE_S:g} s")
        return Part(ok=True, age_s=0)

    def _slack(self) -> dict[str, Any]:
        line, token = self._line(), self._token()
        age_s = (self._clock() - line.since).total_seconds() if line.since else None
        shown = Part(
            ok=line.is_up and token.ok, detail=token.detail or ("" if line.is_up else line.detail), age_s=token.age_s
        )  # fmt: skip
        way = Part(ok=line.is_up, detail=line.detail, age_s=age_s)
        return {**_shown(shown), "connection": _shown(way), "token": _shown(token)}


def _clouds(parts: Mapping[str, Part]) -> dict[str, Any]:
    """Where there are several, one that answers is enough to work with; all are shown."""
    good = [part for part in parts.values() if part.ok]
    bad = [f"{name}: {part.detail}" if name else part.detail for name, part in parts.items() if not part.ok]
    ages = [part.age_s for part in good or parts.values() if part.age_s is not None]
    shown = _shown(Part(ok=bool(good), detail="; ".join(bad), age_s=min(ages, default=None)))
    return (
        {**shown, "clouds": {name: _shown(part) for name, part in parts.items()}} if len(parts) > 1 else shown
    )


def _shown(part: Part) -> dict[str, Any]:
    age_s = None if part.age_s is None else round(part.age_s, 1)
    return {"ok": part.ok, "age_s": age_s, "detail": masked(part.detail)}
