"""A running ``binderops serve`` of a playground's workspace on an OpenStack cloud, each a process of its own."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

from provisioning.store.postgres import EmbeddedPostgres
from tests.acceptance.playing import Playing, free_port

ROOT = Path(__file__).parents[2]


@contextmanager
def serving(folder: Path, clouds_yaml: Path, settings: dict[str, Any]) -> Iterator[Playing]:
    """Both from start to stop, with a database of their own; what they write is in ``log`` of the folder."""
    config = folder / "binderops.yaml"
    config.write_text(yaml.safe_dump(settings))
    with ExitStack() as stack, (folder / "log").open("ab") as log:
        playground = subprocess.Popen(
            [sys.executable, "-u", "-m", "bot.playground", "--port", str(free_port()), "--manifest", "manifest.yml"],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
        )  # fmt: skip
        stack.callback(_forgotten, folder / "home")
        stack.callback(_ended, playground)
        assert playground.stdout is not None
        url, *told = (playground.stdout.readline().strip() for _ in range(5))
        bot = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--cloud", "openstack", "--ops", f"127.0.0.1:{free_port()}"],
            cwd=folder, stdout=log, stderr=log, start_new_session=True,
            env={
                **os.environ, **dict(line.split("=", 1) for line in told),
                "BINDEROPS_HOME": str(folder / "home"), "BINDEROPS_CONFIG": str(config), "OS_CLIENT_CONFIG_FILE": str(clouds_yaml),
            },
        )  # fmt: skip
        stack.callback(_ended, bot)
        found = Playing(url.rstrip("/"), folder / "home", bot)
        found.until(lambda: found.get("/person/state")["bot_connected"], within_s=60)
        yield found


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
