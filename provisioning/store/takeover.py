"""At the start of a process that is alone on its database: what a killed one held is free at once, not lease by lease."""

from datetime import timedelta

import psycopg

from provisioning.store.queries import query


async def free_what_nobody_holds(url: str, *, is_shared: bool, lease: timedelta) -> bool:
    """Give back all leases if no other process of ours is connected; returns whether it was so.

    Called before this process opens its pool. Two that start at the same moment see each other and wait for the leases; on a
    database that others may share, so does one that starts within a ``lease`` of the server's own start: others may be about to
    come back, and still at work.
    """
    async with await psycopg.AsyncConnection.connect(url, application_name="binderops") as connection:
        cursor = await connection.execute(
            query("takeover.others"), {"mine": [connection.info.backend_pid], "lease": lease}
        )
        row = await cursor.fetchone()
        alone = row is not None and row[0] == 0 and not (is_shared and row[1])
        if alone:
            for name in ("steps", "desks", "posts", "configs"):
                await connection.execute(query(f"takeover.{name}"))
    return alone
