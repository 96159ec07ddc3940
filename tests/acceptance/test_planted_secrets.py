"""Secrets planted in every variable and setting: none comes out in a log, a figure, a health answer or an error."""

import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
import yaml

from bot.listening import Address
from bot.logs import Json, KeyValue
from bot.masking import forget, hide
from bot.settings_list import SETTINGS
from tests.acceptance.playing import free_port
from tests.fakes.quick_bot import quick_bot

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

PLANTED = {
    "SLACK_BOT_TOKEN": "xoxb-planted-bot", "SLACK_APP_TOKEN": "xapp-planted-app", "SLACK_SIGNING_SECRET": "planted-signing",
    "BINDEROPS_KEY": "planted-key", "DATABASE_URL": "postgresql://me:planted-db@127.0.0.1:1/x", "OS_PASSWORD": "planted-os",
    "OS_APPLICATION_CREDENTIAL_SECRET": "planted-credential", "OS_TOKEN": "planted-os-token", "PGPASSWORD": "planted-pg",
    "GITHUB_APP_PRIVATE_KEY": "planted-app-key",
}  # fmt: skip


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """All lines of all packages, down to DEBUG, as the bot would write them in either form."""
    written = io.StringIO()
    root, handlers = logging.getLogger(), []
    level = root.level
    for form in (KeyValue(), Json()):
        handler = logging.StreamHandler(written)
        handler.setFormatter(form)
        handlers.append(handler)
        root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield written
    finally:
        root.setLevel(level)
        for handler in handlers:
            root.removeHandler(handler)
        forget()


def run(tmp_path: Path, *words: str, settings: str = "", **environment: str) -> str:
    """All that a command of ours writes before it fails."""
    (tmp_path / "binderops.yaml").write_text(settings)
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words], capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "BINDEROPS_HOME": str(tmp_path), "BINDEROPS_CONFIG": str(tmp_path / "binderops.yaml"), **environment},
    )  # fmt: skip
    assert done.returncode != 0
    return done.stdout + done.stderr


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("words", [["serve", "--cloud", "local"], ["serve", "--slack", "http"], ["binders"]])
def test_given_secrets_in_every_variable_when_a_command_fails_then_it_says_none(
    tmp_path: Path, words: list[str], form: str
) -> None:
    said = run(tmp_path, *words, settings=f"log:\n  format: {form}\n", **PLANTED)

    assert said
    assert "planted" not in said


def test_given_a_database_url_that_cannot_be_read_when_a_command_fails_then_it_does_not_say_it(
    tmp_path: Path,
) -> None:
    said = run(tmp_path, "binders", DATABASE_URL="planted-db-that-is-no-url")

    assert "planted" not in said


@pytest.mark.parametrize("words", [["resolve", "org/repo"], ["check", "--slack", "none", "--cloud", "local"]])
def test_given_a_github_app_whose_key_cannot_be_read_when_a_command_fails_then_it_does_not_say_the_key(
    tmp_path: Path, words: list[str]
) -> None:
    said = run(
        tmp_path, *words, settings="github_app:\n  id: 1\n", GITHUB_APP_PRIVATE_KEY="planted-key-that-is-none"
    )

    assert "github-app-key-wrong" in said
    assert "planted" not in said


def test_given_a_secret_in_every_setting_when_loaded_then_the_mistakes_do_not_say_it(tmp_path: Path) -> None:
    nested: dict[str, object] = {}
    for name, one in SETTINGS.items():
        assert not one.check(["xoxb-planted", 1]), name
        block, _, last = name.rpartition(".")
        inside = nested.setdefault(block, {}) if block else nested
        assert isinstance(inside, dict)
        inside[last] = ["xoxb-planted", 1]

    said = run(tmp_path, "binders", settings=yaml.safe_dump(nested))

    assert said.count(" must be ") == len(SETTINGS)
    assert "planted" not in said


async def test_given_a_bot_at_work_when_all_is_logged_then_no_line_and_no_figure_holds_a_secret(
    tmp_path: Path, database_url: str
) -> None:
    port = free_port()
    with everything_logged() as written:
        async with (
            quick_bot(tmp_path, database_url, ops=Address("127.0.0.1", port)) as room,
            aiohttp.ClientSession() as http,
        ):
            app = room.playground.site.app
            hide([app.bot_token, app.app_token, app.signing_secret])
            await room.types(room.playground.sample_url)
            ready = await room.until(room.message("Ready", "binder.open.lab"))
            await room.presses(ready, "binder.open.lab")
            await room.until(lambda: "ticket=" in str(room.playground.site.workspace.ephemerals))
            room.playground.site.app = replace(app, bot_token="xoxb-another")
            await room.types("list")
            told = ""
            for path in ("/metrics", "/readyz", "/healthz"):
                async with http.get(f"http://127.0.0.1:{port}{path}") as answer:
                    told += await answer.text()

    lines = written.getvalue()
    assert "binder-moved" in lines
    assert [s for s in (app.bot_token, app.app_token, app.signing_secret) if s in lines + told] == []
    whispered = str(room.playground.site.workspace.ephemerals)
    ticket = whispered.partition("ticket=")[2].partition("'")[0]
    assert ticket
    assert ticket not in lines + told
