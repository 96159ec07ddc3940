"""A guest that says one line, starts a child that leaves its session, and then waits. For tests of the local cloud.

Run as the real one: ``python -m guest STATE_DIR``. ``launch.json`` may ask for more by its key ``tiny``:
``runaway`` starts the child without any environment, and lets its parent die; ``deaf`` ignores SIGTERM.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def main(state: Path) -> None:
    wishes = json.loads((state / "launch.json").read_text()).get("tiny", [])
    if "deaf" in wishes:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "runaway" in wishes:
        script = f"import subprocess; print(subprocess.Popen({SLEEP!r}, env={{}}, stdout=-3, start_new_session=True).pid)"
        child = int(subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True).stdout)
    else:
        child = subprocess.Popen(SLEEP, start_new_session=True).pid
    beside = state / "pids.new"
    beside.write_text(json.dumps({"agent": os.getpid(), "child": child, "environment": dict(os.environ)}))
    sys.stdout.write('binderops: {"v":1,"n":1,"t":"2026-01-01T00:00:00Z","phase":"setup","msg":"tiny"}\n')
    sys.stdout.flush()
    beside.replace(state / "pids.json")
    while True:
        signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
