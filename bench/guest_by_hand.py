"""The baseline of `bench.guest`: a server made by openstacksdk, with a plain cloud-config that does by itself what a person would.

It installs packages and repo2docker, clones the repository at the commit, builds it, and runs JupyterLab in Docker behind Caddy's
TLS. Nothing of the bot's is in it.
"""

import base64
import secrets
import ssl
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import yaml

from bench.guest_figures import Launch, Who, last_step, marks
from bench.guest_seen import Guest, followed
from provisioning.guest.build_docker import REPO2DOCKER
from tests.acceptance.real_guest.launching import FLAVOR
from tests.integration.openstack.project import Project

NAME = "by-hand"
_PACKAGES = ["caddy", "docker-buildx", "git", "python3-venv"]
_MARKS, _LOG = "/var/log/by-hand.marks", "/var/log/by-hand.jsonl"
_LOOK_EVERY_S = 0.1
_SCRIPT = """\
#!/bin/bash
set -euo pipefail
exec >/var/log/by-hand.log 2>&1
mark() { echo "$(date +%s.%N) $1" >>@MARKS@; }
trap 'mark failed' ERR
export HOME=/root
systemctl stop caddy
python3 -m venv /opt/r2d
/opt/r2d/bin/pip install -q @REPO2DOCKER@
git clone -q @URL@ /opt/source
git -C /opt/source checkout -q @COMMIT@
mark began
/opt/r2d/bin/jupyter-repo2docker --no-run --user-id 1000 --user-name jovyan --json-logs \\
  --image-name workspace /opt/source 2>@LOG@
mark built
docker run -d --restart unless-stopped --name workspace -p 127.0.0.1:8888:8888 workspace jupyter lab --ip 0.0.0.0 \\
  --no-browser --IdentityProvider.token=@TOKEN@ --ServerApp.allow_remote_access=true
systemd-run --unit tls --setenv HOME=/root caddy run --adapter caddyfile --config /opt/Caddyfile
"""
_CADDYFILE = """\
{
  admin off
  auto_https disable_redirects
  skip_install_trust
}
https:// {
  tls internal {
    on_demand
  }
  reverse_proxy 127.0.0.1:8888
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """What is launched, where."""

    project: Project
    image: str
    url: str
    commit: str
    patience_s: float = 900  # of the first one: the guests' root may still be in the making


def user_data(url: str, commit: str, token: str) -> str:
    """The cloud-config."""
    script = _SCRIPT
    words = {
        "REPO2DOCKER": REPO2DOCKER,
        "URL": url,
        "COMMIT": commit,
        "TOKEN": token,
        "MARKS": _MARKS,
        "LOG": _LOG,
    }
    for name, word in words.items():
        script = script.replace(f"@{name}@", word)
    files = [
        {"path": "/opt/by-hand", "permissions": "0755", "content": script},
        {"path": "/opt/Caddyfile", "content": _CADDYFILE},
    ]
    config = {
        "package_update": True,
        "packages": _PACKAGES,
        "write_files": files,
        "runcmd": [["systemd-run", "--unit", NAME, "/opt/by-hand"]],
    }
    return "#cloud-config\n" + yaml.safe_dump(config, sort_keys=False)


def launch(job: ByHand) -> Launch:
    """One launch from the request to /lab, and its server gone. Raises RuntimeError where it does not come so far."""
    token = secrets.token_hex(16)
    compute, network = job.project.eyes.compute, job.project.eyes.network
    with _group(job.project) as group:
        wanted = _wanted(job, token, group)
        asked = time.time()
        server = compute.create_server(**wanted)
        floating_ip = None
        try:
            server = compute.wait_for_server(server, interval=0.2, wait=job.patience_s)
            (port,) = network.ports(device_id=server.id)
            public = network.find_network("public", ignore_missing=False)
            floating_ip = network.create_ip(floating_network_id=public.id, port_id=port.id)
            url = f"https://{floating_ip.floating_ip_address}/lab?token={token}"
            return _watched(server.id, asked, url, job.patience_s)
        finally:
            if floating_ip is not None:
                network.delete_ip(floating_ip)
            compute.delete_server(server)
            compute.wait_for_delete(server, interval=1, wait=60)


def _wanted(job: ByHand, token: str, group: Any) -> dict[str, Any]:
    eyes = job.project.eyes
    flavor = eyes.compute.find_flavor(FLAVOR, ignore_missing=False)
    image = eyes.image.find_image(job.image, ignore_missing=False)
    tenant = eyes.network.get_auto_allocated_topology(job.project.id)
    text = user_data(job.url, job.commit, token)
    return {
        "name": NAME, "flavor_id": flavor.id, "image_id": image.id, "networks": [{"uuid": tenant.id}],
        "user_data": base64.b64encode(text.encode()).decode(), "security_groups": [{"name": group.name}],
    }  # fmt: skip


@contextmanager
def _group(project: Project) -> Iterator[Any]:
    """A security group that lets browsers in."""
    network = project.eyes.network
    group = network.create_security_group(name=NAME)
    try:
        network.create_security_group_rule(
            security_group_id=group.id, direction="ingress", protocol="tcp", port_range_min=443, port_range_max=443
        )  # fmt: skip
        yield group
    finally:
        network.delete_security_group(group)


def _watched(server: str, asked: float, url: str, patience_s: float) -> Launch:
    guest = Guest.of(server)
    if guest is None:
        raise RuntimeError("the server is active, but its guest has not booted")
    with followed(guest.path(_LOG)) as log:
        live = _answers(guest, url, asked + patience_s)
    noted = marks(guest.path(_MARKS).read_text())
    return Launch(
        who=Who.BY_HAND, asked=asked, booted=guest.booted, began=noted["began"],
        last_step=last_step(log.lines), built=noted["built"], live=live,
    )  # fmt: skip


def _answers(guest: Guest, url: str, ends: float) -> float:
    """When the page was there. Caddy's certificate is of an authority of its own."""
    context = ssl._create_unverified_context()  # noqa: SLF001  the public way to it is four lines long
    while True:
        # Only once the build is done: until then nobody listens, and the attempts would cost the build time.
        text = _read(guest, _MARKS)
        if "failed" in text or time.time() > ends:
            raise RuntimeError(f"by hand it did not come up: {_read(guest, '/var/log/by-hand.log')[-3000:]}")
        if "built" in text:
            with (
                suppress(OSError),
                urllib.request.urlopen(url, timeout=5, context=context) as answer,
            ):
                answer.read()
                return time.time()
        time.sleep(_LOOK_EVERY_S)


def _read(guest: Guest, path: str) -> str:
    try:
        return guest.path(path).read_text()
    except OSError:
        return ""
