"""One repository on a real guest, twice by hand and twice by the bot, and the way to it directly and through the gate.

    python -m bench.guest [--mebibytes 64] [--messages 200] [--rounds 3] [--json FILE]

It runs on the OpenStack bed with guests, which it brings up where it is not up. By hand is `bench.guest_by_hand`, ours a whole bot
with the playground as its Slack (`bench.guest_ours`); both build the same commit on the same image and flavor, one after the other, by
hand, ours, ours, by hand, after one by hand that does not count: whoever is first pays for empty caches. The gate is measured
at the last of our instances, before it is deleted.

Exit code 0: our build takes as long as the one by hand, and the button comes soon after the build's last step, both within their
targets; 1: not so.
"""

import argparse
import asyncio
import json
import logging
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench import guest_by_hand, guest_ours, guest_ways
from bench.guest_by_hand import ByHand
from bench.guest_figures import Figures, Launch, Way, Who, report
from bench.guest_ours import Ours, Up
from bench.guest_ways import Asked
from tests.acceptance.real_guest.launching import DOCKERFILE, bot_on
from tests.acceptance.real_guest.seen import Visit
from tests.beds.guest_bed import HOST, GuestBed, cloud_with_guests
from tests.fakes.guest_bench import a_repository, git_daemon
from tests.integration.openstack.project import own_project

ORDER = (Who.BY_HAND, Who.OURS, Who.OURS, Who.BY_HAND)
_BIG = "big.bin"
_DOWNLOADS = 3  # in each round


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much is measured of each way to the server."""

    mebibytes: int = 64
    messages: int = 200
    rounds: int = 3


def main() -> int:
    """Exit code 0: both targets held."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.guest", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--mebibytes", type=int, default=64, help="of the file that is downloaded")
    parser.add_argument("--messages", type=int, default=200, help="over each websocket, each round")
    parser.add_argument("--rounds", type=int, default=3, help="of all ways to the server")
    parser.add_argument("--json", type=Path, help="also write all figures there")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: everything is ended
    logging.getLogger("openstack").setLevel(logging.ERROR)
    figures = measure(Sizes(mebibytes=options.mebibytes, messages=options.messages, rounds=options.rounds))
    print(report(figures))
    if options.json:
        options.json.write_text(json.dumps(asdict(figures), indent=1))
    return 1 if figures.missed else 0


def measure(sizes: Sizes) -> Figures:
    """All of it, from the bed to the figures."""
    launches: list[Launch] = []
    ways: list[Way] = []
    opened: list[float] = []
    with _both_sides() as (by_hand, ours):
        _say("by hand, to fill the caches")
        guest_by_hand.launch(by_hand)
        for number, who in enumerate(ORDER, 1):
            _say(f"launch {number} of {len(ORDER)}: {who}")
            if who is Who.BY_HAND:
                launches.append(guest_by_hand.launch(by_hand))
                continue
            up = guest_ours.launch(ours, f"ours-{number}")
            launches.append(up.launch)
            is_last = Who.OURS not in ORDER[number:]
            took_s, found = asyncio.run(_visited(up, sizes if is_last else None))
            opened.append(took_s)
            ways += found
            guest_ours.delete(up)
    return Figures(launches=launches, ways=ways, opened_s=opened)


@contextmanager
def _both_sides() -> Iterator[tuple[ByHand, Ours]]:
    """The bed, a project, a repository that git serves, and a bot."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        commit = a_repository(folder / "git" / "whole", {"Dockerfile": DOCKERFILE, "greeting.txt": "hello\n"})
        _say("the OpenStack bed with guests")
        with (
            cloud_with_guests() as bed,
            own_project(bed.clouds_yaml, bed.admin, folder) as project,
            git_daemon(folder / "git", host=HOST) as git,
        ):
            image, url = GuestBed().image, f"{git}whole"
            with bot_on(project, folder, image=image, sources=[git]) as room:
                try:
                    yield (
                        ByHand(project=project, image=image, url=url, commit=commit),
                        Ours(room=room, project=project, url=url),
                    )
                except BaseException:
                    _say((folder / "log").read_text(errors="replace")[-3000:])  # what the bot said
                    raise
                finally:
                    project.clear()


async def _visited(up: Up, sizes: Sizes | None) -> tuple[float, Sequence[Way]]:
    """Opened as a person does, in so many seconds; and the ways, where they are wanted."""
    async with guest_ours.opened(up) as (browser, took_s):
        if sizes is None:
            return took_s, ()
        _say("the ways to the server")
        asked = await _ways(up, browser, sizes)
        return took_s, await asyncio.to_thread(guest_ways.measure, asked, sizes.rounds)


async def _ways(up: Up, browser: Visit, sizes: Sizes) -> list[Asked]:
    """The direct one, the gate in the same network, and the gate at the floating IP; a file and a kernel for all."""
    written = (
        f"open({_BIG!r}, 'wb').write(__import__('os').urandom({sizes.mebibytes} << 20)); print('written')"
    )
    said = await browser.compute(written)
    if said != "written":
        raise RuntimeError(f"no file to download: {said}")
    own = {"Origin": browser.public_url, "Sec-Fetch-Site": "same-origin"}
    _, started = await browser.get("/api/kernels", "POST", b"{}", **own)
    port, token = guest_ours.server_port(up.guest)
    common = {
        "file": f"/files/{_BIG}", "kernel": json.loads(started)["id"],
        "downloads": _DOWNLOADS, "messages": sizes.messages,
    }  # fmt: skip
    let_in = {**browser.headers(**own), "Host": urlsplit(browser.public_url).netloc}
    return [
        Asked(name="direct, at the container's port", url=f"http://127.0.0.1:{port}",
              headers={"Authorization": f"token {token}"}, inside=up.guest.pid, **common),
        Asked(name="through the gate, in the guest", url="https://127.0.0.1", headers=let_in, inside=up.guest.pid, **common),
        Asked(name="through the gate, at the floating IP", url=browser.public_url, headers=let_in, **common),
    ]  # fmt: skip


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
