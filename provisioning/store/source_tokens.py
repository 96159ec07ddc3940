"""The tokens that open private repositories, sealed: kept, found for a person, forgotten. Nothing here can open one."""

from datetime import datetime

from provisioning.source_tokens import Scope
from provisioning.store.database import Tx
from provisioning.vault import Kept


async def keep(tx: Tx, scope: Scope, sealed: str, *, at: datetime, by: str) -> None:
    """From now on this one counts for the scope; the one before is gone."""
    await tx.run(
        "source_tokens.keep", team=scope.team, person=scope.person, host=scope.host, prefix=scope.prefix,
        sealed=sealed.encode(), at=at, by=by,
    )  # fmt: skip


async def usable(tx: Tx, *, team: str, person: str) -> list[Kept]:
    """A person's own tokens and those for everyone, by host."""
    rows = await tx.rows("source_tokens.usable", team=team, person=person)
    return [
        Kept(
            scope=Scope(team=r["team"], person=r["person"], host=r["host"], prefix=r["prefix"]),
            sealed=bytes(r["sealed"]), given_at=r["given_at"],
        )
        for r in rows
    ]  # fmt: skip


async def forget(tx: Tx, scope: Scope) -> int:
    """Delete the scope's token, with an empty prefix all of that host's; how many there were."""
    return await tx.run(
        "source_tokens.forget", team=scope.team, person=scope.person, host=scope.host, prefix=scope.prefix
    )
