"""Look a repository or record up: its immutable id, and what the source says of itself. Creates nothing."""

import argparse
import asyncio

from bot.github_app import policy_with_app
from bot.grammar import content_of, parse
from bot.output import print_json
from bot.runtime import utc_now
from bot.settings import Settings
from provisioning.sources import identify

SUMMARY = "show the commit that a launch would use"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """TEXT."""
    parser.add_argument("text", nargs="+", metavar="TEXT", help="what follows /binder")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the request and its immutable id."""
    policy = policy_with_app(settings, utc_now)
    request = parse(" ".join(arguments.text), allow_exact=policy.allow_exact)
    resolved = asyncio.run(identify(request, policy=policy))
    request = resolved.as_found(request)
    pulled = content_of(request.open_url)
    print_json({
        "provider": resolved.provider or request.provider, "repo": request.repo, "url": resolved.url,
        "commit": resolved.commit, "ref": resolved.ref,
        "title": resolved.title, "licence": resolved.licence, "size_mib": resolved.size_mib,
        "path": request.path, "path_kind": request.path_kind, "open_url": request.open_url,
        "content": pulled.repo if pulled else "",
    })  # fmt: skip
    return 0
