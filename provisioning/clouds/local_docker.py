"""Containers of local instances: what is left of one in this machine's Docker when its processes have ended.

The instance's own agent builds and starts them (`provisioning.guest.build_docker`, which also names them).
Blocking: call it in a thread.
"""

import subprocess

from provisioning.errors import RefusedError, TemporaryError
from provisioning.guest.build_docker import SHARED_MARK, Names

_PATIENCE_S = 60
_ANSWERS_S = 10
_GONE = "no such"  # Docker's word for a container or image that is not there, in different cases


def require(program: str = "docker") -> None:
    """Raises `RefusedError` (``docker-missing``) where this machine has no Docker that answers us."""
    try:
        done = _docker(program, "version", "--format", "{{.Server.Version}}", limit_s=_ANSWERS_S)
        said = done.stderr.strip().splitlines()[-1:] if done.returncode != 0 else []
        if done.returncode == 0:
            return
    except FileNotFoundError:
        said = [f"there is no program {program}"]
    except subprocess.TimeoutExpired:
        said = [f"no answer within {_ANSWERS_S} s"]
    raise RefusedError(
        "docker-missing",
        f"Docker does not answer on this machine. It says: {''.join(said) or 'nothing'}",
        "Install Docker with its buildx plugin, start it, let this account use it (docker version must answer), "
        "or leave --docker away.",
    )


def stop(server_id: str, program: str = "docker") -> None:
    """Stop the instance's container; one that is not there is fine. Raises `TemporaryError`."""
    _done(program, "stop", _names(server_id).container)


def remove(server_id: str, program: str = "docker") -> None:
    """Delete the instance's container and image; what is not there is fine. Raises `TemporaryError`."""
    names = _names(server_id)
    _done(program, "rm", "--force", "--volumes", names.container)
    _done(program, "image", "rm", "--force", names.image)


def _names(server_id: str) -> Names:
    return Names.of({SHARED_MARK: server_id})


def _done(program: str, *arguments: str) -> None:
    try:
        done = _docker(program, *arguments, limit_s=_PATIENCE_S)
        said = done.stderr.strip()
        if done.returncode == 0 or _GONE in said.casefold():
            return
    except FileNotFoundError:
        said = f"there is no program {program}"
    except subprocess.TimeoutExpired:
        said = f"no answer within {_PATIENCE_S} s"
    raise TemporaryError(
        "docker-refused",
        f"Docker did not do {' '.join(arguments)}. It says: {said[-300:]}",
        "It is tried again; docker version must answer.",
    )


def _docker(program: str, *arguments: str, limit_s: float) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603  a list of our own words
        [program, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=limit_s,
    )
