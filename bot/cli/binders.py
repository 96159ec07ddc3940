"""List the binders of this deployment, newest first."""

import argparse
import asyncio

from bot.output import print_json
from bot.runtime import open_database
from bot.settings import Settings
from provisioning.model import Binder
from provisioning.store import binders
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
        return 0
    for row in rows:
        print(
            f"{row['id']}  {row['phase']:9}  {row['owner']:12}  {row['repo']}@{str(row['commit'])[:8]}  {row['url']}"
        )
    if not rows:
        print("No binders yet.")
    return 0


async def _rows(settings: Settings) -> list[dict[str, object]]:
    async with open_database(settings) as db, db.transaction() as tx:
        return [_row(b, await binders.resources(tx, b.id)) for b in await binders.all_of(tx)]


def _row(binder: Binder, resources: list[Row]) -> dict[str, object]:
    made = {r["kind"]: r["cloud_id"] for r in resources if r["attempt"] == binder.attempt}
    interfaces = binder.report.interfaces if binder.report else ()
    return {
        "id": binder.id,
        "attempt": binder.attempt,
        "phase": binder.phase,
        "outcome": binder.outcome,
        "owner": binder.owner,
        "repo": binder.request.repo,
        "commit": binder.plan.commit if binder.plan else None,
        "server_id": made.get("server"),
        "floating_ip": made.get("floating_ip"),
        "url": binder.public_url,
        "urls": {i.name: binder.public_url + i.path for i in interfaces},
        "created": binder.created_at.isoformat(),
        "expires": binder.expires_at.isoformat() if binder.expires_at else None,
        "cost": cost_so_far(binder),
    }


def cost_so_far(binder: Binder) -> float | None:
    """What the binder's lifetime costs in SU; None where the price is unknown."""
    if binder.plan is None or binder.plan.flavor.su_per_hour is None or binder.expires_at is None:
        return None
    hours = (binder.expires_at - binder.created_at).total_seconds() / 3600
    return round(binder.plan.flavor.su_per_hour * hours, 2)
