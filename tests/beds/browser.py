"""The bed "browser": Chromium, driven by Playwright."""

import shutil
from typing import Any

from tests.acceptance.playing import CHROMIUM, CHROMIUM_ARGUMENTS
from tests.beds.left_out import missing


def chromium() -> dict[str, Any]:
    """What Playwright launches it with; leaves the test out where this machine has none."""
    if shutil.which(CHROMIUM) is None:
        missing("browser", "apt-get install chromium")
    return {"executable_path": CHROMIUM, "args": CHROMIUM_ARGUMENTS}
