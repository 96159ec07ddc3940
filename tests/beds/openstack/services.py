"""OpenStack's own processes: the APIs under uwsgi, and the workers behind them."""

import os
import urllib.error
import urllib.request

import config
from backing import sql
from config import HOST, PORTS, STATE
from processes import BIN, run_quietly, start

HAS_CINDER = os.environ.get("CINDER", "1") != "0"
APIS = {  # name: WSGI module
    "keystone": "keystone.wsgi.api",
    "placement": "placement.wsgi.api",
    "glance": "glance.wsgi.api",
    "neutron": "neutron.wsgi.api",
    "nova": "nova.wsgi.osapi_compute",
    **({"cinder": "cinder.wsgi.api"} if HAS_CINDER else {}),
}
WORKERS = ["nova-conductor", "nova-scheduler", *(["cinder-scheduler", "cinder-volume"] if HAS_CINDER else [])]


def start_api(name: str) -> None:
    """One process with eight threads; each connection serves one request."""
    # Cinder's module takes its file from the command line, the others from the environment.
    arguments = f"--config-file {config.file(name)}" if name == "cinder" else ""
    start(
        name, BIN / "uwsgi", "--master", "--die-on-term", "--lazy-apps", "--need-app", "--enable-threads",
        "--processes", "1", "--threads", "8", "--buffer-size", "65535", "--add-header", "Connection: close",
        "--http-socket", f"{HOST}:{PORTS[name]}", "--module", f"{APIS[name]}:application", "--disable-logging",
        "--pyargv", arguments,
    )  # fmt: skip


def start_worker(name: str) -> None:
    """A worker of Nova or Cinder."""
    start(name, BIN / name, "--config-file", config.file(name.partition("-")[0]))


def answers(name: str) -> bool:
    """Whether an API answers, even if it refuses."""
    try:
        with urllib.request.urlopen(config.url(name), timeout=5):
            return True
    except urllib.error.HTTPError as error:
        with error:
            return error.code < 500
    except OSError:
        return False


def bootstrap_keystone() -> None:
    """Keys, the administrator and Keystone's own endpoint, unless they are there."""
    keystone = ("keystone-manage", "keystone-manage", "--config-file", config.file("keystone"))
    user = ("--keystone-user", "root", "--keystone-group", "root") if os.geteuid() == 0 else ()
    if not any((STATE / "keys/fernet").iterdir()):
        run_quietly(*keystone, "fernet_setup", *user)
        run_quietly(*keystone, "credential_setup", *user)
    if sql("select count(*) from keystone.project").strip() in ("0", "1"):
        endpoint = config.url("keystone", "/v3")
        run_quietly(
            *keystone, "bootstrap", "--bootstrap-password", config.PASSWORD, "--bootstrap-region-id", "RegionOne",
            "--bootstrap-admin-url", endpoint, "--bootstrap-internal-url", endpoint, "--bootstrap-public-url", endpoint,
        )  # fmt: skip


def conductor_reports() -> bool:
    """Whether Nova's conductor has said within 8 seconds that it lives."""
    recent = "select `binary` from nova.services where updated_at > utc_timestamp() - interval 8 second"
    return "nova-conductor" in sql(recent)
