"""Forward migrations: numbered SQL files, each applied once, in order, in a transaction of its own.

``NNNN_name.pre.sql`` is applied before new code runs; a ``post`` half, once no old code is left, by the next start.
"""

import asyncio
import logging
import time
from importlib.resources import files

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from provisioning.errors import RefusedError

log = logging.getLogger(__name__)

# Any fixed number will do: all processes that migrate queue on it.
_LOCK = 7_423_001
_PATIENCE_S = 60.0  # with a server that recovers from a crash
_AGAIN_S = 0.5
_PING_S = 5


async def migrate(url: str) -> list[str]:
    """Bring the database to this version; returns the names applied now. Safe to run from many processes at once.

    Raises `RefusedError` (``database-url-wrong``, ``database-closed``, ``database-encoding``); none shows the address, which may hold
    a password.
    """
    applied: list[str] = []
    async with await _connect(url) as connection:
        refuse_encoding(connection.info.parameter_status("server_encoding") or "")
        await connection.execute("select pg_advisory_lock(%s)", (_LOCK,))
        await connection.execute(
            "create table if not exists schema_version (name text primary key, applied_at timestamptz not null)"
        )
        cursor = await connection.execute("select name from schema_version")
        known = {row[0] for row in await cursor.fetchall()}
        for name, text in _files():
            if name not in known:
                async with connection.transaction():
                    await connection.execute(text.encode())
                    await connection.execute(
                        "insert into schema_version (name, applied_at) values (%s, clock_timestamp())",
                        (name,),
                    )
                applied.append(name)
    return applied


def refuse_encoding(encoding: str) -> None:
    """Refuse a database that does not keep every character as what it is; it could not be read again. Raises `RefusedError`."""
    if encoding != "UTF8":
        raise RefusedError(
            "database-encoding",
            f"The database of DATABASE_URL has the encoding {encoding}; the bot needs UTF8.",
            "Make another one: create database NAME encoding 'UTF8' template template0; then name it in DATABASE_URL.",
        )


async def _connect(url: str) -> psycopg.AsyncConnection[tuple[object, ...]]:
    """A connection, also to a server that is just starting or recovering. Raises as `migrate`."""
    ends = time.monotonic() + _PATIENCE_S
    was_open = False
    while True:
        try:
            return await psycopg.AsyncConnection.connect(url, autocommit=True, application_name="binderops")
        except psycopg.ProgrammingError as error:
            raise RefusedError(
                "database-url-wrong",
                "DATABASE_URL is no address of a PostgreSQL database.",
                "It looks like postgresql://USER:PASSWORD@HOST:5432/NAME; leave it out for the embedded database.",
            ) from error
        except psycopg.OperationalError as error:
            said = " ".join(str(error).split())[:300]
            found = _ping(url)
            is_starting = found is Ping.REJECT
            came_up = found is Ping.OK and not was_open  # since; or it does not let us in
            if not (is_starting or came_up) or time.monotonic() > ends:
                raise RefusedError(
                    "database-closed",
                    f"The database lets nobody in: {said}",
                    "Check that it runs, and the host, name, user and password in DATABASE_URL.",
                ) from error
        was_open = came_up
        if is_starting:
            log.warning("database-starting error=%s", said)
            await asyncio.sleep(_AGAIN_S)


def _ping(url: str) -> Ping:
    """What the server says before it asks who it is; ``REJECT`` while it starts. Holds up the process: it has nothing else to do yet."""
    return Ping(PGconn.ping(make_conninfo(url, connect_timeout=_PING_S).encode()))


def _files() -> list[tuple[str, str]]:
    folder = files("provisioning").joinpath("sql", "migrations")
    return sorted((f.name, f.read_text()) for f in folder.iterdir() if f.name.endswith(".sql"))
