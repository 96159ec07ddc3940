"""Try it on this machine: a playground as Slack, this machine as the cloud, nothing to sign in to. Ctrl-C stops all of it."""

import argparse
import asyncio
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bot.cli.serve import http_inbound
from bot.clouds import local_sites, open_local_cloud
from bot.listening import Address
from bot.manifest import manifest
from bot.outbox import post_again
from bot.playground import InstalledApp, Playground
from bot.runtime import Parts, database_url, running, until_told_to_stop, utc_now
from bot.settings import Secrets, Settings
from provisioning.errors import RefusedError
from provisioning.store.database import Database

SUMMARY = "a playground on this machine"

_SETTINGS = {"preset": "local", "deployment": "try"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The port, the way from the playground to the bot, and what instances are made of."""
    parser.add_argument(
        "--port", type=int, default=3000, help="the playground's port on 127.0.0.1; 0 takes a free one"
    )
    parser.add_argument(
        "--slack",
        choices=["socket", "http"],
        default="socket",
        help="how the playground reaches the bot, as for serve; http takes a free port",
    )
    parser.add_argument(
        "--docker",
        action="store_true",
        help="build with repo2docker and run in containers of this machine's Docker, as on a real instance",
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Play until Ctrl-C."""
    with _alone(settings.home):
        asyncio.run(_play(settings, arguments))
    return 0


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One playground for one home: two would tell each other's stories and stop each other's instances."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "try.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RefusedError(
                "already-playing",
                f"A playground runs on {home} already.",
                "Use that one, or give this one a home of its own: BINDEROPS_HOME=~/second make try.",
            ) from error
        yield


async def _play(settings: Settings, arguments: argparse.Namespace) -> None:
    port = arguments.port
    app = InstalledApp.from_manifest(manifest())
    playground = Playground(app=app, folder=settings.home / "playground")
    try:
        await playground.start(port=port)
    except OSError as error:
        raise RefusedError(
            "port-in-use", f"Port {port} is in use.", "Take another: PORT=4000 make try."
        ) from error
    try:
        await _play_in(playground, _settings_for(playground, settings), arguments)
    finally:
        await playground.stop()


async def _play_in(playground: Playground, settings: Settings, arguments: argparse.Namespace) -> None:
    cloud = await open_local_cloud(settings, runtime="docker" if arguments.docker else "venv")
    http = http_inbound(settings, Address("127.0.0.1", 0)) if arguments.slack == "http" else None
    try:
        async with database_url(settings) as url:
            await _fill(url)
            sites = local_sites(cloud, settings, utc_now)
            parts = Parts(settings=settings, url=url, sites=sites, inbound=http)
            async with running(parts):
                if http is not None:
                    playground.deliver_to(http.url)
                print(f"The playground: {playground.url}", flush=True)
                print(f"Try there:      /binder {playground.sample_url}", flush=True)
                print("Ctrl-C stops everything.", flush=True)
                await until_told_to_stop()
                print("Stopping ...", flush=True)
    finally:
        await cloud.switch_off()


async def _fill(url: str) -> None:
    """A playground forgets when it ends: what is still there is told again in the new one."""
    db = await Database(url).open()
    try:
        async with db.transaction() as tx:
            await post_again(tx)
    finally:
        await db.close()


def _settings_for(playground: Playground, settings: Settings) -> Settings:
    exempt = [f"{playground.url}/"]
    secrets = Secrets(
        slack_bot_token=playground.bot_token,
        slack_app_token=playground.app_token,
        slack_signing_secret=playground.signing_secret,
        binderops_key=settings.secrets.binderops_key,
        github_app_private_key=settings.secrets.github_app_private_key,
    )
    values = {**settings.values, **_SETTINGS, "sources.allow_exact": exempt}
    return replace(settings, values=values, secrets=secrets, slack_api_url=playground.api_url)
