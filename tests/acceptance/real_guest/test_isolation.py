"""What a real instance keeps a notebook from, and what it shows the outside."""

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.acceptance.real_guest.seen import Seen
from tests.beds.guest_bed import HOST, folder_of

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1200)]

# All of these answer on this bed to whoever is let through: the metadata service's stand-in, this machine, the instance itself.
_TRIES = f"""
import os, socket
def answers(address, port):
    try:
        socket.create_connection((address, port), timeout=3).close()
        return True
    except OSError:
        return False
own = ".".join(socket.gethostbyname(socket.gethostname()).split(".")[:3]) + ".1"
from concurrent.futures import ThreadPoolExecutor
places = [("169.254.169.254", 80), ("{HOST}", 5081), (own, 443), (own, 22)]
files = ["/var/run/docker.sock", "/run/docker.sock", "/var/lib/binderops/agent.key", "/var/lib/binderops/launch.json"]
with ThreadPoolExecutor(4) as pool:
    found = [p for p, it_does in zip(places, pool.map(lambda p: answers(*p), places)) if it_does]
print(found + [f for f in files if os.path.exists(f)])
"""


async def test_given_a_notebook_cell_when_it_tries_what_is_not_the_persons_then_nothing_answers(
    ready: Seen,
) -> None:
    async with ready.browser() as browser:
        await browser.enter(browser.ticket)

        assert await browser.compute(_TRIES) == "[]"


async def test_given_a_neighbour_on_the_private_network_when_a_cell_tries_it_then_only_the_instance_itself_gets_there(
    ready: Seen, failed: Seen
) -> None:
    neighbour = next(a["addr"] for a in addresses(failed) if a["OS-EXT-IPS:type"] == "fixed")
    tries = f"import socket; socket.create_connection(({neighbour!r}, 443), timeout=5); print('reached')"

    reached = said_on(ready, tries)
    async with ready.browser() as browser:
        await browser.enter(browser.ticket)
        from_a_cell = await browser.compute(
            f"try:\n    {tries}\nexcept OSError as error:\n    print(type(error).__name__)"
        )

    assert (reached, from_a_cell != "reached") == ("reached\n", True)


def addresses(binder: Seen) -> list[dict[str, str]]:
    """Of its instance, as Nova shows them."""
    return [a for found in binder.servers()[0].addresses.values() for a in found]


def said_on(binder: Seen, code: str) -> str:
    """What Python prints on the network of its instance, outside the containers there."""
    init = (folder_of(binder.servers()[0].id) / "init.pid").read_text().strip()
    inside = ["nsenter", f"--net=/proc/{init}/ns/net", sys.executable, "-c", code]
    return subprocess.run(inside, check=True, capture_output=True, text=True).stdout


def test_given_the_address_when_other_ports_are_tried_from_outside_then_only_443_is_open(
    ready: Seen,
) -> None:
    address = urlsplit(ready.private_link()).hostname

    tried = (22, 80, 443, 2375, 8888)
    with ThreadPoolExecutor(len(tried)) as pool:
        opened = list(pool.map(lambda port: _is_open(address, port), tried))

    assert [port for port, is_open in zip(tried, opened, strict=True) if is_open] == [443]


def _is_open(address: str | None, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=3):
            return True
    except OSError:
        return False
