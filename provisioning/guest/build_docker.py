"""The full way: an image by jupyter-repo2docker, and a container of it that Docker keeps running.

repo2docker gets the fetched folder, so its detection of providers (which needs ``hg`` and lists of third parties) plays no
part. It lives in a private Python environment of its own, pinned.
"""

from __future__ import annotations

import re
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence

from . import buildkit, jupyter, volume
from .causes import Cause, FailedError, timeout, unknown
from .environment import for_tools
from .job import Command, Endpoint, Job
from .processes import TooLongError

SHARED_MARK = "BINDEROPS_SERVER"  # the local cloud sets it to the instance's id
REPO2DOCKER = "jupyter-repo2docker==2026.4.0"
_NETWORK = "binderops"
_HOME = "/home/jovyan"
_CONFIG_IN_IMAGE = "/opt/binderops/jupyter_server_config.py"
# It ends when the container does, and the agent runs it again: a Docker that was killed leaves its containers off.
_FOLLOW = (
    'now=$(date +%s); docker start "$0" && docker logs --follow --since "$now" "$0"; '
    "docker inspect --format 'The container: OOMKilled={{.State.OOMKilled}} ExitCode={{.State.ExitCode}}' \"$0\""
)
_PICKED = re.compile(r"Using \w+ builder")
_AGENT_MIB = 512  # left to the agent and Docker, so that they survive the person's program
_SETUP_S = 600
_BRIDGE = "binderops0"  # the instance's firewall (templates/firewall.sh) knows it by this name


@dataclass(frozen=True)
class Names:
    """What the instance's image and container are called in its Docker."""

    image: str
    container: str
    is_shared: bool  # the Docker is that of a machine with other instances: its firewall is not ours

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Names:
        """A local instance is named in its environment, and whoever deletes it looks for these names."""
        name = f"binderops-{environ[SHARED_MARK]}" if environ.get(SHARED_MARK) else "binderops"
        return cls(image=f"{name}-image", container=name, is_shared=bool(environ.get(SHARED_MARK)))


class DockerRuntime:
    """Builds an image and runs a container of it, both called as `Names` says."""

    def build(self, job: Job) -> str:
        env = for_tools(job.environ)
        tool = job.state / "repo2docker"
        job.say("Prepare the image builder", step=(1, 1))
        if not (tool / "ready").exists():
            _run(job, [sys.executable, "-m", "venv", str(tool)], env)
            _run(job, [str(tool / "bin" / "pip"), "install", "--quiet", REPO2DOCKER], env)
            (tool / "ready").touch()
        _Build(job).run(command(job, tool), env)
        return "Built by repo2docker."

    def place(self, job: Job) -> Sequence[str]:
        """The container's own view of its files, whatever keeps them for Docker."""
        args = [
            "docker",
            "inspect",
            "--format",
            "{{.State.Pid}} {{.Config.WorkingDir}}",
            Names.of(job.environ).container,
        ]
        said = job.children.run(args, env=for_tools(job.environ), limit_s=60)
        pid, _, folder = "".join(said.lines).partition(" ")
        # The container's own files, as Linux shows them to root: no copy is made.
        return [f"/proc/{pid}/root/.", *Path(folder).parts[1:]]

    def server(self, job: Job, endpoint: Endpoint) -> Command:
        env = {**for_tools(job.environ), "JUPYTER_TOKEN": endpoint.token}
        names = Names.of(job.environ)
        if not self._has_container(job, env, names):
            _run(job, network_command(names), env, allowed=(0, 1))
            created = run_command(job, endpoint, memory_mib=_memory_mib() - _AGENT_MIB)
            _run(job, created, env)
        return Command(args=["/bin/sh", "-c", _FOLLOW, names.container], env=env, cwd=job.state)

    def _has_container(self, job: Job, env: Mapping[str, str], names: Names) -> bool:
        return job.children.run(["docker", "inspect", names.container], env=env, limit_s=60).code == 0


def command(job: Job, tool: Path) -> list[str]:
    """repo2docker's arguments."""
    args = [str(tool / "bin" / "jupyter-repo2docker"), "--no-run", "--json-logs"]
    args += ["--image-name", Names.of(job.environ).image]
    args += ["--user-id", "1000", "--user-name", "jovyan"]
    if job.root != job.repository:
        args += ["--subdir", str(job.root.relative_to(job.repository))]
    return [*args, str(job.repository)]


def run_command(job: Job, endpoint: Endpoint, *, memory_mib: int) -> list[str]:
    """The arguments that make the container: kept over restarts, on loopback, below the machine's memory."""
    config = jupyter.config_file(job.state)
    names = Names.of(job.environ)
    # A shared machine's own start is not ours: the local cloud says when its instances run.
    restart = "no" if names.is_shared else "unless-stopped"
    args = ["docker", "create", "--name", names.container, "--restart", restart, "--network", _NETWORK]
    args += ["--publish", f"127.0.0.1:{endpoint.port}:8888", "--memory", f"{max(256, memory_mib)}m"]
    if job.orders.volume:
        # Not --volume, which makes the folder where it is missing: the work would then be on the instance's own disk.
        args += ["--mount", f"type=bind,source={volume.files(job.state)},target={_HOME}/{volume.name(job)}"]
    args += ["--security-opt", "no-new-privileges", "--env", "JUPYTER_TOKEN"]
    args += ["--volume", f"{config}:{_CONFIG_IN_IMAGE}:ro", names.image]
    server = ["jupyter", "lab", f"--config={_CONFIG_IN_IMAGE}", "--no-browser", "--ServerApp.ip=0.0.0.0"]
    return [*args, *server, "--ServerApp.port=8888", "--ServerApp.allow_remote_access=True"]


def network_command(names: Names) -> list[str]:
    """The arguments that make the container's network; on an instance of its own it has the bridge that the firewall knows."""
    named = [] if names.is_shared else ["--opt", f"com.docker.network.bridge.name={_BRIDGE}"]
    return ["docker", "network", "create", *named, _NETWORK]


class _Build:
    """One run of repo2docker, told as it goes."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._steps = buildkit.Steps()
        self._name = ""
        self._lines: list[str] = []

    def run(self, args: Sequence[str], env: Mapping[str, str]) -> None:
        limit_s = self._job.orders.limits.build_s
        try:
            finished = self._job.children.run(
                args, env=env, cwd=self._job.state, limit_s=limit_s, on_line=self._hear
            )
        except TooLongError as error:
            raise FailedError(timeout(limit_s, self._name, self._lines)) from error
        if finished.code != 0:
            raise FailedError(unknown(self._lines, self._name))

    def _hear(self, line: str) -> None:
        for said in buildkit.parse(line):
            self._job.on_line(said.text)
            self._lines.append(said.text)
            del self._lines[:-400]
            if _PICKED.fullmatch(said.text):  # how long the build takes depends on it
                self._job.say(said.text, step=(1, 1))
            if self._steps.forward(said) and self._steps.at:
                self._name = said.text
                self._job.say(said.text, step=self._steps.at)


def _run(job: Job, args: Sequence[str], env: Mapping[str, str], *, allowed: Sequence[int] = (0,)) -> None:
    job.on_line(f"$ {shlex.join(args)}")
    began = time.monotonic()
    try:
        finished = job.children.run(args, env=env, limit_s=_SETUP_S, on_line=job.on_line)
    except TooLongError as error:
        words = f"{args[0]} was not done after {round(time.monotonic() - began)} s."
        raise FailedError(Cause("setup-timeout", words, "Press Retry.")) from error
    except OSError as error:
        words = f"{args[0]} cannot be run: {error.strerror}."
        raise FailedError(Cause("program-missing", words, "Tell whoever runs the bot.")) from error
    if finished.code not in allowed:
        raise FailedError(unknown(finished.lines, shlex.join(args[:3])))


def _memory_mib() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) >> 10
    return 2048
