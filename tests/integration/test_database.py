"""The connection, the bell and the migrations, on the embedded PostgreSQL."""

import asyncio
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from provisioning.errors import RefusedError, TemporaryError
from provisioning.store.database import LONGEST_IDLE, Bell, Database
from provisioning.store.migrations import migrate

pytestmark = pytest.mark.integration


async def test_given_a_migrated_database_when_migrated_again_then_nothing_is_applied(
    database_url: str,
) -> None:
    applied = await migrate(database_url)

    assert applied == []


async def test_given_nobody_listens_at_the_url_when_opened_then_the_error_says_so() -> None:
    database = Database("postgresql://nobody@/none?host=/nonexistent", patience_s=0.2)

    with pytest.raises(TemporaryError) as caught:
        await database.open()

    assert caught.value.code == "database-away"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        pytest.param("my secret database", "database-url-wrong", id="no-url"),
        pytest.param("postgresql://bot:secret@/none?host=/nonexistent", "database-closed", id="nobody-there"),
    ],
)
async def test_given_a_database_url_that_leads_nowhere_when_migrated_then_it_is_refused_without_its_password(
    url: str, code: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        await migrate(url)

    assert caught.value.code == code
    assert "secret" not in f"{caught.value.message} {caught.value.hint}"


@contextmanager
def starting(database_url: str, *, refusals: int) -> Iterator[str]:
    """The same database behind a server that says, to so many who ask, that it is just starting."""
    where = conninfo_to_dict(database_url)
    socket = f"{where['host']}/.s.PGSQL.{where.get('port', 5432)}"
    command = [sys.executable, "-m", "tests.fakes.starting_postgres", socket, str(refusals)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        # libpq asks for encryption first where it may: left out here.
        yield make_conninfo(
            database_url, host="127.0.0.1", port=port, sslmode="disable", gssencmode="disable"
        )
        server.terminate()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("refusals", [3, 4])  # it may come up between two questions
async def test_given_a_database_that_is_just_starting_when_migrated_then_it_is_waited_for(
    database_url: str, caplog: pytest.LogCaptureFixture, refusals: int
) -> None:
    with starting(database_url, refusals=refusals) as url:
        assert await migrate(url) == []

    assert "database-starting" in caplog.text


async def test_given_connections_cut_off_when_used_a_moment_later_then_nobody_notices(
    database_url: str, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provisioning.store.database._WORKS_FOR_S", 0.0)  # the moment is over
    database = await Database(database_url, max_connections=1).open()
    try:
        async with database.transaction() as tx:
            await tx.rows("binders.some", ids=[])
        await cut_off(postgres, database_url)
        async with database.transaction() as tx:
            found = await tx.rows("binders.some", ids=[])
    finally:
        await database.close()

    assert found == []


async def test_given_connections_cut_off_when_used_at_once_then_it_says_so_and_the_next_one_works(
    database_url: str, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provisioning.store.database._WORKS_FOR_S", 600.0)
    database = await Database(database_url, max_connections=1).open()
    try:
        async with database.transaction() as tx:
            await tx.rows("binders.some", ids=[])
        await cut_off(postgres, database_url)
        with pytest.raises(TemporaryError):
            async with database.transaction() as tx:
                await tx.rows("binders.some", ids=[])
        async with database.transaction() as tx:
            found = await tx.rows("binders.some", ids=[])
    finally:
        await database.close()

    assert found == []


async def cut_off(server: str, url: str) -> None:
    """End every connection to the database, as a restart does."""
    name = url.partition("/")[2].partition("?")[0].rpartition("/")[2]
    async with await psycopg.AsyncConnection.connect(server, autocommit=True) as connection:
        await connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s", (name,)
        )


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
async def test_given_a_database_that_is_not_utf8_when_migrated_then_it_is_refused_untouched_with_how_to_make_one(
    postgres: str, encoding: str
) -> None:
    name = f"t_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(
            f"create database {name} encoding '{encoding}' lc_collate 'C' lc_ctype 'C' template template0".encode()
        )
    url = postgres.replace("/postgres?", f"/{name}?")

    with pytest.raises(RefusedError) as caught:
        await migrate(url)

    with psycopg.connect(url) as database:
        tables = database.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()
    assert (caught.value.code, encoding in caught.value.message, tables) == ("database-encoding", True, (0,))
    assert "create database NAME encoding 'UTF8' template template0" in caught.value.hint


async def test_given_a_ring_before_the_wait_when_waiting_then_it_is_not_missed(database_url: str) -> None:
    bell = Bell(database_url)
    bell.ring("step")

    await bell.wait("step", timeout_s=60)


async def test_given_a_process_that_stopped_within_a_transaction_then_the_server_ends_it_soon(
    db: Database,
) -> None:
    async with db.transaction() as tx:
        limit = await tx._connection.execute("show idle_in_transaction_session_timeout")

        assert await limit.fetchone() == {"idle_in_transaction_session_timeout": LONGEST_IDLE}


async def test_given_a_transaction_that_the_server_ended_when_it_goes_on_then_the_database_was_away(
    db: Database, database_url: str
) -> None:
    with pytest.raises(TemporaryError) as caught:  # noqa: PT012  it is the statement after the end that raises
        async with db.transaction() as tx:
            await tx._connection.execute("set local idle_in_transaction_session_timeout = '20ms'")
            await _ended(tx._connection.info.backend_pid, database_url)
            await tx._connection.execute("select 1")

    assert caught.value.code == "database-away"


async def _ended(pid: int, url: str) -> None:
    """Return once the server has no such session any more."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as other:
        while (  # noqa: ASYNC110  a session that ended tells nobody
            await (await other.execute("select from pg_stat_activity where pid = %s", [pid])).fetchone()
            is not None
        ):
            await asyncio.sleep(0.01)
