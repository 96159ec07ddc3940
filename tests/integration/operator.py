"""Whoever runs the bot, at the command line: ``binderops check`` with a project's sign-in and settings of a test's own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.integration.openstack.project import Project

NOTHING: dict[str, list[object]] = {"servers": [], "floating_ips": [], "volumes": [], "ports": []}
BASE: Mapping[str, Any] = {"deployment": "checked", "cloud": {"tls": "internal", "requests_per_s": 50}}


class Operator:
    """Runs the command with a project's sign-in and settings of its own."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.folder = folder
        self.clouds = yaml.safe_load(project.clouds_yaml.read_text())["clouds"][project.member]

    def sign_in_by(self, auth: Mapping[str, str]) -> None:
        """With an application credential instead of the member's password."""
        url = {"auth_url": self.clouds["auth"]["auth_url"]}
        self.clouds |= {"auth_type": "v3applicationcredential", "auth": {**url, **auth}}

    def check(self, *options: str, **settings: Any) -> tuple[int, dict[str, Any]]:
        """The exit code, and the cloud's findings by their check."""
        done = subprocess.run(
            self.command(*options), env=self.environment(settings), capture_output=True, text=True, timeout=1200, check=False
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, {line["check"]: line for line in lines if line["check"] != "database"}

    def command(self, *options: str) -> list[str]:
        return [sys.executable, "-m", "bot", "check", "--json", "--slack", "none", *options]

    def environment(self, settings: Mapping[str, Any]) -> dict[str, str]:
        """Of the command; ``settings`` go over what every test has."""
        clouds, config = self.folder / "clouds.yaml", self.folder / "binderops.yaml"
        clouds.write_text(yaml.safe_dump({"clouds": {"own": self.clouds}}))
        cloud = {**BASE["cloud"], **settings.pop("cloud", {})} if isinstance(settings, dict) else {}
        config.write_text(yaml.safe_dump({**BASE, **settings, "cloud": cloud}))
        own = {
            "OS_CLIENT_CONFIG_FILE": str(clouds), "OS_CLOUD": "own", "BINDEROPS_CONFIG": str(config),
            "BINDEROPS_HOME": str(self.folder / "home"),
        }  # fmt: skip
        return {**os.environ, **own}


def states(lines: Mapping[str, Any], state: str) -> dict[str, str]:
    return {name: line["said"] for name, line in lines.items() if line["state"] == state}
