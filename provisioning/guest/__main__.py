"""``python3 -m guest STATE_DIR``: run the agent on a state folder that holds launch.json."""

from __future__ import annotations

import sys
from pathlib import Path

from .agent import Agent


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python3 -m guest STATE_DIR", file=sys.stderr)
        return 2
    return Agent(Path(sys.argv[1]).resolve()).run()


if __name__ == "__main__":
    sys.exit(main())
