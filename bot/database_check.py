"""The check of the database: whether it lets the bot in and lets it make its tables. Makes nothing."""

from bot.settings import Settings
from provisioning.checks import Finding, fail, failed, ok
from provisioning.errors import BinderopsError
from provisioning.store.database import Database
from provisioning.store.migrations import refuse_encoding

PATIENCE_S = 10


async def check(settings: Settings, *, patience_s: float = PATIENCE_S) -> Finding:
    """The one that ``DATABASE_URL`` names; the embedded one is made by whoever needs it first."""
    if not settings.database_url:
        return ok("database", f"the embedded PostgreSQL, below {settings.home}")
    database = Database(settings.database_url, max_connections=1, patience_s=patience_s)
    try:
        await database.open()
        try:
            async with database.transaction() as tx:
                found = await tx.row("bot/check.state") or {}
            refuse_encoding(str(found["encoding"]))
        finally:
            await database.close()
    except BinderopsError as error:
        return failed("database", error)
    said = f"PostgreSQL {found['version']}, database {found['name']}"
    if not found["has_tables"] and not found["may_create"]:
        mend = "Whoever runs the database must let this account create tables: GRANT CREATE ON SCHEMA public."
        return fail("database", f"{said}: this account may not make tables", mend)
    return ok("database", f"{said}, {'in use' if found['has_tables'] else 'empty: serve makes its tables'}")
