"""One test run's use of the OpenStack of this machine: begin, wait, end; several runs at once do not stop each other's.

In the cloud's folder, ``lock`` is held by `devcloud` itself while it brings the cloud up or down; ``users`` is locked, shared, by
each run that uses the cloud, so that a killed run uses it no longer. Who started a cloud is in its processes' environment.
"""

import fcntl
import functools
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

DEVCLOUD = Path(__file__).with_name("openstack") / "devcloud"
_PROGRAMS = {"mariadbd": "mariadb-server", "rabbitmqctl": "rabbitmq-server"}
_UP_S = 900.0  # the services' packages come from an index that may be slow
_DOWN_S = 120.0
OURS = "OPENSTACK_DEV_"  # begins what `devcloud` adds to the environment of the cloud's processes
OWNER = f"{OURS}OWNER"
WITH_GUESTS = "BINDEROPS_GUESTS"  # in our environment, as "1"
_TAIL = 4000  # characters of the log that a failure shows


def lacking() -> str:
    """How this machine could have the bed; empty where it can. Root with apt lets `devcloud` install what is missing."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    absent = [package for program, package in _PROGRAMS.items() if shutil.which(program, path=path) is None]
    if not absent or (os.geteuid() == 0 and shutil.which("apt-get")):
        return ""
    return f"apt-get install {' '.join(absent)}"


def wants_guests() -> bool:
    """Whether the bed should run servers too, which takes minutes more."""
    return os.environ.get(WITH_GUESTS) == "1"


@functools.cache
def lacking_for_guests() -> str:
    """How this machine could also run servers; empty where it can."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return "run as root on Debian"
    namespaces = ["unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--fork"]
    mounts = [*namespaces, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    done = subprocess.run(mounts, capture_output=True, text=True, check=False)
    return f"a machine where root may mount and make namespaces: {done.stderr}" if done.returncode else ""


def home() -> Path:
    """The cloud's folder, as `devcloud` has it (``config.py`` there)."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return Path(os.environ.get("OPENSTACK_DEV_HOME") or cache / "openstack-dev")


class OpenStackRun:
    """`begin` may be called often, `wait` too; `end` once, whatever was called before."""

    def __init__(self, devcloud: Path = DEVCLOUD) -> None:
        self.home = home()
        self._devcloud = devcloud
        self._users: IO[str] | None = None
        self._up: subprocess.Popen[bytes] | None = None
        self._trouble: str | None = None  # None: not known yet; empty: it is healthy

    def begin(self) -> None:
        """Use the cloud, and start to bring it up where it is not."""
        if self._users is not None:
            return
        self.home.mkdir(parents=True, exist_ok=True)
        self._users = (self.home / "users").open("w")
        fcntl.flock(self._users, fcntl.LOCK_SH)  # waits while another run stops it
        if not self._is_changing() and self._told("status") == 0:
            self._trouble = ""
            return
        owner = {} if _keeps() else {OWNER: "tests"}
        if wants_guests() and not lacking_for_guests() and not (self.home / "virt").exists():
            owner["VIRT"] = "guest"
        with self._log.open("wb") as log:
            # Not of our process group: Ctrl-C is for `end` to answer.
            self._up = subprocess.Popen(
                [sys.executable, self._devcloud, "up"],
                stdout=log,
                stderr=log,
                env={**os.environ, **owner},
                start_new_session=True,
            )

    @property
    def is_ready(self) -> bool:
        """Whether `wait` returns at once."""
        return self._trouble is not None or (self._up is not None and self._up.poll() is not None)

    def wait(self) -> str:
        """Until it is healthy. Returns why it is not."""
        self.begin()
        if self._trouble is None and self._up is not None:
            try:
                code = self._up.wait(_UP_S)
                how = "" if code == 0 else f"ended with {code}"
            except subprocess.TimeoutExpired:
                how = f"has not ended within {_UP_S:.0f} s"
            tail = self._log.read_text(errors="replace")[-_TAIL:]
            self._trouble = how and f"`{self._devcloud} up` {how}:\n{tail}"
        return self._trouble or ""

    def end(self) -> None:
        """Use it no longer; stop it where tests started it and nobody else uses it."""
        if self._users is None:
            return
        if self._up is not None and self._up.poll() is None:
            self._up.terminate()  # it ends after what it is at
            with suppress(subprocess.TimeoutExpired):
                self._up.wait(_DOWN_S)
        with self._users, suppress(BlockingIOError):
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _keeps() and self._is_of_tests():
                self._told("down")
        if not self._trouble:
            self._log.unlink(missing_ok=True)

    @property
    def _log(self) -> Path:
        return self.home / f"up-{os.getpid()}.log"

    def _told(self, command: str) -> int:
        done = subprocess.run(
            [sys.executable, self._devcloud, command], capture_output=True, timeout=_DOWN_S, check=False
        )
        return done.returncode

    def _is_changing(self) -> bool:
        """Whether somebody brings it up or down at this moment."""
        with (self.home / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def _is_of_tests(self) -> bool:
        """Whether tests started every process of it that tells (some write their title over their environment)."""
        pids = [file.read_text().split()[0] for file in self.home.glob("run/*.pid")]
        telling = [found for found in map(_environment, pids) if any(map(_is_ours, found))]
        return bool(telling) and all(f"{OWNER}=tests" in environment for environment in telling)


def _environment(pid: str) -> list[str]:
    """A process's environment; empty where it has ended."""
    try:
        return Path(f"/proc/{pid}/environ").read_text(errors="replace").split("\0")
    except OSError:
        return []


def _is_ours(entry: str) -> bool:
    return entry.startswith(OURS)


def _keeps() -> bool:
    """Whether a developer wants the beds to stay for the next run."""
    return os.environ.get("BINDEROPS_KEEP_BEDS") == "1"
