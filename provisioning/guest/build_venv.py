"""The reduced way, for machines without Docker: a private Python environment made by uv, with JupyterLab in it.

It reads requirements.txt, environment.yml's pip part, setup.py or pyproject.toml, postBuild and start; what else the
repository asks for is left out, and said.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence

from . import conda_file, jupyter, volume
from .causes import Cause, FailedError, timeout, unknown
from .environment import for_person, for_tools
from .job import Command, Endpoint, Job
from .processes import TooLongError

# notebook brings the address of a single terminal, and Notebook; the proxy brings every other program.
SERVER_PACKAGES = ("jupyterlab", "notebook", "jupyter-server-proxy")
_NOT_READ = (
    "Dockerfile", "apt.txt", "install.R", "DESCRIPTION", "Project.toml", "JuliaProject.toml", "REQUIRE", "default.nix",
    "Pipfile", "runtime.txt",
)  # fmt: skip
_MOST_NAMED = 8


@dataclass(frozen=True)
class Step:
    """One command of the build."""

    title: str
    args: Sequence[str]
    cwd: Path
    env: Mapping[str, str]


class VenvRuntime:
    """Builds into ``STATE/env``."""

    def build(self, job: Job) -> str:
        shutil.rmtree(job.state / "env", ignore_errors=True)
        (job.state / "home").mkdir(exist_ok=True)
        ends = time.monotonic() + job.orders.limits.build_s
        planned = steps(job)
        for number, step in enumerate(planned, start=1):
            job.say(step.title, step=(number, len(planned)))
            _run(job, step, ends)
        return note(job.configuration, job.root)

    def place(self, job: Job) -> Sequence[str]:
        return [str(job.repository), *job.root.relative_to(job.repository).parts]

    def server(self, job: Job, endpoint: Endpoint) -> Command:
        args = jupyter.command(
            str(job.state / "env" / "bin" / "jupyter-lab"), jupyter.config_file(job.state), job.root, "127.0.0.1",
            endpoint.port,
        )  # fmt: skip
        start = job.configuration / "start"
        if start.is_file():
            args = [*_runnable(start), *args]
        if job.orders.volume and not os.path.lexists(work := job.root / volume.name(job)):
            work.symlink_to(volume.files(job.state))
        env = {**for_person(job.environ, job.state), "JUPYTER_TOKEN": endpoint.token}
        return Command(args=args, env=env, cwd=job.root)


def steps(job: Job) -> list[Step]:
    """The build's commands, in order."""
    tools = {**for_tools(job.environ), "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    uv = job.environ.get("UV_BIN", "uv")
    environment = job.state / "env"
    install = [uv, "pip", "install", "--python", str(environment / "bin" / "python")]

    def step(title: str, args: Sequence[str], cwd: Path = job.root) -> Step:
        return Step(title=title, args=args, cwd=cwd, env=tools)

    interpreter = sys.executable
    planned = [
        step(
            "Make a Python environment",
            [uv, "venv", "--no-project", "--python", interpreter, str(environment)],
        ),
        step("Install JupyterLab", [*install, *SERVER_PACKAGES]),
    ]
    listed = _requirements(job.configuration)
    if listed:
        title, words = listed
        # Paths in these files are relative to where the build runs, as repo2docker has it.
        planned.append(step(f"Install {title}", [*install, *words]))
    if job.configuration == job.root and _is_package(job.root):
        planned.append(step("Install the repository's own package", [*install, "."]))
    script = job.configuration / "postBuild"
    if script.is_file():
        planned.append(Step("Run postBuild", _runnable(script), job.root, for_person(job.environ, job.state)))
    return planned


def note(configuration: Path, root: Path) -> str:
    """What people must know of this way of building."""
    names = [name for name in _NOT_READ if _is_read_by_repo2docker(name, configuration, root)]
    conda = [
        conda_file.name_of(dependency)
        for file in _conda_files(configuration)
        for dependency in conda_file.parse(_text(file))[1]
    ]
    names += [f"conda's {name}" for name in conda if name not in ("python", "pip")]
    text = "Built the reduced way: a Python environment on this machine, without Docker."
    if names:
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        text += f" Left out: {', '.join(names[:_MOST_NAMED])}{more}."
    return text


def _is_read_by_repo2docker(name: str, configuration: Path, root: Path) -> bool:
    return (configuration / name).is_file() and (name != "DESCRIPTION" or configuration == root)


def _requirements(configuration: Path) -> tuple[str, list[str]] | None:
    """What is installed for the repository: environment.yml goes before requirements.txt, as in repo2docker."""
    for file in _conda_files(configuration):
        pip, _ = conda_file.parse(_text(file))
        words = [word for line in pip for word in _words(line)]
        return (f"{file.name}'s pip part", words) if words else None
    file = configuration / "requirements.txt"
    return ("requirements.txt", ["-r", str(file)]) if file.is_file() else None


def _words(line: str) -> list[str]:
    """A requirement is one word, an option and its value are two."""
    return shlex.split(line) if line.startswith("-") else [line]


def _conda_files(configuration: Path) -> list[Path]:
    found = [configuration / name for name in ("environment.yml", "environment.yaml")]
    return [file for file in found if file.is_file()][:1]


def _is_package(root: Path) -> bool:
    """A pyproject.toml may hold settings of tools only."""
    if (root / "setup.py").is_file():
        return True
    project = root / "pyproject.toml"
    return project.is_file() and bool(
        re.search(r"^\[(?:project|build-system)\]", _text(project), re.MULTILINE)
    )


def _runnable(script: Path) -> list[str]:
    """A script as Docker would run it: by its first line, else by sh; executable or not."""
    with script.open("rb") as opened:
        has_interpreter = opened.read(2) == b"#!"
    if not has_interpreter:
        return ["/bin/sh", str(script)]
    if not os.access(script, os.X_OK):
        script.chmod(script.stat().st_mode | 0o111)
    return [str(script)]


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""


def _run(job: Job, step: Step, ends: float) -> None:
    job.on_line(f"$ {shlex.join(step.args)}")
    try:
        finished = job.children.run(
            step.args,
            env=step.env,
            cwd=step.cwd,
            limit_s=max(1.0, ends - time.monotonic()),
            on_line=job.on_line,
        )
    except TooLongError as error:
        raise FailedError(timeout(job.orders.limits.build_s, step.title, error.lines)) from error
    except OSError as error:
        raise FailedError(
            Cause(
                "program-missing",
                f"{step.args[0]} cannot be run: {error.strerror}.",
                "Its first line may name a program that is not there.",
                step=step.title,
            )
        ) from error
    if finished.code != 0:
        raise FailedError(unknown(finished.lines, step.title))
