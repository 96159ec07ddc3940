"""What must be installed: Debian's packages, and the services with our drivers in an environment of their own."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

from config import HERE, STATE, VENV
from processes import BIN, ENV, run, run_quietly, say

# By the program that is looked for.
_DEBIAN = {"mariadbd": ["mariadb-server"], "rabbitmqctl": ["rabbitmq-server"]}
_DEBIAN_TO_BUILD = {"cc": ["gcc", "libc6-dev"]}  # uwsgi comes as source
_DEBIAN_OF_GUESTS = {
    "mmdebstrap": ["mmdebstrap"],
    "mke2fs": ["e2fsprogs"],
    "nft": ["nftables"],
    "ip": ["iproute2"],
}
_STAMP = VENV / "devcloud.stamp"  # what the virtual environment was made of


def fingerprint(*files: pathlib.Path) -> str:
    """Of their contents."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def install_debian(*, guests: bool) -> None:
    """Those that are missing. Ends without root."""
    needed = _DEBIAN | (_DEBIAN_OF_GUESTS if guests else {}) | ({} if _STAMP.exists() else _DEBIAN_TO_BUILD)
    absent = [
        package
        for program, packages in needed.items()
        if not shutil.which(program, path=ENV["PATH"])
        for package in packages
    ]
    if not absent:
        return
    if os.geteuid() != 0:
        sys.exit(f"not installed, and only root can: apt-get install {' '.join(absent)}")
    say(f"apt-get install {' '.join(absent)}")
    policy = pathlib.Path("/usr/sbin/policy-rc.d")  # keeps the packages from starting services of their own
    if is_ours := not policy.exists():
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    apt = {**ENV, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *absent]):
            subprocess.run(["apt-get", *command], check=True, env=apt, stdout=subprocess.DEVNULL)
    finally:
        if is_ours:
            policy.unlink()


def install_services() -> None:
    """The virtual environment, when it is missing or its list or our drivers have changed."""
    drivers = HERE / "drivers"
    sources = [HERE / "requirements.txt", drivers / "pyproject.toml", *sorted(drivers.glob("*/*.py"))]
    wanted = fingerprint(*sources)
    if _STAMP.exists() and _STAMP.read_text() == wanted:
        return
    say("installing the services from PyPI")
    uv = _uv()
    # The tested version if the host has it; none can be downloaded.
    tested = run(
        uv, "python", "find", "-q", "--no-python-downloads", "3.11", check=False, stdout=subprocess.DEVNULL
    )
    run(uv, "venv", "-q", "--allow-existing", "--python", ">=3.11" if tested.returncode else "3.11", VENV)
    run(
        uv, "pip", "install", "-q", "--python", BIN / "python", "-r", HERE / "requirements.txt",
        "--reinstall-package", "devcloud-drivers", drivers,
    )  # fmt: skip
    _STAMP.write_text(wanted)


def _uv() -> pathlib.Path:
    """The one beside our own Python, the host's, or one installed for us."""
    beside = f"{pathlib.Path(sys.executable).parent}:{ENV['PATH']}"
    if found := shutil.which("uv", path=beside):
        return pathlib.Path(found)
    boot = STATE / "boot"
    if not (boot / "bin/uv").exists():
        run(sys.executable, "-m", "venv", boot)
        run_quietly("install", boot / "bin/pip", "install", "-q", "uv")
    return boot / "bin/uv"
