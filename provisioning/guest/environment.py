"""The closed environments that programs of the agent get. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import Mapping

# What an operator sets for package installs and the way out, and the mark by which the local cloud finds its processes.
_PASSED = ("UV_", "PIP_", "SSL_CERT_", "LC_")
_PASSED_WHOLE = (
    "BINDEROPS_SERVER",
    "LANG",
    "TZ",
    "REQUESTS_CA_BUNDLE",
    "NO_PROXY",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
)
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def for_tools(environ: Mapping[str, str]) -> dict[str, str]:
    """For the agent's own tools: uv, openssl, Caddy, Docker. Keeps HOME, where uv's configuration is."""
    kept = _passed(environ)
    kept.update({name: value for name, value in environ.items() if name.startswith("DOCKER_")})
    kept["PATH"] = environ.get("PATH", _PATH)
    kept["HOME"] = environ.get("HOME", "/")
    return kept


def for_git(environ: Mapping[str, str], state: Path, protocol: str, *, is_pinned: bool) -> dict[str, str]:
    """For git: no configuration of anybody, no prompt, one protocol. ``is_pinned``: to a checked address only."""
    kept = {key: value for key, value in _passed(environ).items() if not key.startswith(("UV_", "PIP_"))}
    if is_pinned:
        # A proxy looks the name up itself: behind one, curl's pinned address means nothing.
        kept = {key: value for key, value in kept.items() if not key.upper().endswith("_PROXY")}
    return {
        **kept,
        "PATH": environ.get("PATH", _PATH),
        "HOME": str(state / "home"),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_ALLOW_PROTOCOL": protocol,
        "GIT_LFS_SKIP_SMUDGE": "1",
    }


def for_records(environ: Mapping[str, str], state: Path, package: Path) -> dict[str, str]:
    """For the program that fetches records: what git gets, where its own code is, and output that no name breaks."""
    kept = for_git(environ, state, "", is_pinned=True)
    return {
        **kept,
        "PYTHONPATH": str(package.parent),
        "PYTHONIOENCODING": "utf-8:backslashreplace",
        "PYTHONUTF8": "1",
    }


def for_person(environ: Mapping[str, str], state: Path) -> dict[str, str]:
    """For the person's programs: a home of their own, and the private Python environment first."""
    environment = state / "env"
    return {
        "LANG": "C.UTF-8",
        **_passed(environ),
        "PATH": f"{environment / 'bin'}:{state / 'home' / '.local' / 'bin'}:{environ.get('PATH', _PATH)}",
        "HOME": str(state / "home"),
        "VIRTUAL_ENV": str(environment),
        "SHELL": "/bin/bash",
        "PYTHONUNBUFFERED": "1",
    }


def _passed(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if name.startswith(_PASSED) or name.upper() in _PASSED_WHOLE
    }
