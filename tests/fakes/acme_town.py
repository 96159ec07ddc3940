"""A network of its own with an ACME server and one guest's Caddy in it, on the ports that they have outside. Linux only.

The ACME server is Caddy's own (``acme_server``). It asks back on ports 80 and 443, which only a network namespace has to
give to whoever is not root and to tests that run side by side. Run as a program by `run`, it tells each new certificate
that the guest shows as one line of JSON, and ends after ``certificates`` of them.
"""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bot.clouds import program

ROOT = Path(__file__).parents[2]
DIRECTORY = "https://localhost:9443/acme/local/directory"
NAMESPACES = ("unshare", "--map-root-user", "--net", "--mount")
_CA_PORT = 9443
_LIFETIME = "5m"  # the shortest that its library issues
_LIMIT_S = 60
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1
_LISTENS = "0A"


def is_possible() -> bool:
    """Whether this machine lets us have such a network."""
    if not shutil.which(NAMESPACES[0]):
        return False
    return subprocess.run([*NAMESPACES, "true"], capture_output=True, check=False).returncode == 0


def run(config: Mapping[str, Any], home: Path, host: str, *, certificates: int) -> list[dict[str, Any]]:
    """What the guest with this configuration showed whoever trusts the ACME server's root alone, for this host."""
    (home / "guest.json").write_text(json.dumps(config))
    words = [*NAMESPACES, sys.executable, "-m", "tests.fakes.acme_town", str(home), host, str(certificates)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + (home / "guest.log").read_text()
    return [json.loads(line) for line in done.stdout.splitlines()]


def _main() -> None:
    reader = argparse.ArgumentParser()
    reader.add_argument("home", type=Path)
    reader.add_argument("host")
    reader.add_argument("certificates", type=int)
    told = reader.parse_args()
    _bring_loopback_up()
    hosts = told.home / "hosts"
    hosts.write_text(f"127.0.0.1 localhost {told.host}\n")
    subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)
    root = told.home / "ca" / "pki" / "authorities" / "local" / "root.crt"
    (told.home / "ca.json").write_text(json.dumps(_acme_server(told.home / "ca")))
    with _caddy(told.home, "ca"):
        _until(lambda: root.exists() and _CA_PORT in _listening())
        with _caddy(told.home, "guest", SSL_CERT_FILE=str(root)):
            _watch(told.host, root, told.certificates)


def _acme_server(home: Path) -> dict[str, Any]:
    policy = {"subjects": ["localhost"], "issuers": [{"module": "internal"}]}
    handler = {"handler": "acme_server", "host": f"localhost:{_CA_PORT}", "lifetime": _LIFETIME}
    server = {
        "listen": [f"127.0.0.1:{_CA_PORT}"],
        "automatic_https": {"disable": True},
        "tls_connection_policies": [{"default_sni": "localhost"}],
        "routes": [{"handle": [handler]}],
    }
    return {
        "admin": {"disabled": True, "config": {"persist": False}},
        "storage": {"module": "file_system", "root": str(home)},
        "apps": {
            "http": {"servers": {"ca": server}},
            "tls": {"certificates": {"automate": ["localhost"]}, "automation": {"policies": [policy]}},
            "pki": {"certificate_authorities": {"local": {"install_trust": False}}},
        },
    }


@contextmanager
def _caddy(home: Path, name: str, **environment: str) -> Iterator[None]:
    words = [str(program("caddy")), "run", "--config", str(home / f"{name}.json")]
    closed = {"PATH": os.environ["PATH"], "HOME": str(home), **environment}
    with (home / f"{name}.log").open("ab") as log:
        child = subprocess.Popen(words, env=closed, stdout=log, stderr=log)
    try:
        yield
    finally:
        child.terminate()
        child.wait()


def _watch(host: str, root: Path, certificates: int) -> None:
    trusts = ssl.create_default_context(cafile=str(root))
    shown: set[str] = set()
    ports: set[int] = set()

    def is_enough() -> bool:
        ports.update(_listening() - {_CA_PORT})
        with (
            suppress(OSError),
            socket.create_connection(("127.0.0.1", 443), 2) as plain,
            trusts.wrap_socket(plain, server_hostname=host) as wrapped,
        ):
            found = hashlib.sha256(wrapped.getpeercert(binary_form=True) or b"").hexdigest()
            if found not in shown:
                shown.add(found)
                line = {"certificate": found, "names": wrapped.getpeercert(), "ports": sorted(ports)}
                sys.stdout.write(json.dumps(line) + "\n")
        return len(shown) >= certificates

    _until(is_enough)


def _bring_loopback_up() -> None:
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


def _listening() -> set[int]:
    """The TCP ports that a scan of this network would find open."""
    texts = [Path(f"/proc/net/{name}").read_text() for name in ("tcp", "tcp6")]
    rows = [line.split() for text in texts for line in text.splitlines()]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == _LISTENS}


def _until(is_so: Any) -> None:
    ends = time.monotonic() + _LIMIT_S
    while not is_so():
        if time.monotonic() > ends:
            sys.exit("it did not become so")
        time.sleep(0.05)


if __name__ == "__main__":
    _main()
