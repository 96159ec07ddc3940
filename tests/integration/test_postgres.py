"""The embedded PostgreSQL survives what happens to real machines."""

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from provisioning.store.postgres import EmbeddedPostgres
from provisioning.store.takeover import free_what_nobody_holds
from tests.conftest import remove_cluster

pytestmark = pytest.mark.integration


@pytest.fixture
def server(home: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(home)
    server.start()
    yield server
    server.stop_if_unused()
    remove_cluster(server)


def kept(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("select n from kept").fetchall()]


def keep_one(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table kept (n integer)")
        connection.execute("insert into kept values (1)")


def test_given_a_killed_server_when_started_again_then_what_was_committed_is_there(
    server: EmbeddedPostgres,
) -> None:
    keep_one(server.start())
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)

    url = server.start()

    assert kept(url) == [1]


def test_given_a_pid_file_that_names_another_process_when_started_then_it_is_not_taken_for_the_server(
    server: EmbeddedPostgres,
) -> None:
    server.stop_if_unused()
    pid_file = server.folder / "data" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n/nowhere\n")

    url = server.start()

    keep_one(url)
    assert kept(url) == [1]


def test_given_a_truncated_pid_file_when_started_then_the_server_runs(server: EmbeddedPostgres) -> None:
    server.stop_if_unused()
    (server.folder / "data" / "postmaster.pid").write_text("")

    server.start()

    assert server.pid is not None


def test_given_another_client_of_ours_when_stopped_then_the_server_stays_for_it(
    server: EmbeddedPostgres,
) -> None:
    with psycopg.connect(server.start()):
        stopped = server.stop_if_unused()

    assert not stopped


def test_given_two_starts_of_one_home_when_the_first_leaves_then_both_used_one_server(
    server: EmbeddedPostgres, home: Path
) -> None:
    pid = server.pid

    second = EmbeddedPostgres(home)
    second.start()

    assert second.pid == pid


def test_given_the_socket_folder_when_looked_at_then_only_its_owner_may_enter(
    server: EmbeddedPostgres,
) -> None:
    mode = (server.folder / "run").stat().st_mode & 0o777

    assert mode == 0o700


async def test_given_another_process_of_ours_when_one_starts_then_no_lease_is_taken_from_it(
    database_url: str,
) -> None:
    with psycopg.connect(database_url, application_name="binderops"):
        freed = await free_what_nobody_holds(database_url, is_shared=True, lease=timedelta(0))

    assert not freed
    assert await free_what_nobody_holds(database_url, is_shared=True, lease=timedelta(0))


@pytest.mark.parametrize("is_shared", [True, False])
async def test_given_a_server_that_has_just_started_when_one_starts_then_leases_are_taken_only_where_nobody_shares_it(
    database_url: str, is_shared: bool
) -> None:
    freed = await free_what_nobody_holds(database_url, is_shared=is_shared, lease=timedelta(days=1))

    assert freed is not is_shared
