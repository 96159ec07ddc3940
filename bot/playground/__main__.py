"""The playground alone: ``python -m bot.playground --port 3000``. A bot reaches it with the settings that it prints."""

import argparse
import asyncio
import contextlib
import signal
from collections.abc import Sequence
from pathlib import Path

import yaml

from bot.manifest import manifest
from bot.playground.server import Playground
from bot.playground.site import InstalledApp


def main(arguments: Sequence[str] | None = None) -> None:
    """Run until Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m bot.playground", description="a stand-in Slack on this machine"
    )
    parser.add_argument("--port", type=int, default=3000, help="0 takes a free one")
    parser.add_argument(
        "--manifest",
        type=Path,
        help="the app's manifest, instead of the bot's own: its scopes, commands, events",
    )
    parser.add_argument("--rates", choices=("off", "slack"), default="slack", help="Slack's rate limits")
    parser.add_argument("--bot-token", help="instead of a random one")
    parser.add_argument("--app-token", help="instead of a random one")
    parser.add_argument("--signing-secret", help="instead of a random one")
    parser.add_argument("--request-url", help="send everything there over HTTP, not over Socket Mode")
    asyncio.run(_run(parser.parse_args(arguments)))


async def _run(options: argparse.Namespace) -> None:
    tokens = {
        n: getattr(options, n) for n in ("bot_token", "app_token", "signing_secret") if getattr(options, n)
    }
    installed = yaml.safe_load(options.manifest.read_text()) if options.manifest else manifest()
    playground = Playground(app=InstalledApp.from_manifest(installed, **tokens), rates=options.rates)
    await playground.start(port=options.port)
    print(  # noqa: T201  what it is for
        f"{playground.url}/\nSLACK_API_URL={playground.api_url}\nSLACK_BOT_TOKEN={playground.bot_token}\n"
        f"SLACK_APP_TOKEN={playground.app_token}\nSLACK_SIGNING_SECRET={playground.signing_secret}",
        flush=True,
    )
    if options.request_url:
        playground.deliver_to(options.request_url)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    with contextlib.suppress(asyncio.CancelledError):
        await stopped.wait()
    await playground.stop()


if __name__ == "__main__":
    main()
