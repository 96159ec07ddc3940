"""What every layer of tests shares: one embedded PostgreSQL for the session, one fresh database for each test."""

import asyncio
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

from provisioning.store.database import Database
from provisioning.store.migrations import migrate
from provisioning.store.postgres import EmbeddedPostgres

pytest_plugins = ["tests.beds.left_out", "tests.beds.openstack_bed", "tests.beds.guest_bed"]

# How long an example takes says how busy the machine is: no test is about that.
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")


class Clock:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running server whose template database ``binderops_template`` is migrated."""
    home = tmp_path_factory.mktemp("postgres-home")
    server = EmbeddedPostgres(home)
    url = server.start()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create database binderops_template")
    asyncio.run(migrate(url.replace("/postgres?", "/binderops_template?")))
    yield url
    server.stop_if_unused()
    remove_cluster(server)


def remove_cluster(server: EmbeddedPostgres) -> None:
    """Delete a stopped cluster's folder, wherever the server keeps it."""
    shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture
def database_url(postgres: str) -> Iterator[str]:
    """A fresh, migrated database."""
    with fresh_database(postgres) as url:
        yield url


@contextmanager
def fresh_database(postgres: str) -> Iterator[str]:
    """One that is gone afterwards, for who needs it longer than a test takes."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"create database {name} template binderops_template".encode())
    yield postgres.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)".encode())


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = await Database(database_url).open()
    yield database
    await database.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A fresh BINDEROPS_HOME."""
    return tmp_path / "home"


#: What asks the tests for more than a usual run, or says how it treats its beds: docs/howto/run-the-tests.md.
SWITCHES = frozenset(
    f"BINDEROPS_{name}"
    for name in ("BEDS", "KEEP_BEDS", "KILLS", "FAULTS", "SOURCES", "DOCKER", "GUESTS", "FIRST_LIGHT", "REPLICAS")
)  # fmt: skip


def pytest_configure() -> None:
    # A developer's own settings must not reach the tests.
    for name in [n for n in os.environ if n.startswith(("SLACK_", "OS_", "BINDEROPS_"))]:
        if name not in SWITCHES:
            del os.environ[name]
    os.environ.pop("DATABASE_URL", None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Figures that tests recorded by ``record_property``: how much was really tried."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.line(f"{name}: {value}")
