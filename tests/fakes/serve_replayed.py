"""``binderops serve`` with sources that ask the replaying sites at a URL: ``python -m tests.fakes.serve_replayed URL OPTION...``."""

import argparse
import os
import sys

from bot.cli import serve
from bot.logs import configure
from bot.masking import hide, secrets_in
from bot.settings import load
from tests.fakes.record_sites import sources_at


def main() -> int:
    """As `bot.__main__` does, for this one command."""
    url, *options = sys.argv[1:]
    parser = argparse.ArgumentParser()
    serve.add_arguments(parser)
    hide(secrets_in(os.environ))
    configure(is_quiet=False)
    settings = load(os.environ)
    hide(settings.secrets.all())
    return serve.run(parser.parse_args(options), settings, sources_at(url))


if __name__ == "__main__":
    sys.exit(main())
