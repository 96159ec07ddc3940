"""What the services stand on: MariaDB with their schemas, and RabbitMQ."""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess

import config
from config import HERE, HOST, PORTS, SOCKET, STATE
from packages import fingerprint
from processes import run, run_quietly, say, start, stop, wait

_AS_ROOT = ["--user=root"] if os.geteuid() == 0 else []
_CLIENT = ["--no-defaults", f"--socket={SOCKET}", "-uroot"]


def start_mariadb() -> None:
    """Starts MariaDB; its first data folder is a copy of a template, which is made once for each list of versions.

    Both appear as a whole, by a rename: a start that is cut off leaves nothing half made.
    """
    data, template = STATE / "mysql", STATE / f"mysql-{fingerprint(HERE / 'requirements.txt')}"
    if not data.exists():
        if not template.exists():
            _make_template(template)
        _copy(template, data)
    _serve(data)


def _make_template(template: pathlib.Path) -> None:
    say("database schemas")
    part = _part(template)
    stop(["mariadb"])  # what a start that was cut off left
    run_quietly(
        "mariadb", "mariadb-install-db", "--no-defaults", *_AS_ROOT, f"--datadir={part}", "--skip-test-db",
        "--auth-root-authentication-method=normal",
    )  # fmt: skip
    _serve(part)
    _create_schemas()
    stop(["mariadb"])
    part.rename(template)


def _copy(template: pathlib.Path, data: pathlib.Path) -> None:
    part = _part(data)
    run("cp", "-a", "--reflink=auto", template, part)
    part.rename(data)


def _part(folder: pathlib.Path) -> pathlib.Path:
    """Where a folder is made before it is renamed; nothing is there yet."""
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    return part


def _serve(data: pathlib.Path) -> None:
    start(
        "mariadb", "mariadbd", "--no-defaults", *_AS_ROOT, f"--datadir={data}", f"--socket={SOCKET}",
        "--skip-networking", "--skip-log-bin", "--max-connections=400", "--performance-schema=OFF",
        "--innodb-buffer-pool-size=96M", "--innodb-log-file-size=16M",
        # A test cloud may lose its last second in a power cut.
        "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-flush-method=nosync",
    )  # fmt: skip
    ping = ["mariadb-admin", *_CLIENT, "ping"]
    wait("mariadb", lambda: run(*ping, check=False, capture_output=True).returncode == 0)


def sql(statement: str) -> str:
    """What the client prints, without headings."""
    done = run("mariadb", *_CLIENT, "-NBe", statement, stdout=subprocess.PIPE, text=True)
    return str(done.stdout)


def start_rabbitmq() -> None:
    """Starts RabbitMQ and Erlang's name server, both on loopback at ports of their own."""
    home = STATE / "rabbitmq"
    epmd = {"ERL_EPMD_PORT": str(PORTS["epmd"]), "ERL_EPMD_ADDRESS": HOST}
    start("epmd", "epmd", **epmd)
    start(
        "rabbitmq",
        "/usr/lib/rabbitmq/bin/rabbitmq-server",
        **epmd,
        HOME=str(home),
        RUNNING_UNDER_SYSTEMD="1",
        RABBITMQ_NODENAME="devcloud@localhost",
        RABBITMQ_NODE_IP_ADDRESS=HOST,
        RABBITMQ_NODE_PORT=str(PORTS["rabbitmq"]),
        RABBITMQ_DIST_PORT=str(PORTS["erlang"]),
        RABBITMQ_MNESIA_BASE=str(home / "mnesia"),
        RABBITMQ_LOGS="-",
        RABBITMQ_PID_FILE=str(home / "pid"),
        RABBITMQ_ENABLED_PLUGINS_FILE=str(home / "plugins"),
        RABBITMQ_CONFIG_FILE=str(home / "none"),
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none",
    )


def _create_schemas() -> None:
    for name in config.DATABASES:
        sql(f"create database if not exists {name}")
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        jobs = [
            pool.submit(_create_neutron),
            pool.submit(_create_nova),
            pool.submit(_manage, "glance", "db_sync"),
            pool.submit(_manage, "cinder", "db", "sync"),
            pool.submit(_manage, "keystone", "db_sync"),
            pool.submit(_manage, "placement", "db", "sync"),
        ]
        for job in jobs:
            job.result()


def _manage(service: str, *command: str) -> None:
    program = f"{service}-manage"
    run_quietly(program, program, "--config-file", config.file(service), *command)


def _create_nova() -> None:
    _manage("nova", "api_db", "sync")
    _manage("nova", "cell_v2", "map_cell0", "--database_connection", config.db("nova_cell0"))
    _manage("nova", "cell_v2", "create_cell", "--name", "cell1")
    _manage("nova", "db", "sync")


def _create_neutron() -> None:
    program = "neutron-db-manage"
    run_quietly("neutron-manage", program, "--config-file", config.file("neutron"), "upgrade", "heads")
