"""The checks of the local cloud: its programs, and this machine's room for instances. Creates nothing but its own folder."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from provisioning.checks import Finding, fail, ok, warn

_VERSION = {"caddy": "version", "uv": "--version"}  # how each tells its version
_NEEDS_GIB = 2  # an environment with JupyterLab and a few packages
_COMFORTABLE_GIB = 10
_ANSWER_WITHIN_S = 20


def check(home: Path, programs: Mapping[str, Path | None]) -> Iterator[Finding]:
    """Every finding. ``home``: BINDEROPS_HOME; ``programs``: by name, None where one is missing. Blocks."""
    for name, path in programs.items():
        yield _program(name, path)
    yield _disk(home)


def _program(name: str, path: Path | None) -> Finding:
    mend = "Whoever runs the bot must run `make setup`."
    if path is None:
        return fail(name, f"The program {name} is missing.", mend)
    try:
        done = subprocess.run(  # noqa: S603  a program of ours by its path, no shell
            [path, _VERSION[name]], capture_output=True, text=True, timeout=_ANSWER_WITHIN_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return fail(name, f"{path} does not run: {error}", mend)
    version = next(iter(done.stdout.split("\n")), "").strip()
    return ok(name, f"{path}, {version}")


def _disk(home: Path) -> Finding:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free_gib = shutil.disk_usage(there).free / 2**30
    said = f"{free_gib:.1f} GiB free for {home}; an environment takes one to {_NEEDS_GIB} GiB"
    mend = "Delete environments that nobody needs, or let BINDEROPS_HOME name a folder on a larger disk."
    if free_gib < _NEEDS_GIB:
        return fail("disk", said, mend)
    return warn("disk", said, mend) if free_gib < _COMFORTABLE_GIB else ok("disk", said)
