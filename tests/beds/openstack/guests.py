"""VIRT=guest: servers that run, as machine containers. Their root and the programs that run them lie in the folder ``guest`` beside."""

import subprocess
import sys

import config
from config import RUN, STATE
from packages import fingerprint
from processes import MACHINE, run, say, start, wait

_ROOT_S = 600.0  # to build it


def start_image_build() -> None:
    """Builds the guests' root beside everything else, unless it is there."""
    stamp, wanted = config.GUEST_IMAGE.with_name("stamp"), _fingerprint()
    if config.GUEST_IMAGE.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    say("building the guests' root in the background")
    for folder in (RUN, config.GUEST_IMAGE.parent):
        folder.mkdir(exist_ok=True)
    stamp.unlink(missing_ok=True)
    build = '"$0" --suite trixie --out "$1" && printf %s "$2" >"$1/stamp"'
    start(
        "guest-image", "bash", "-c", build, config.GUEST_SCRIPTS / "build-image", config.GUEST_IMAGE.parent, wanted
    )  # fmt: skip


def start_network() -> None:
    """The guests' bridge and way out, and their root, once it is built."""
    stamp = config.GUEST_IMAGE.with_name("stamp")
    if not stamp.exists():
        say("waiting for the guests' root")
        wait("guest-image", stamp.exists, timeout=_ROOT_S)
    run(sys.executable, MACHINE, "network", "up", config.GUEST_IMAGE)


def stop_all() -> None:
    """Every guest, then their network."""
    guests = [file.parent for file in (STATE / "guests").glob("*/machine.pid")]
    stops = [subprocess.Popen([sys.executable, MACHINE, "stop", guest, "10"]) for guest in guests]
    for process in stops:
        process.wait()
    run(sys.executable, MACHINE, "network", "down", config.GUEST_IMAGE)


def states() -> dict[str, bool]:
    """Which guests there are, and whether each runs."""
    guests = [file.parent for file in (STATE / "guests").glob("*/machine.pid")]
    return {
        guest.name: run(sys.executable, MACHINE, "alive", guest, check=False).returncode == 0
        for guest in guests
    }


def _fingerprint() -> str:
    return fingerprint(*(config.GUEST_SCRIPTS / name for name in ("build-image", "host-config.sh")))
