"""Serve a Slack workspace, over Socket Mode or HTTP. Ends at SIGTERM, letting what is under way end first."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from bot import http_mode, ops
from bot.clouds import doubts, is_local, local_sites, open_local_cloud, openstack_sites
from bot.figures import Figures
from bot.http_mode import HttpMode
from bot.listening import Address
from bot.runtime import Parts, database_url, running, until_told_to_stop, utc_now
from bot.settings import Settings
from provisioning.errors import RefusedError
from provisioning.sites import Sites
from provisioning.sources import SOURCES, Source

SUMMARY = "serve a Slack workspace"

_NO_ISOLATION = (
    "Instances run on this machine as this user, without isolation: whoever may launch can read what this user can read. "
    "Serve only a workspace whose members you would give a shell here."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How Slack reaches the bot, and where instances run."""
    parser.add_argument(
        "--slack",
        choices=["socket", "http"],
        default="socket",
        help="how Slack reaches the bot: socket (Socket Mode, no inbound port), http (Slack calls POST /slack/events)",
    )
    parser.add_argument(
        "--http",
        type=Address.parse,
        default=http_mode.DEFAULT,
        metavar="HOST:PORT",
        help=f"with --slack http: where to listen for Slack, {http_mode.DEFAULT} by default",
    )
    parser.add_argument(
        "--ops",
        type=Address.parse,
        default=ops.DEFAULT,
        metavar="HOST:PORT",
        help=f"where to answer /healthz, /readyz and /metrics, {ops.DEFAULT} by default",
    )
    parser.add_argument(
        "--cloud",
        choices=["openstack", "local"],
        help="where instances run: openstack (by clouds.yaml), local (this machine); with the preset local this machine is the default",
    )
    parser.add_argument(
        "--forget-cloud",
        nargs="?",
        const="",
        metavar="NAME",
        help="give up the environments of this cloud (the first one without a name) that are in another project than the settings name",
    )


def run(arguments: argparse.Namespace, settings: Settings, sources: Sequence[Source] = SOURCES) -> int:
    """Serve until told to stop. ``sources``: where repositories and records are looked up."""
    own = "slack_signing_secret" if arguments.slack == "http" else "slack_app_token"
    missing = [name.upper() for name in ("slack_bot_token", own) if not getattr(settings.secrets, name)]
    if missing:
        raise RefusedError(
            "slack-tokens-missing",
            f"{' and '.join(missing)} must be set.",
            "Create the app from manifest.yml and take its tokens; docs/howto/serve-a-workspace.md shows each click.",
        )
    asyncio.run(_serve(settings, arguments, sources))
    return 0


async def _serve(settings: Settings, arguments: argparse.Namespace, sources: Sequence[Source]) -> None:
    inbound = http_inbound(settings, arguments.http) if arguments.slack == "http" else None
    figures = Figures()
    sites = await _sites(settings, arguments.cloud, figures)
    async with (
        database_url(settings) as url,
        running(
            Parts(
                settings=settings,
                url=url,
                sites=sites,
                inbound=inbound,
                ops=arguments.ops,
                figures=figures,
                forget=arguments.forget_cloud,
                sources=sources,
            )
        ),
    ):
        print("Binderops serves. Ctrl-C stops it.", flush=True)
        is_here = is_local(settings, arguments.cloud)
        for warning in (_NO_ISOLATION,) if is_here else doubts(settings):
            print(warning, file=sys.stderr, flush=True)
        await until_told_to_stop()


async def _sites(settings: Settings, asked: str | None, figures: Figures) -> Sites:
    if is_local(settings, asked):
        return local_sites(await open_local_cloud(settings), settings, utc_now)
    return openstack_sites(settings, utc_now, observe=figures.cloud_call)


def http_inbound(settings: Settings, address: Address) -> HttpMode:
    """HTTP mode at this address."""
    return HttpMode(address, settings.secrets.slack_signing_secret, utc_now)
