"""Files that are whole or not there: written beside, then renamed."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any


def write(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Replace a file in one step; a kill leaves the old one or the new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    os.replace(beside, path)


def write_json(path: Path, value: Any, *, mode: int = 0o644) -> None:
    """Replace a JSON file in one step."""
    write(path, json.dumps(value).encode(), mode=mode)


def read_json(path: Path) -> Any:
    """What a JSON file holds; None where there is none or it is no JSON."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
