"""``python3 -m guest.records STATE_DIR``: bring the source of launch.json into ``repo.part``; a failure lies in a file beside it."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from ..causes import Cause, FailedError
from ..durable import read_json, write_json
from ..orders import parse
from .bringing import bring

_MOST_MEMORY = 2 << 30  # an archive that wants more to be listed is no honest one


def main() -> int:
    state = Path(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    orders = parse(read_json(state / "launch.json"))
    try:
        bring(orders.source, orders.limits, state / "repo.part", state / "fetch.part")
    except FailedError as error:
        cause = error.cause
    except MemoryError:
        cause = Cause(
            "archive-refused", "Reading the source takes too much memory.", "Launch something smaller."
        )
    else:
        return 0
    write_json(state / "fetch-failed.json", cause.as_json())
    return 1


if __name__ == "__main__":
    sys.exit(main())
