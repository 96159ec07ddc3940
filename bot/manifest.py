"""The Slack app's manifest: what a workspace installs, and what the playground lets the bot do."""

from pathlib import Path
from typing import Any

import yaml

_IN_WHEEL = Path(__file__).with_name("manifest.yml")
_IN_CHECKOUT = Path(__file__).parents[1] / "manifest.yml"


def manifest() -> dict[str, Any]:
    """``manifest.yml`` as data, from the installed package or a checkout."""
    text = (_IN_WHEEL if _IN_WHEEL.exists() else _IN_CHECKOUT).read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded
