"""VIRT=guest: servers that run, as machine containers. Their root and the programs that run them lie in the folder ``guest`` beside."""

import subprocess
import sys

import config
from config import STATE
from packages import fingerprint
from processes import ENV, MACHINE, run, say
from processes import start as start_process


def start() -> None:
    """Builds the guests' root and the image that they pull, unless they are there, beside everything else; nobody waits here.

    Nova's driver waits for them when the first guest is to start: ``stamp`` says what they were made of, or that it failed.
    """
    folder, wanted = config.GUEST_IMAGE.parent, _fingerprint()
    stamp = folder / "stamp"
    if not (config.GUEST_IMAGE.exists() and stamp.exists() and stamp.read_text() == wanted):
        say("building the guests' root in the background")
        folder.mkdir(exist_ok=True)
        stamp.unlink(missing_ok=True)
        build = (
            '"$0/build-image" "$1" && "$0/build-base" "$1" || set -- "$1" failed; printf %s "$2" >"$1/stamp"'
        )
        start_process("guest-image", "nice", "bash", "-c", build, config.GUEST_SCRIPTS, folder, wanted)
    ENV["OPENSTACK_DEV_GUESTS_OF"] = wanted
    port = str(config.PORTS["registry"])
    start_process("registry", sys.executable, config.GUEST_SCRIPTS / "registry.py", folder / "base.tar", port)


def start_network() -> None:
    """Their bridge and way out."""
    run(sys.executable, MACHINE, "network", "up")


def stop_all() -> None:
    """Every guest, then their network."""
    guests = [file.parent for file in (STATE / "guests").glob("*/machine.pid")]
    stops = [subprocess.Popen([sys.executable, MACHINE, "stop", guest, "10"]) for guest in guests]
    for process in stops:
        process.wait()
    run(sys.executable, MACHINE, "network", "down")
    run(sys.executable, MACHINE, "unmount", config.GUEST_IMAGE.with_name("base"))


def states() -> dict[str, bool]:
    """Which guests there are, and whether each runs."""
    guests = [file.parent for file in (STATE / "guests").glob("*/machine.pid")]
    return {
        guest.name: run(sys.executable, MACHINE, "alive", guest, check=False).returncode == 0
        for guest in guests
    }


def _fingerprint() -> str:
    return fingerprint(
        *(config.GUEST_SCRIPTS / name for name in ("build-image", "build-base", "host-config.sh"))
    )
