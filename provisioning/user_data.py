"""The user data of an instance: the guest agent unchanged, launch.json, and the unit that runs it; as gzipped cloud-config.

It holds no secret. Nothing of a person's text is spliced into it: launch.json is base64, the rest is the same for everybody.
"""

import base64
import gzip
import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from provisioning.errors import RefusedError
from provisioning.model import Json

MOST_BYTES = 65_535  # of the base64, as Nova counts
_AGENT = "/opt/binderops"
_STATE = "/var/lib/binderops"
_UNIT = "binderops-agent.service"


def render(launch: Json) -> bytes:
    """The user data for these orders. Raises `RefusedError` (``user-data-too-large``)."""
    config = {
        "bootcmd": [["/bin/sh", "-c", _template("first-report.sh")]],
        "write_files": [
            *(
                _file(f"{_AGENT}/guest/{name}", text)
                for name, text in sorted(_agent(files("provisioning.guest")).items())
            ),
            _file(f"{_AGENT}/setup.sh", _template("setup.sh")),
            _file(f"{_AGENT}/requirements.txt", _template("guest-requirements.txt")),
            _file(f"/etc/systemd/system/{_UNIT}", _template(_UNIT)),
            {
                "path": f"{_STATE}/launch.json",
                "permissions": "0600",
                "encoding": "b64",
                "content": base64.b64encode(json.dumps(launch).encode()).decode(),
            },
        ],
        "runcmd": [["systemctl", "daemon-reload"], ["systemctl", "enable", "--now", "--no-block", _UNIT]],
    }
    text = "#cloud-config\n" + yaml.safe_dump(config, sort_keys=False, width=1_000_000)
    # No time in the header: the same orders give the same bytes.
    packed = gzip.compress(text.encode(), compresslevel=9, mtime=0)
    size = len(base64.b64encode(packed))
    if size > MOST_BYTES:
        raise RefusedError(
            "user-data-too-large",
            f"The instance's user data has {size} bytes, the cloud takes {MOST_BYTES}.",
            "Shorten the request; if it is short, tell whoever runs the bot.",
        )
    return packed


def load(packed: bytes) -> tuple[dict[str, Any], Json]:
    """The cloud-config in a user data, and the launch.json in that: what an instance will see."""
    config = yaml.safe_load(gzip.decompress(packed))
    orders = next(f for f in config["write_files"] if f["path"] == f"{_STATE}/launch.json")
    return config, json.loads(base64.b64decode(orders["content"]))


def _agent(folder: Traversable, below: str = "") -> dict[str, str]:
    """Every module of the agent by its name below the package."""
    found: dict[str, str] = {}
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            found |= _agent(entry, f"{below}{entry.name}/")
        elif entry.name.endswith(".py"):
            found[below + entry.name] = entry.read_text(encoding="utf-8")
    return found


def _template(name: str) -> str:
    return files("templates").joinpath(name).read_text(encoding="utf-8")


def _file(path: str, text: str) -> dict[str, str]:
    return {"path": path, "permissions": "0644", "content": text}
