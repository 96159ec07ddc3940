"""``devcloud up|down|status|reset``: the order in which everything starts and ends."""

import fcntl
import os
import shutil
import socket
import sys

import config
import guests
from backing import start_mariadb, start_rabbitmq
from config import HERE, LOG, RUN, STATE
from packages import install_debian, install_services
from processes import (
    BIN,
    ENV,
    MACHINE,
    end_on_sigterm,
    pid_of,
    proportional_set_size,
    run,
    say,
    session,
    start,
    stop,
    wait,
)
from services import APIS, WORKERS, answers, bootstrap_keystone, conductor_reports, start_api, start_worker

_BACKING = ("rabbitmq", "epmd", "mariadb")


def main(arguments: list[str], usage: str) -> int | None:
    """One of up, down and reset at a time; another one waits."""
    commands = {"up": up, "down": down, "status": status, "reset": reset}
    if len(arguments) != 1 or arguments[0] not in commands:
        sys.exit(usage)
    if arguments == ["status"]:
        return status()
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / "lock").open("a") as lock:  # the processes of the cloud do not inherit it
        fcntl.flock(lock, fcntl.LOCK_EX)
        return commands[arguments[0]]()


def up() -> None:
    """Everything that does not run yet, in the order in which each finds what it needs."""
    end_on_sigterm()
    LOG.mkdir(exist_ok=True)
    RUN.mkdir(exist_ok=True)
    _refuse_a_second_one()
    virt = _virt()
    ENV["OPENSTACK_DEV_VIRT"] = virt
    install_debian(guests=virt == "guest")
    if virt == "guest":
        guests.start()
    install_services()
    config.write()
    (STATE / "virt").write_text(virt)
    start_rabbitmq()
    start_mariadb()
    bootstrap_keystone()
    say("starting the services")
    for name in APIS:
        start_api(name)
    wait("keystone", lambda: answers("keystone"))
    run(BIN / "python", HERE / "seed.py", "identity", *APIS)
    for name in WORKERS:  # these end when Keystone does not know their account
        start_worker(name)
    for name in APIS:
        wait(name, lambda name=name: answers(name))
    wait("nova-conductor", conductor_reports)  # a first call that it misses is repeated 10 s later
    if virt == "guest":
        guests.start_network()
    start("nova-compute", BIN / "devcloud-compute", "--config-file", config.file("nova-compute"))
    say("seeding")
    run(BIN / "python", HERE / "seed.py", "resources")
    if virt == "guest":
        say(f"floating IPs: {config.FLOATING}; guests reach this machine's 127.0.0.1 at 10.99.0.1")
    say(f"healthy, VIRT={virt}: {config.CLOUDS}")


def _virt() -> str:
    """What servers are to be. Ends where that cannot be."""
    virt = config.virt()
    if virt not in ("fake", "guest") or os.environ.get("VIRT", virt) != virt:
        sys.exit(f"VIRT is fake or guest, and this cloud was made with {virt}: `devcloud reset` first")
    if virt == "guest" and os.geteuid() != 0:
        sys.exit("VIRT=guest needs root")
    if virt == "guest" and not MACHINE.exists():
        sys.exit(f"VIRT=guest needs {MACHINE}")
    return virt


def _refuse_a_second_one() -> None:
    """Two on one machine would meet on the same ports, and one's hypervisor would carry out the other's orders."""
    for name in ("rabbitmq", *APIS):
        port = config.PORTS[name]
        with socket.socket() as probe:
            taken = probe.connect_ex((config.HOST, port)) == 0
        if taken and pid_of(name) is None:
            sys.exit(
                f"port {port} ({name}) is taken: another OpenStack runs on this machine. "
                "Stop it first: devcloud down, with its OPENSTACK_DEV_HOME."
            )


def down() -> None:
    """Every process, the services before what they stand on."""
    stop(file.stem for file in RUN.glob("*.pid") if file.stem not in _BACKING)
    if config.virt() == "guest":
        guests.stop_all()
    for name in _BACKING:
        stop([name])


def status() -> int:
    """Prints the processes; 1 where one of OpenStack's does not run."""
    total = 0
    for name in ["mariadb", "epmd", "rabbitmq", *APIS, *WORKERS, "nova-compute"]:
        pid = pid_of(name)
        memory = sum(map(proportional_set_size, session(pid))) if pid else 0
        total += memory
        health = f"{config.url(name)} {_health(name)}" if name in APIS else ""
        print(f"{name:17} {f'pid {pid}' if pid else 'stopped':12} {memory / 1024:6.0f} MiB  {health}")
    for guest, is_running in guests.states().items():
        print(f"guest {guest} {'runs' if is_running else 'is off'}")
    print(f"{'total':17} {'':12} {total / 1024:6.0f} MiB  {config.CLOUDS}")
    return 0 if all(map(pid_of, [*APIS, *WORKERS, "nova-compute"])) else 1


def _health(name: str) -> str:
    return "answers" if answers(name) else "does not answer"


def reset() -> None:
    """Forget the contents; packages, the template of the databases and the guests' root stay."""
    down()
    for name in (
        "mysql", "rabbitmq", "conf", "log", "run", "keys", "images", "staging", "tasks", "nova", "neutron", "cinder",
        "consoles", "locks", "guests",
    ):  # fmt: skip
        shutil.rmtree(STATE / name, ignore_errors=True)
    for file in (config.CLOUDS, STATE / "virt"):
        file.unlink(missing_ok=True)
