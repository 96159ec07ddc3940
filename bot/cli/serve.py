"""Serve a Slack workspace, over Socket Mode or HTTP. Ends at SIGTERM, letting what is under way end first."""

import argparse
import asyncio
import shutil
import sys
from pathlib import Path

from bot import http_mode
from bot.http_mode import HttpMode
from bot.listening import Address
from bot.runtime import Parts, database_url, running, until_told_to_stop, utc_now
from bot.settings import Settings
from provisioning.clouds.local import LocalCloud
from provisioning.errors import RefusedError
from provisioning.plan import PlanPolicy, PriceRule, preset
from provisioning.sites import Sites, site

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
        "--cloud", choices=["local"], default="local", help="where instances run: local (this machine)"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Serve until told to stop."""
    own = "slack_signing_secret" if arguments.slack == "http" else "slack_app_token"
    missing = [name.upper() for name in ("slack_bot_token", own) if not getattr(settings.secrets, name)]
    if missing:
        raise RefusedError(
            "slack-tokens-missing",
            f"{' and '.join(missing)} must be set.",
            "Create the app from manifest.yml and take its tokens; docs/howto/serve-a-workspace.md shows each click.",
        )
    asyncio.run(_serve(settings, arguments))
    return 0


async def _serve(settings: Settings, arguments: argparse.Namespace) -> None:
    inbound = http_inbound(settings, arguments.http) if arguments.slack == "http" else None
    cloud = await open_local_cloud(settings)
    async with (
        database_url(settings) as url,
        running(
            Parts(
                settings=settings,
                url=url,
                sites=Sites([site(cloud, utc_now, plans=plans(settings))]),
                inbound=inbound,
            )
        ),
    ):
        print("Binderops serves. Ctrl-C stops it.", flush=True)
        print(_NO_ISOLATION, file=sys.stderr, flush=True)
        await until_told_to_stop()


def http_inbound(settings: Settings, address: Address) -> HttpMode:
    """HTTP mode at this address."""
    return HttpMode(address, settings.secrets.slack_signing_secret, utc_now)


async def open_local_cloud(settings: Settings, *, runtime: str = "venv") -> LocalCloud:
    """The local cloud of this home; instances that a reboot of the machine ended run again."""
    cloud = local_cloud(settings, runtime=runtime)
    await cloud.open()
    return cloud


def local_cloud(settings: Settings, *, runtime: str = "venv") -> LocalCloud:
    """The same, only to look at: nothing is started."""
    return LocalCloud(
        settings.home / "cloud",
        deployment=settings.text("deployment"),
        guest=Path(__file__).parents[2] / "provisioning",
        caddy=program("caddy"),
        uv=program("uv"),
        runtime=runtime,
        max_instances=round(settings.number("limits.local_instances") or 1),
    )


def program(name: str) -> Path:
    """A program that came with our packages, beside this Python, else one of the PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise RefusedError("program-missing", f"The program {name} is missing.", "Run make setup.")
    return Path(found)


def plans(settings: Settings, name: str = "") -> PlanPolicy:
    """The preset's policy, with the settings that go before it."""
    policy = preset(name or settings.text("preset"))
    given = settings.values["prices"]
    prices = (
        tuple(PriceRule(pattern=p, su_per_hour=float(su)) for p, su in given.items())
        if isinstance(given, dict)
        else ()
    )
    return policy.with_settings(
        flavor=settings.text("defaults.flavor"), image=settings.text("defaults.image"), hours=settings.number("defaults.hours"),
        max_hours=settings.number("limits.max_hours"), confirm_above=settings.number("confirm_above_su_per_hour"), prices=prices,
    )  # fmt: skip
