"""``binderops check`` beside a database: whether the settings lead to where the environments are."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.integration.test_site_watch import Moving, bench

__all__ = ["bench"]

pytestmark = pytest.mark.integration


async def checked(database_url: str, folder: Path) -> tuple[int | None, dict[str, Any]]:
    """The exit code and the finding on environments, on this machine as the cloud."""
    (folder / "binderops.yaml").write_text("preset: local\ndeployment: test\n")
    own = {
        "DATABASE_URL": database_url,
        "BINDEROPS_HOME": str(folder / "home"),
        "BINDEROPS_CONFIG": str(folder / "binderops.yaml"),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "check", "--json", env={**os.environ, **own}, stdout=asyncio.subprocess.PIPE
    )  # fmt: skip
    out, _ = await process.communicate()
    lines = {line["check"]: line for line in map(json.loads, out.splitlines())}
    return process.returncode, lines["environments"]


async def test_given_an_environment_in_a_project_when_the_settings_lead_to_this_machine_then_the_check_fails(
    bench: Moving, database_url: str, tmp_path: Path
) -> None:
    code, found = await checked(database_url, tmp_path)

    assert (code, found["state"]) == (1, "fail")
    assert "was made in project p1, region r1" in found["said"]
    assert "back to project p1" in found["mend"]


async def test_given_a_database_that_no_bot_used_yet_when_checked_then_it_stays_as_it_is(
    postgres: str, tmp_path: Path
) -> None:
    _, found = await checked(postgres, tmp_path)

    with psycopg.connect(postgres) as connection:
        tables = connection.execute("select from pg_tables where schemaname = 'public'").fetchall()
    assert (found["state"], tables) == ("ok", [])


async def test_given_a_database_that_is_away_when_checked_then_that_is_what_fails(tmp_path: Path) -> None:
    _, found = await checked("postgresql://nobody@/none?host=/nonexistent", tmp_path)

    assert (found["state"], "database-away" in found["said"]) == ("fail", True)
