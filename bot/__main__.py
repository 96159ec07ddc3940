"""The command line: ``binderops``, also ``python -m bot``. Exit 0: done; 1: failed; 2: wrong input."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from bot.logs import configure
from bot.masking import hide, masked, secrets_in
from bot.settings import SettingsError, load
from provisioning.errors import BinderopsError, PersonError

COMMANDS = ("try", "serve", "check", "parse", "resolve", "plan", "binders", "keys")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="binderops",
        description="A Slack bot that turns a repository into a running Binder on an OpenStack instance.",
        epilog="Settings: binderops.yaml (BINDEROPS_CONFIG) and the environment; docs/reference/settings.md lists them.",
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        module = _module(name)
        command = commands.add_parser(name, help=module.SUMMARY, description=module.__doc__)
        module.add_arguments(command)
    arguments = parser.parse_args(argv)
    is_quiet = arguments.command != "serve"
    hide(secrets_in(os.environ))
    configure(is_quiet=is_quiet)
    try:
        settings = load(os.environ)
        hide(settings.secrets.all())
        hide(secrets_in({"DATABASE_URL": settings.database_url}))
        configure(is_quiet=is_quiet, form=settings.text("log.format"))
        code: int = _module(arguments.command).run(arguments, settings)
    except (PersonError, SettingsError) as error:
        _say(error)
        return 2
    except BinderopsError as error:
        _say(error)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _version() -> str:
    try:
        return f"binderops {version('binderops')}"
    except PackageNotFoundError:  # files that nobody installed
        return "binderops, not installed"


def _module(command: str):  # type: ignore[no-untyped-def]  # noqa: ANN202  modules have no protocol to name
    return import_module(f"bot.cli.{command}_" if command == "try" else f"bot.cli.{command}")


def _say(error: BinderopsError) -> None:
    print(masked(f"{error.message}\n{error.hint} [{error.code}]"), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
