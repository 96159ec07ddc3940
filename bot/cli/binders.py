"""List the binders of this deployment, newest first: what they are, what they cost so far, what they take of this machine."""

import argparse
import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.clouds import local_cloud
from bot.output import print_json
from bot.runtime import open_database, utc_now
from bot.settings import Settings
from bot.words import amount
from provisioning.cloud_objects import CloudId, Kind
from provisioning.clouds.local import LocalCloud
from provisioning.clouds.local_machine import Usage
from provisioning.errors import NotFoundError
from provisioning.model import Binder
from provisioning.store import binders, resources
from provisioning.store.database import Row

SUMMARY = "list the binders of this deployment"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``--json``."""
    parser.add_argument("--json", action="store_true", help="every field, as JSON")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print a table, or JSON."""
    rows = asyncio.run(_rows(settings))
    if arguments.json:
        print_json(rows)
    else:
        print("\n".join(table(rows)) if rows else "No binders yet.")
    return 0


async def _rows(settings: Settings) -> list[dict[str, object]]:
    async with open_database(settings) as db, db.transaction() as tx:
        found = [(b, await resources.of(tx, b.id)) for b in await binders.all_of(tx)]
    cloud = local_cloud(settings)
    return [
        described(binder, made, await _usage(cloud, _server_id(binder, made)), utc_now())
        for binder, made in found
    ]


async def _usage(cloud: LocalCloud, server_id: CloudId | None) -> Usage | None:
    if server_id is None:
        return None
    try:
        return await cloud.usage(server_id)
    except NotFoundError:
        return None  # gone, or on another machine


def _server_id(binder: Binder, made: Sequence[Row]) -> CloudId | None:
    servers = [
        r for r in made if r["kind"] == Kind.SERVER and r["attempt"] == binder.attempt and r["cloud_id"]
    ]
    return CloudId(servers[0]["cloud_id"]) if servers and servers[0]["gone_at"] is None else None


def described(binder: Binder, made: Sequence[Row], usage: Usage | None, now: datetime) -> dict[str, object]:
    """Every field of a binder. ``made``: its cloud objects of all attempts; ``usage``: of its instance, where it runs here."""
    ids = {r["kind"]: r["cloud_id"] for r in made if r["attempt"] == binder.attempt}
    interfaces = binder.report.interfaces if binder.report else ()
    return {
        "id": binder.id,
        "attempt": binder.attempt,
        "phase": binder.phase,
        "outcome": binder.outcome,
        "owner": binder.owner,
        "repo": binder.request.repo,
        "commit": binder.plan.commit if binder.plan else None,
        "server_id": ids.get("server"),
        "floating_ip": ids.get("floating_ip"),
        "url": binder.public_url,
        "urls": {i.name: binder.public_url + i.path for i in interfaces},
        "created": binder.created_at.isoformat(),
        "expires": binder.expires_at.isoformat() if binder.expires_at else None,
        "cost": cost_so_far(binder, made, now),
        "disk_mib": usage.disk_mib if usage else None,
        "memory_mib": usage.memory_mib if usage else None,
    }


def cost_so_far(binder: Binder, made: Sequence[Row], now: datetime) -> float | None:
    """SU for its instances until now or their end; None where the price is unknown.

    Counts from when an instance was asked for. The instance of an attempt before is gone when the next one is asked for.
    """
    if binder.plan is None or binder.plan.flavor.su_per_hour is None:
        return None
    servers = [r for r in made if r["kind"] == Kind.SERVER]
    starts = [s["intended_at"] for s in servers]
    ends = [*starts[1:], *(s["gone_at"] or now for s in servers[-1:])]
    spans = [
        end - start for s, start, end in zip(servers, starts, ends, strict=True) if s["cloud_id"] is not None
    ]
    hours = sum(spans, timedelta()) / timedelta(hours=1)
    return round(binder.plan.flavor.su_per_hour * hours, 2)


_COLUMNS = ("ID", "PHASE", "OWNER", "COST SU", "DISK MiB", "MEMORY MiB", "REPOSITORY", "URL")
_NUMBERS = range(3, 6)


def table(rows: Sequence[dict[str, object]]) -> list[str]:
    """The lines for a person: what is not known is a dash."""
    cells = [_COLUMNS, *(_cells(row) for row in rows)]
    widths = [max(len(line[n]) for line in cells) for n in range(len(_COLUMNS))]
    return [
        "  ".join(
            cell.rjust(width) if n in _NUMBERS else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]


def _cells(row: dict[str, object]) -> tuple[str, ...]:
    commit = f"@{str(row['commit'])[:8]}" if row["commit"] else ""
    numbers = (_number(row[name]) for name in ("cost", "disk_mib", "memory_mib"))
    return (
        str(row["id"]),
        str(row["phase"]),
        str(row["owner"]),
        *numbers,
        f"{row['repo']}{commit}",
        str(row["url"]),
    )


def _number(value: object) -> str:
    return amount(value) if isinstance(value, int | float) else "-"
