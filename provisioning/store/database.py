"""The connection to PostgreSQL: short transactions over named queries, and the bell that says when there is work.

Only `provisioning.store` imports the driver. Time is a parameter of every query; no SQL of ours asks the server's clock.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Self
from weakref import WeakKeyDictionary

import psycopg
from psycopg.errors import IdleInTransactionSessionTimeout
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from provisioning.errors import TemporaryError
from provisioning.store.queries import query

log = logging.getLogger(__name__)

Row = dict[str, Any]

# A process that was stopped within a transaction keeps its row locks no longer, and others take over. A third of the shortest lease:
# what waited for such a lock may be a transaction of the same stopped process, whose time begins only then.
LONGEST_IDLE = "5s"
_MOMENT_S = 0.005
_WORKS_FOR_S = 1.0  # a connection that worked a moment ago is taken to work still


class Tx:
    """One open transaction, or queries apart."""

    def __init__(self, connection: psycopg.AsyncConnection[Row]) -> None:
        self._connection = connection

    async def rows(self, name: str, /, **params: object) -> list[Row]:
        """All rows of the named query."""
        cursor = await self._connection.execute(query(name), _wrapped(params))
        return await cursor.fetchall()

    async def row(self, name: str, /, **params: object) -> Row | None:
        """The first row of the named query."""
        cursor = await self._connection.execute(query(name), _wrapped(params))
        return await cursor.fetchone()

    async def run(self, name: str, /, **params: object) -> int:
        """How many rows the named query touched."""
        cursor = await self._connection.execute(query(name), _wrapped(params))
        return cursor.rowcount


class Database:
    """A pool of connections to one database."""

    def __init__(self, url: str, *, max_connections: int = 10, patience_s: float = 30) -> None:
        self.url = url
        self._patience_s = patience_s
        self._checked = _Checked()
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[Row]] = AsyncConnectionPool(
            url,
            connection_class=psycopg.AsyncConnection[Row],
            kwargs={"row_factory": dict_row, "application_name": "binderops", "autocommit": True},
            min_size=1,
            max_size=max_connections,
            timeout=patience_s,
            open=False,
            configure=_configured,
            check=self._checked,
        )

    async def open(self) -> Self:
        """Connect; raises `TemporaryError` where nobody answers."""
        try:
            await self._pool.open(wait=True, timeout=self._patience_s)
        except PoolTimeout as error:
            await self._pool.close()
            raise _away(error) from error
        return self

    async def close(self) -> None:
        """Give all connections back."""
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self, *, patience_s: float | None = None) -> AsyncIterator[Tx]:
        """A transaction that commits at the end and rolls back on any error.

        ``patience_s``: how long to wait for a free connection. Raises `TemporaryError` (``database-away``).
        """
        async with self._connection(patience_s) as connection, connection.transaction():
            yield Tx(connection)

    @asynccontextmanager
    async def apart(self, *, patience_s: float | None = None) -> AsyncIterator[Tx]:
        """Queries that commit each by itself, without the two round trips of a transaction: one that writes, or some that read.

        As `transaction` in all else.
        """
        async with self._connection(patience_s) as connection:
            yield Tx(connection)

    @asynccontextmanager
    async def _connection(self, patience_s: float | None) -> AsyncIterator[psycopg.AsyncConnection[Row]]:
        try:
            async with self._pool.connection(timeout=patience_s) as connection:
                yield connection
        except (
            PoolTimeout,
            psycopg.OperationalError,
            psycopg.InterfaceError,
            IdleInTransactionSessionTimeout,
        ) as error:
            self._checked.forget()
            raise _away(error) from error


class Bell:
    """Wakes the loops of this process when any process wrote work for them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._rings: dict[str, asyncio.Event] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to listen; from now on no ring is missed for longer than a loop's own tick."""
        self._task = asyncio.create_task(self._listen(), name="bell")

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def ring(self, topic: str) -> None:
        """Wake this process's loop for ``topic``."""
        self._rings.setdefault(topic, asyncio.Event()).set()

    def ring_in(self, topic: str, seconds: float) -> None:
        """The same, so much later and a moment more: timers may come early by the clock that rows are compared with."""
        asyncio.get_running_loop().call_later(max(0.0, seconds) + _MOMENT_S, self.ring, topic)

    async def wait(self, topic: str, timeout_s: float) -> None:
        """Return at the next ring for ``topic``, or after ``timeout_s`` seconds."""
        ring = self._rings.setdefault(topic, asyncio.Event())
        with suppress(TimeoutError):
            await asyncio.wait_for(ring.wait(), timeout_s)
        ring.clear()

    async def _listen(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True, application_name="binderops"
                ) as connection:
                    await connection.execute("listen binderops")
                    for topic in list(self._rings):  # what was written while nobody listened
                        self.ring(topic)
                    async for notice in connection.notifies():
                        self.ring(notice.payload)
            except psycopg.Error as error:
                log.warning("bell-lost error=%s", type(error).__name__)
            await asyncio.sleep(1)


class _Checked:
    """Looks whether a connection still works before it is used, but not again within a moment: that would be each second round trip."""

    def __init__(self) -> None:
        self._worked: WeakKeyDictionary[psycopg.AsyncConnection[Any], float] = WeakKeyDictionary()

    def forget(self) -> None:
        """One did not work: so may the others."""
        self._worked.clear()

    async def __call__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        now = time.monotonic()
        if now - self._worked.get(connection, -_WORKS_FOR_S) < _WORKS_FOR_S:
            return
        await AsyncConnectionPool.check_connection(connection)
        self._worked[connection] = now


async def _configured(connection: psycopg.AsyncConnection[Row]) -> None:
    await connection.execute(f"set idle_in_transaction_session_timeout = '{LONGEST_IDLE}'".encode())


def _wrapped(params: dict[str, object]) -> dict[str, object]:
    return {name: Jsonb(value) if isinstance(value, dict) else value for name, value in params.items()}


def _away(error: Exception) -> TemporaryError:
    return TemporaryError(
        "database-away",
        f"The database does not answer ({type(error).__name__}).",
        "Try again in a moment; whoever runs the bot sees the cause in its log.",
    )
