"""A running ``binderops serve``, one process of it or several, of a playground's workspace: each a process of its own."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import yaml

from bot.clouds import program
from provisioning.store.postgres import EmbeddedPostgres
from tests.acceptance.playing import Playing, free_port

ROOT = Path(__file__).parents[2]
PATH = "/slack/events"


@contextmanager
def serving(
    folder: Path,
    settings: dict[str, Any],
    *,
    cloud: str = "openstack",
    slack: str = "socket",
    processes: int = 1,
    command: Sequence[str] = (),
    **environment: str,
) -> Iterator[Playing]:
    """All of it from start to stop, with a database of their own; what they write is in ``log`` of the folder.

    ``slack``: ``socket`` or ``http``, the latter through a proxy that spreads Slack's requests over the ``processes``.
    ``command``: what serves instead of ``binderops serve``, with its options.
    """
    config, home = folder / "binderops.yaml", folder / "home"
    with ExitStack() as stack, (folder / "log").open("ab") as log:
        stack.callback(_forgotten, home)
        ways_in = [f"127.0.0.1:{free_port()}" for _ in range(processes)] if slack == "http" else []
        front = f"127.0.0.1:{free_port()}"
        url, told = _playground(stack, log, f"http://{front}{PATH}" if ways_in else "")
        allowed = settings.get("sources", {}).get("allow_exact", [])
        mine = {"sources": {**settings.get("sources", {}), "allow_exact": [f"{url}/", *allowed]}}
        config.write_text(yaml.safe_dump({**settings, **mine}))
        variables = {
            **os.environ, **told, **environment, "BINDEROPS_HOME": str(home), "BINDEROPS_CONFIG": str(config),
            "DATABASE_URL": EmbeddedPostgres(home).start() if processes > 1 else "",
        }  # fmt: skip
        bots = [
            _started(stack, log, folder, [*(command or _SERVE), "--cloud", cloud, "--slack", slack, *_addresses(way)], variables)
            for way in ways_in or [""] * processes
        ]  # fmt: skip
        if ways_in:
            _started(
                stack,
                log,
                folder,
                [str(program("caddy")), "reverse-proxy", "--from", f"http://{front}", *_to(ways_in)],
            )
        found = Playing(url, home, bots[0])
        found.until(lambda: found.get("/person/state")["bot_connected"], within_s=60)
        yield found


_SERVE = (sys.executable, "-m", "bot", "serve")


def _addresses(way_in: str) -> list[str]:
    return ["--ops", f"127.0.0.1:{free_port()}", *(["--http", way_in] if way_in else [])]


def _to(ways_in: Sequence[str]) -> list[str]:
    return [word for way_in in ways_in for word in ("--to", way_in)]


def _playground(stack: ExitStack, log: IO[bytes], request_url: str) -> tuple[str, dict[str, str]]:
    """Its address, and the variables by which a bot reaches it."""
    asked = ["--request-url", request_url] if request_url else []
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "bot.playground", "--port", str(free_port()), "--manifest", "manifest.yml", *asked],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
    )  # fmt: skip
    stack.callback(_ended, process)
    assert process.stdout is not None
    url, *told = (process.stdout.readline().strip() for _ in range(5))
    return url.rstrip("/"), dict(line.split("=", 1) for line in told)


def _started(
    stack: ExitStack,
    log: IO[bytes],
    folder: Path,
    command: list[str],
    variables: dict[str, str] | None = None,
) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        command, cwd=folder, stdout=log, stderr=log, start_new_session=True, env=variables
    )
    stack.callback(_ended, process)
    return process


def _forgotten(home: Path) -> None:
    server = EmbeddedPostgres(home)  # as root it lies outside of the home
    server.stop_if_unused()
    shutil.rmtree(server.folder, ignore_errors=True)


def _ended(process: "subprocess.Popen[Any]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    if process.stdout is not None:
        process.stdout.close()
