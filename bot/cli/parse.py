"""Parse what a person would type: one JSON object for each text, or for each line of standard input. Touches no network."""

import argparse
import json
import sys

from bot.grammar import parse_line
from bot.settings import Settings

SUMMARY = "show how a text is understood"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """TEXT, or standard input."""
    parser.add_argument(
        "text",
        nargs="*",
        metavar="TEXT",
        help="what follows /binder; without it, each line of standard input",
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Exit 2 where a text was refused."""
    lines = [" ".join(arguments.text)] if arguments.text else (line.rstrip("\r\n") for line in sys.stdin)
    allowed = settings.texts("sources.allow_exact")
    several = settings.values["clouds"]
    clouds = dict.fromkeys(several, ()) if isinstance(several, dict) else {}
    all_ok = True
    for line in lines:
        parsed = parse_line(line, clouds, allow_exact=allowed)
        all_ok = all_ok and bool(parsed["ok"])
        print(json.dumps(parsed, ensure_ascii=False))
    return 0 if all_ok else 2
