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

    def docker(self, *words: str, **options: object) -> str:
        """What ``docker`` with these words prints."""
        return self.run([_DOCKER, *words], **options)

    def run(self, command: list[str], **options: object) -> str:
        """What a client prints; its error is in the failure."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False, **options
        )  # type: ignore[call-overload]
        assert done.returncode == 0, f"{command}: {done.stdout[-4000:]}{done.stderr[-4000:]}"
        return str(done.stdout)


@contextmanager
def engine() -> Iterator[Engine]:
    """From start to stop; nothing of it stays."""
    home = Path(mkdtemp(prefix="binderops-docker-", dir="/var/tmp"))
    found = Engine(socket=home / "docker.sock")
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [
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
            for container in found.docker("ps", "--all", "--quiet").split():
                found.docker("rm", "--force", "--volumes", container)
            found.docker("network", "prune", "--force")
        process.terminate()
        process.wait(60)
        shutil.rmtree(home, ignore_errors=True)


def _wait(found: Engine, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(AssertionError):
            found.docker("version")
            return
        time.sleep(0.2)
    raise AssertionError(f"dockerd does not answer: {log.read_text()[-4000:]}")
