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
    """Raises `RefusedError` (``docker-missing``) where this machine has no Docker with buildx that answers us."""
    said = _complaint(program, "version", limit_s=_ANSWERS_S) or _complaint(
        program, "buildx", "version", limit_s=_ANSWERS_S
    )
    if said:
        raise RefusedError(
            "docker-missing",
            f"Docker does not answer as it must on this machine. It says: {said}",
            "Install Docker with its buildx plugin, start it, and let this account use it: docker version and "
            "docker buildx version must answer. Or leave --docker away.",
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
    said = _complaint(program, *arguments, limit_s=_PATIENCE_S)
    if said and _GONE not in said.casefold():
        raise TemporaryError(
            "docker-refused",
            f"Docker did not do {' '.join(arguments)}. It says: {said}",
            "It is tried again; docker version must answer.",
        )


def _complaint(program: str, *arguments: str, limit_s: float) -> str:
    """Why it was not done, in Docker's first words; empty where it was."""
    try:
        done = subprocess.run(  # noqa: S603  a list of our own words
            [program, *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=limit_s,
        )  # fmt: skip
    except FileNotFoundError:
        return f"there is no program {program}"
    except subprocess.TimeoutExpired:
        return f"no answer within {limit_s:.0f} s"
    if done.returncode == 0:
        return ""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return lines[0][:300] if lines else f"it ended with {done.returncode}"
