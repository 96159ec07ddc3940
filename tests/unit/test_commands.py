"""Every verb has its module, its page and its line in the help, and they agree."""

from pathlib import Path

import pytest

from bot import blocks
from bot.access import Who
from bot.command import Command
from bot.commands import COMMANDS
from bot.commands.help import overview
from provisioning.model import Verb

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "reference" / "commands"
_MAY = {
    Who.MEMBERS: "members",
    Who.OWNER: "its owner and admins",
    Who.SHARED: "its owner, admins, and with whom it is shared",
}
EACH = pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda c: c.name)


def test_given_the_modules_then_each_is_a_verb_and_has_a_page() -> None:
    modules = {p.stem for p in (ROOT / "bot" / "commands").glob("*.py")} - {"__init__"}

    assert modules == set(COMMANDS) == {p.stem for p in PAGES.glob("*.md")}


@EACH
def test_given_a_verb_then_its_page_says_usage_summary_and_who_may(command: Command) -> None:
    page = (PAGES / f"{command.name}.md").read_text()

    assert f"/binder {command.usage}\n" in page
    assert f"{command.summary[0].upper()}{command.summary[1:]}.\n" in page
    assert ("Who may: its owner and admins.\n" in page) == (command.who is Who.OWNER)
    assert ("Who may: its owner, admins, and with whom it is [shared](share.md).\n" in page) == (
        command.who is Who.SHARED
    )


@EACH
def test_given_a_verb_then_the_table_of_permissions_has_it(command: Command) -> None:
    row = f"| [`{command.name}`](commands/{command.name}.md) | {_MAY[command.who]} |"
    assert row in (ROOT / "docs" / "reference" / "permissions.md").read_text()


@EACH
def test_given_a_verb_then_the_help_has_its_line(command: Command) -> None:
    assert f"`/binder {command.usage}`: {command.summary}" in str(overview(COMMANDS.values()).blocks)


def test_given_all_verbs_then_the_help_fits_into_its_block() -> None:
    for block in overview(COMMANDS.values()).blocks:
        assert blocks.ELLIPSIS not in str(block)


def test_given_what_a_binder_does_by_itself_then_each_has_a_verb() -> None:
    assert {str(verb) for verb in Verb} <= set(COMMANDS)
