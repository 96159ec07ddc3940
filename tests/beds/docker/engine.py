"""A Docker Engine from Debian's packages, with folders, socket and networks of its own; it leaves the machine's firewall alone."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

HOW = "apt-get install docker.io docker-compose, as root on Debian"
# Debian's client fits Debian's engine, whatever else is on the PATH.
_DOCKER = "/usr/bin/docker"


def is_here() -> bool:
    """Whether this machine can run one."""
    programs = (_DOCKER, "dockerd", "docker-compose", "dpkg-query")
    return os.geteuid() == 0 and all(shutil.which(program) for program in programs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A running engine."""

    socket: Path

    @property
    def environment(self) -> dict[str, str]:
        """For a client of it. The classic builder: the other one is a package that Debian 12 lacks."""
        return {**os.environ, "DOCKER_HOST": f"unix://{self.socket}", "DOCKER_BUILDKIT": "0"}

    def docker(self, *words: str) -> str:
        """What ``docker`` with these words prints."""
        return self.run([_DOCKER, *words])

    def run(self, command: list[str], *, folder: Path | None = None) -> str:
        """What a client prints; its error is in the failure."""
        done = subprocess.run(
            command, env=self.environment, cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout[-4000:]}{done.stderr[-4000:]}"
        return done.stdout


@contextmanager
def engine() -> Iterator[Engine]:
    """From start to stop; nothing of it stays."""
    home = Path(mkdtemp(prefix="binderops-docker-", dir="/var/tmp"))
    found = Engine(socket=home / "docker.sock")
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                # A test run that is killed takes its engine with it.
                "setpriv", "--pdeathsig", "TERM", "--",
                "dockerd", "--data-root", home / "data", "--exec-root", home / "run", "--pidfile", home / "pid",
                "--host", f"unix://{found.socket}", "--bridge", "none", "--iptables=false", "--ip6tables=false",
                "--ip-forward=false", "--ip-masq=false", "--live-restore=false",
            ],
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(found, process, home / "log")
        yield found
    finally:
        with suppress(AssertionError):
            if containers := found.docker("ps", "--all", "--quiet").split():
                found.docker("rm", "--force", "--volumes", *containers)
            found.docker("network", "prune", "--force")
        process.terminate()
        process.wait(60)
        _unmount(home)
        shutil.rmtree(home)


def _wait(found: Engine, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(AssertionError):
            found.docker("version")
            return
        time.sleep(0.2)
    raise AssertionError(f"dockerd does not answer: {log.read_text()[-4000:]}")


def _unmount(home: Path) -> None:
    """What an engine leaves mounted: the network of containers in the host's own."""
    places = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for place in sorted((p for p in places if p.startswith(f"{home}/")), reverse=True):
        subprocess.run(["umount", place], check=True)
