"""The pages for the first start, followed word by word: their files and commands, on the OpenStack bed, with the playground as the workspace."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.openstack.project import Project
from tests.integration.served import playground_of

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
CLOUD = (ROOT / "docs/howto/serve-on-openstack.md").read_text()
SLACK = (ROOT / "docs/howto/check-slack.md").read_text()
_BLOCK = re.compile(r"^```[a-z]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def block(page: str, having: str) -> str:
    """The page's one file or command that has these words."""
    [found] = [text for text in _BLOCK.findall(page) if having in text]
    return str(found)


def filled_in(text: str, own: Mapping[str, str]) -> str:
    """With the operator's own in place of what the page shows; each of it must be there."""
    for shown, mine in own.items():
        assert text.count(shown) == 1, shown
        text = text.replace(shown, mine)
    return text


class Newcomer:
    """Somebody with an account of their own, who has just come as far as the tokens and ``make setup``."""

    def __init__(self, home: Path, slack: Mapping[str, str]) -> None:
        self.home = home
        self.tokens = {}
        for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
            self.tokens[name] = home / name.lower()
            self.tokens[name].write_text(f"{slack[name]}\n")
        own = {"HOME": str(home), "PATH": os.environ["PATH"], "SLACK_API_URL": slack["SLACK_API_URL"]}
        self._environment = own | {"BINDEROPS_HOME": str(home / "state")}
        (home / "checkout/.venv/bin").mkdir(parents=True)
        (home / "checkout/.venv/bin/binderops").symlink_to(Path(sys.executable).with_name("binderops"))

    def writes(self, place: str, text: str) -> None:
        file = self.home / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o600)

    def types(self, command: str) -> tuple[int, str]:
        done = subprocess.run(
            ["/bin/sh", "-c", command], cwd=self.home / "checkout", env=self._environment,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr


@contextmanager
def a_newcomer(folder: Path) -> Iterator[Newcomer]:
    with playground_of(Path(sys.executable), folder) as slack:
        yield Newcomer(folder, slack)


def test_given_the_pages_followed_word_by_word_then_a_launch_for_trial_leaves_nothing_open(
    openstack_project: Project, tmp_path: Path
) -> None:
    network = openstack_project.eyes.network
    topology = network.get_auto_allocated_topology(openstack_project.id)
    with a_newcomer(tmp_path) as newcomer, openstack_project.application_credential() as auth:
        clouds = {
            "https://js2.jetstream-cloud.org:5000/v3/": openstack_project.eyes.config.auth["auth_url"],
            'application_credential_id: "..."': f"application_credential_id: {auth['application_credential_id']}",
            'application_credential_secret: "..."': f"application_credential_secret: {auth['application_credential_secret']}",
            '"IU"': "RegionOne",
        }
        names = {
            "my-network": network.get_network(topology.id).name,
            "public": next(iter(network.networks(is_router_external=True))).name,
            "Ubuntu 24.04": next(iter(openstack_project.eyes.image.images(status="active"))).name,
            "m1.medium": _with_a_disk(openstack_project),
        }
        newcomer.writes(".config/openstack/clouds.yaml", filled_in(block(CLOUD, "region_name"), clouds))
        newcomer.writes("checkout/binderops.yaml", filled_in(block(CLOUD, "preset: generic"), names))
        tokens = {
            "/etc/binderops/bot-token": "SLACK_BOT_TOKEN",
            "/etc/binderops/app-token": "SLACK_APP_TOKEN",
        }
        command = filled_in(
            block(SLACK, "binderops check"),
            {place: str(newcomer.tokens[name]) for place, name in tokens.items()},
        )

        before = newcomer.types(f"OS_CLOUD=openstack {command}")
        after = newcomer.types(f"OS_CLOUD=openstack {command.rstrip()} --launch")

    assert before[0] == 0
    assert [line.partition(":")[0] for line in not_well(before[1])] == ["unknown  console"]
    assert "check --launch" in before[1]
    assert (after[0], not_well(after[1])) == (0, [])
    assert all(f"{name}:" in after[1] for name in ("slack-socket", "database", "image", "launch-gone"))


def _with_a_disk(project: Project) -> str:
    """The smallest flavor that needs no volume."""
    found = [flavor for flavor in project.eyes.compute.flavors() if flavor.disk >= 40]
    return str(min(found, key=lambda flavor: flavor.ram).name)


def not_well(said: str) -> list[str]:
    """The findings that are not ``ok``, and whatever else was said before the summary."""
    lines = said.partition("\n\n")[0].splitlines()
    return [line for line in lines if not line.startswith(("ok ", "        "))]
