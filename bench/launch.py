"""Many launches at once on a real OpenStack: the bot's way, and beside it one poll loop for each launch.

    python -m bench.launch [--launches 100] [--clouds-yaml FILE]

Each side runs in a process of its own, one after the other: launches until all servers are ACTIVE, then deletes them. Requests
are counted where they leave the SDK's session, on both sides alike; signing in and the discovery of versions are left out.

**The bot's own share** of a launch is the time from its being asked for until its phase is `booting`, without the time in which
- a request of its own was with the cloud, from sending to the answer;
- it waited for the next listing or reading of the quota that both are shared and paced, or for what a name means (paced too);
- it had put itself off (1 s while its server is built, longer after an error);
- it queued for a loop or a thread because the driver's threads (few on purpose, lest the cloud be flooded) had requests of others
  with the cloud: of a second in which 6 of 8 threads had one, 0.75 s.
What remains is the bot's: being due without a loop's notice, queueing while loops and threads do anything else (such as waiting for a
listing), the database, and all else. Every instant is counted once (`bench.shares`), so the shares add up to the whole.

Figures of a machine that does other things tell little; the ratios of one run tell more. What was made is deleted, quotas are
put back and the project is listed, also after Ctrl-C.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from dataclasses import asdict
from pathlib import Path

from bench import bot_side, figures, loop_side, project
from bench.job import Job, Side
from bot.runtime import STEPS_AT_ONCE

_SIDES = ("bot", "loops")
_PATIENCE_S = 60  # for a side that was told to stop


def main() -> int:
    """Exit code 0: all launched and nothing left; 1: not so."""
    if len(sys.argv) == 4 and sys.argv[1] == "--side":
        return _one_side(sys.argv[2], sys.argv[3])
    options = _options()
    job = Job(
        launches=options.launches, deployment=f"bench-{uuid.uuid4().hex[:8]}", clouds_yaml=options.clouds_yaml.resolve(),
        cloud=options.cloud, admin=options.admin, flavor=options.flavor, image=options.image, volumes=options.volumes,
        volume_gib=options.volume_gib, loops=options.loops, give_up_after_s=options.give_up_after,
    )  # fmt: skip
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: everything is put back
    sides: list[Side] = []
    with project.raised_quotas(job):
        for name in _SIDES if options.only is None else (options.only,):
            print(f"{name}: {job.launches} launches at once as {job.deployment}", file=sys.stderr)
            try:
                sides.append(_run(name, job))
            finally:
                left = asyncio.run(project.emptied(job))
                print(f"{name}: {left} objects had to be cleaned up, none is left", file=sys.stderr)
    print(figures.report(sides))
    if options.json:
        options.json.write_text(json.dumps([asdict(side) for side in sides], indent=1))
    return 0 if all(side.launched == job.launches for side in sides) else 1


def _options() -> argparse.Namespace:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    default = os.environ.get("OS_CLIENT_CONFIG_FILE") or cache / "openstack-dev" / "clouds.yaml"
    parser = argparse.ArgumentParser(
        prog="python -m bench.launch", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--launches", type=int, default=100)
    parser.add_argument(
        "--clouds-yaml", type=Path, default=Path(default), help="default: the OpenStack bed's"
    )
    parser.add_argument("--cloud", default="dev", help="the project to launch in")
    parser.add_argument("--admin", default="dev-admin", help="who may raise its quotas")
    parser.add_argument("--flavor", default="m3.tiny")
    parser.add_argument("--image", default="Featured-Ubuntu24")
    parser.add_argument("--volumes", action="store_true", help="root disks on volumes of our own")
    parser.add_argument("--volume-gib", type=int, default=20)
    parser.add_argument(
        "--loops", type=int, default=STEPS_AT_ONCE, help="binders that the bot steps at the same time"
    )
    parser.add_argument(
        "--give-up-after", type=float, default=900, help="seconds for launching, and for deleting"
    )
    parser.add_argument("--only", choices=_SIDES, help="one side alone")
    parser.add_argument("--json", type=Path, help="also write all figures there")
    return parser.parse_args()


def _run(name: str, job: Job) -> Side:
    """One side in a process of its own: its memory is its own, and a kill leaves us to clean up."""
    told = json.dumps(asdict(job) | {"clouds_yaml": str(job.clouds_yaml)})
    command = [sys.executable, "-m", "bench.launch", "--side", name, told]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            said, _ = process.communicate()
        except BaseException:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    if process.returncode != 0:
        raise SystemExit(f"{name} ended with {process.returncode}")
    return Side.read(said.splitlines()[-1])


def _one_side(name: str, told: str) -> int:
    found = json.loads(told)
    job = Job(**(found | {"clouds_yaml": Path(found["clouds_yaml"])}))
    if name == "bot":
        print(asyncio.run(bot_side.measure(job)).written())
        return 0
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))  # its threads would wait for the cloud for ever
    print(loop_side.measure(job).written())
    return 0


if __name__ == "__main__":
    sys.exit(main())
