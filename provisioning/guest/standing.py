"""What the bot may change while the agent runs: the membership epoch and the bot's keys. Kept over restarts."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .durable import read_json, write, write_json
from .orders import BadOrdersError, Orders, checked_keys


@dataclass(frozen=True)
class Standing:
    """As it stands now."""

    epoch: int
    keys: tuple[str, ...]


class Config:
    """The changing part of the agent's settings."""

    def __init__(self, state: Path, orders: Orders) -> None:
        self._file = state / "config.json"
        self._lock = threading.Lock()
        kept = read_json(self._file)
        self.now = _checked(kept) if kept else Standing(epoch=0, keys=orders.bot_keys)

    def change(self, value: Any) -> Standing:
        """Take what the bot sent. Raises `BadOrdersError`; the epoch never goes back."""
        wanted = _checked(value)
        with self._lock:
            if wanted.epoch < self.now.epoch:
                raise BadOrdersError(f"the epoch is {self.now.epoch} already")
            write_json(self._file, {"epoch": wanted.epoch, "keys": list(wanted.keys)}, mode=0o600)
            self.now = wanted
        return wanted


def cookie_key(state: Path) -> bytes:
    """The key of the people's cookies, made once and readable by the agent only."""
    file = state / "cookie.key"
    if not file.exists():
        write(file, os.urandom(32), mode=0o600)
    return file.read_bytes()


def _checked(value: Any) -> Standing:
    try:
        epoch = value["epoch"]
        if isinstance(epoch, bool) or not isinstance(epoch, int) or epoch < 0:
            raise BadOrdersError("epoch is no number")
        return Standing(epoch=epoch, keys=checked_keys(value["keys"]))
    except (KeyError, TypeError) as error:
        raise BadOrdersError("epoch and keys are needed") from error
