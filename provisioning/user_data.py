"""The user data of an instance: the guest agent unchanged, launch.json, and the units that run it; as gzipped cloud-config.

It holds no secret. Nothing of a person's text is spliced into it: launch.json is base64, the rest is the same for everybody.
The agent and all other files are one text inside, by bzip2: it packs text a sixth smaller than gzip does, a tar's headers would
take a kilobyte, and clouds take no more than `MOST_BYTES`.
"""

import base64
import bz2
import functools
import gzip
import json
import re
import zlib
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from provisioning.errors import RefusedError
from provisioning.model import Json

MOST_BYTES = 65_535  # of the base64, as Nova counts
_AGENT = "/opt/binderops"
_PACKED = f"{_AGENT}/files.bz2"
_STATE = "/var/lib/binderops"
_UNIT, _FIREWALL = "binderops-agent.service", "binderops-firewall.service"
_LOCAL = {"build_venv.py", "conda_file.py"}  # modules of the agent that only a machine without Docker needs
_GZIP = 16 + zlib.MAX_WBITS  # zlib's way to say: with gzip's header, which then has no time


def render(launch: Json) -> bytes:
    """The user data for these orders; the same orders give the same bytes. Raises `RefusedError` (``user-data-too-large``).

    Blocks: the first call packs what is the same for everybody, each later one its own orders only. Threads may call it at once.
    """
    orders = _packed_file(f"{_STATE}/launch.json", json.dumps(launch).encode())
    begun, packer = _begun()
    packer = packer.copy()
    packed: bytes = begun + packer.compress(_yaml([orders])) + packer.flush()
    size = len(base64.b64encode(packed))
    if size > MOST_BYTES:
        raise RefusedError(
            "user-data-too-large",
            f"The instance's user data has {size} bytes, the cloud takes {MOST_BYTES}.",
            "Shorten the request; if it is short, tell whoever runs the bot.",
        )
    return packed


@functools.cache
def _begun() -> tuple[bytes, Any]:
    """What every instance gets, packed, and the packer that goes on from there: ``write_files`` is last and still open."""
    config = {
        "bootcmd": [["/bin/sh", "-c", _template("first-report.sh")]],
        "runcmd": [
            ["python3", "-c", _template("unpack.py"), _PACKED, "/"],
            ["systemctl", "daemon-reload"],
            ["systemctl", "enable", _FIREWALL],
            ["systemctl", "enable", "--now", "--no-block", _UNIT],
        ],
        "write_files": [
            # Digests are packed better apart.
            _file(f"{_AGENT}/requirements.txt", _template("guest-requirements.txt")),
        ],
    }
    # Most of it is packed already: short repetitions in that are chance and cost more than they save, and its letters are
    # others than those of the text around it.
    packer = zlib.compressobj(9, zlib.DEFLATED, _GZIP, 9, zlib.Z_FILTERED)
    parts = b"#cloud-config\n" + _yaml(config), _yaml([_packed_file(_PACKED, _pack(_files()))])
    return b"".join(packer.compress(part) + packer.flush(zlib.Z_SYNC_FLUSH) for part in parts), packer


def _yaml(value: object) -> bytes:
    """A list in a mapping is not indented, so that one more element may follow it."""
    return yaml.safe_dump(value, sort_keys=False, width=1_000_000).encode()


def files_in(config: Mapping[str, Any]) -> dict[str, str]:
    """What a cloud-config brings, the agent's modules and all else, by their paths on the instance."""
    content = next(f["content"] for f in config["write_files"] if f["path"] == _PACKED)
    entries = bz2.decompress(base64.b64decode(content)).decode().split("\0")
    split = (entry.partition("\n") for entry in entries)
    return {f"/{name}": text for name, _, text in split}


def load(packed: bytes) -> tuple[dict[str, Any], Json]:
    """The cloud-config in a user data, and the launch.json in that: what an instance will see."""
    config = yaml.safe_load(gzip.decompress(packed))
    orders = next(f for f in config["write_files"] if f["path"] == f"{_STATE}/launch.json")
    return config, json.loads(base64.b64decode(orders["content"]))


def _agent(folder: Traversable, below: str = "") -> dict[str, str]:
    """The modules of the agent by their names below the package."""
    found: dict[str, str] = {}
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            found |= _agent(entry, f"{below}{entry.name}/")
        elif entry.name.endswith(".py") and below + entry.name not in _LOCAL:
            found[below + entry.name] = entry.read_text(encoding="utf-8")
    return found


def _files() -> dict[str, str]:
    """Everything that is the same for every instance, by its path."""
    units = {f"/etc/systemd/system/{unit}": _template(unit) for unit in (_UNIT, _FIREWALL)}
    scripts = {f"{_AGENT}/{name}": _template(name) for name in ("setup.sh", "firewall.sh")}
    agent = {f"{_AGENT}/guest/{name}": text for name, text in _agent(files("provisioning.guest")).items()}
    return {**agent, **scripts, **units}


def _pack(content: Mapping[str, str]) -> bytes:
    """As ``templates/unpack.py`` reads it; the same content gives the same bytes."""
    entries = (f"{path.lstrip('/')}\n{text}" for path, text in sorted(content.items()))
    return bz2.compress("\0".join(entries).encode())


def _template(name: str) -> str:
    """A template without its comments' lines: there is little room, and they are for whoever changes it."""
    text = files("templates").joinpath(name).read_text(encoding="utf-8")
    return re.sub(r"^ *# .*\n", "", text, flags=re.MULTILINE)


def _packed_file(path: str, content: bytes) -> dict[str, str]:
    return {
        "path": path,
        "permissions": "0600",
        "encoding": "b64",
        "content": base64.b64encode(content).decode(),
    }


def _file(path: str, text: str) -> dict[str, str]:
    return {"path": path, "permissions": "0644", "content": text}
