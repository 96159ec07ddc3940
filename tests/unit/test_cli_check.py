"""``binderops check``: which clouds it looks at, how a finding reads, what the exit code says."""

import argparse
import json
from pathlib import Path

import pytest

from bot.cli import check
from bot.settings import Settings, load
from provisioning.checks import Finding, State, fail, ok, summary, warn
from provisioning.clouds import local_checks
from provisioning.errors import PersonError

ONE = ""
SEVERAL = "clouds: {East: {name: a}, west: {name: b}}"
HERE = "preset: local"


def settings_of(text: str, folder: Path) -> Settings:
    file = folder / "binderops.yaml"
    file.write_text(text)
    return load({"BINDEROPS_HOME": str(folder / "home")}, file)


@pytest.mark.parametrize(
    ("text", "asked", "clouds"),
    [
        pytest.param(ONE, None, {"": True}, id="the only one"),
        pytest.param(SEVERAL, None, {"East": True, "west": True}, id="all of several"),
        pytest.param(SEVERAL, "east", {"East": True}, id="one of several, in any letter case"),
        pytest.param(HERE, None, {"": False}, id="this machine by the preset"),
        pytest.param(ONE, "local", {"": False}, id="this machine by the option"),
        pytest.param(HERE, "openstack", {"": True}, id="openstack by the option"),
    ],
)
def test_given_settings_and_the_option_then_these_clouds_are_looked_at(
    text: str, asked: str | None, clouds: dict[str, bool], tmp_path: Path
) -> None:
    wanted = check.wanted(settings_of(text, tmp_path), asked)

    assert {name: chosen is not None for name, chosen in wanted.items()} == clouds


def test_given_a_cloud_that_is_not_there_then_the_input_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(PersonError, match="unknown-cloud"):
        check.wanted(settings_of(SEVERAL, tmp_path), "north")


def test_given_a_finding_then_a_person_reads_the_mend_below_it() -> None:
    assert check.as_text(fail("image", "There is none.", "Name one.")) == [
        "FAIL     image: There is none.",
        "         -> Name one.",
    ]


def test_given_a_finding_then_a_program_reads_one_object_on_one_line() -> None:
    line = check.as_json(warn("image", "two\nlines", "Name one."))

    assert "\n" not in line
    assert json.loads(line) == {"check": "image", "state": "warn", "said": "two\nlines", "mend": "Name one."}


def test_given_several_clouds_then_a_program_reads_which_one() -> None:
    assert json.loads(check.as_json(ok("image", "-"), "east"))["cloud"] == "east"


def test_given_findings_then_the_last_line_counts_them() -> None:
    assert summary([ok("a", "-"), fail("b", "-", "-"), ok("c", "-")]) == "2 ok, 1 fail"


def test_given_a_machine_where_all_is_well_then_the_exit_code_is_0_and_each_line_is_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = argparse.Namespace(cloud="local", slack=None, url="", launch=False, json=True)

    code = check.run(arguments, settings_of(HERE, tmp_path))

    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["check"] for line in found] == ["slack", "database", "caddy", "uv", "disk"]
    assert code == (1 if "fail" in {line["state"] for line in found} else 0)


def _script(folder: Path, text: str) -> Path:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("text", "state"),
    [
        pytest.param("echo v1", State.OK, id="runs"),
        pytest.param("exit 3", State.FAIL, id="breaks"),
        pytest.param(None, State.FAIL, id="missing"),
    ],
)
def test_given_a_program_of_the_local_cloud_then_it_is_really_run(
    text: str | None, state: State, tmp_path: Path
) -> None:
    path = None if text is None else _script(tmp_path, text)

    found: dict[str, Finding] = {f.check: f for f in local_checks.check(tmp_path, {"caddy": path})}

    assert found["caddy"].state is state
