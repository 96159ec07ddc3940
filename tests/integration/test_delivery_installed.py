"""The bot as an operator installs it: by the cloud-config's script into a fresh venv, started as its unit says."""

import json
import os
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest
import yaml

from tests.beds.left_out import missing
from tests.integration.served import NO_CLOUD, Answers, playground_of

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CLOUD_CONFIG = yaml.safe_load((DEPLOY / "cloud-config.yml").read_text())
ACCOUNT = "nobody"  # stands in for the unit's DynamicUser, as root

pytestmark = [
    # An installation takes minutes that the whole run has not.
    pytest.mark.skipif(os.environ.get("BINDEROPS_DOCKER") != "1", reason="only with BINDEROPS_DOCKER=1"),
    pytest.mark.integration,
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("delivery"),
]


@dataclass(frozen=True, slots=True)
class Unit:
    """The lines of a unit file, and where what it names lies in the test."""

    text: str
    root: Path

    def all(self, name: str) -> list[str]:
        """The values of a directive, with its specifiers filled in."""
        values = [line.partition("=")[2] for line in self.text.splitlines() if line.startswith(f"{name}=")]
        return [value.replace("%S", str(self.state)).replace("%d", str(self.credentials)) for value in values]

    @property
    def state(self) -> Path:
        return self.root / "var/lib"

    @property
    def credentials(self) -> Path:
        return self.root / "run/credentials"

    def environment(self) -> dict[str, str]:
        """Exactly what the service would have: nothing of this process."""
        words = [word for value in self.all("Environment") for word in shlex.split(value)]
        given = self.root / "etc/binderops/secrets/environment"
        words += given.read_text().splitlines() if given.exists() else []
        return {"PATH": "/usr/local/bin:/usr/bin:/bin", **dict(word.split("=", 1) for word in words)}

    def prepare(self) -> None:
        """What systemd does before it starts a service: its state folder and copies of its credentials."""
        mine = [self.state / self.all("StateDirectory")[0], self.credentials]
        for folder in mine:
            folder.mkdir(mode=0o700, parents=True)
        for value in self.all("LoadCredential"):
            name, _, path = value.partition(":")
            copy = self.credentials / name
            shutil.copy(self.root / path.lstrip("/"), copy)
            copy.chmod(0o400)
            mine.append(copy)
        if os.geteuid() == 0:
            for owned in mine:
                shutil.chown(owned, ACCOUNT)


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """What the cloud-config leaves of its instance's disk: the clone, the venv, the unit. Nobody may write into it."""
    folder = Path(mkdtemp(prefix="binderops-delivery-"))
    folder.chmod(0o755)
    for file in CLOUD_CONFIG["write_files"]:
        path = folder / file["path"].lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file["content"])
        path.chmod(int(file.get("permissions", "0644"), 8))
    (folder / "etc/binderops/source").write_text(
        f"REPOSITORY={_repository(folder / 'repository')}\nCOMMIT=main\n"
    )
    script = CLOUD_CONFIG["runcmd"][0][0]
    done = subprocess.run(
        [folder / script.lstrip("/")], env={**os.environ, "DESTDIR": str(folder)}, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    subprocess.run(["chmod", "-R", "a-w", folder / "opt"], check=True)
    yield folder
    subprocess.run(["chmod", "-R", "u+w", folder], check=True)
    shutil.rmtree(folder)


def _repository(folder: Path) -> Path:
    """The checkout as it is now, as a repository with a branch main."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(folder)]
    for words in (["init", "--quiet", "--initial-branch=main"], ["add", "--all"], ["commit", "--quiet", "-m", "t"]):  # fmt: skip
        subprocess.run([*git, *words], check=True)
    return folder


def test_given_an_installation_when_asked_for_its_version_then_it_is_the_projects(
    root: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [root / "opt/binderops/bin/binderops", "--version"], cwd=tmp_path, check=True, capture_output=True, text=True
    )  # fmt: skip

    assert (
        done.stdout == f"binderops {tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']['version']}\n"
    )  # fmt: skip


def test_given_an_installation_then_the_unit_is_in_place_and_the_folder_of_secrets_is_closed(
    root: Path,
) -> None:
    unit = root / "etc/systemd/system/binderops.service"

    assert unit.read_text() == (DEPLOY / "binderops.service").read_text()
    assert (root / "etc/binderops/secrets").stat().st_mode & 0o777 == 0o700


def test_given_the_units_command_user_and_environment_when_started_then_it_serves_until_told_to_stop(
    root: Path, tmp_path: Path
) -> None:
    with playground_of(root / "opt/binderops/bin/python", tmp_path) as slack:
        unit = Unit((root / "etc/systemd/system/binderops.service").read_text(), root)
        secrets = root / "etc/binderops/secrets"
        (secrets / "slack-bot-token").write_text(slack["SLACK_BOT_TOKEN"])
        (secrets / "slack-app-token").write_text(slack["SLACK_APP_TOKEN"])
        (secrets / "clouds.yaml").write_text(NO_CLOUD)
        (secrets / "environment").write_text(f"SLACK_API_URL={slack['SLACK_API_URL']}\n")
        unit.prepare()
        with started(unit, tmp_path / "log") as (process, answers):
            health = answers.until("/healthz", lambda told: told["ok"], process)
            ready = answers.until("/readyz", lambda told: told["parts"]["slack"]["ok"], process)
            process.terminate()
            code = process.wait(35)  # the unit's TimeoutStopSec

    assert health == {"ok": True, "stalled": []}
    assert ready["parts"]["database"]["ok"]
    assert code == 0
    assert not list((unit.state / "binderops/postgres/data").glob("postmaster.pid"))


@contextmanager
def started(unit: Unit, log: Path) -> "Iterator[tuple[subprocess.Popen[bytes], Answers]]":
    """The service's process, as its account; the port of --ops is the test's."""
    answers = Answers()
    program, *words = shlex.split(unit.all("ExecStart")[0])
    command = [str(unit.root / program.lstrip("/")), *words, "--ops", answers.address]
    if os.geteuid() == 0:
        account = [
            f"--reuid={ACCOUNT}",
            "--regid=nogroup",
            "--clear-groups",
            "--no-new-privs",
            "--inh-caps=-all",
        ]
        command = ["setpriv", *account, "--", *command]
    folder = unit.root / unit.all("WorkingDirectory")[0].lstrip("/")
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=unit.environment(), stdout=output, stderr=output, start_new_session=True
        )
        try:
            yield process, answers
        except BaseException as error:
            error.add_note(log.read_text()[-4000:])
            raise
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(60)


def test_given_the_unit_when_verified_then_systemd_finds_nothing(root: Path, tmp_path: Path) -> None:
    done = analyzed("verify", placed(root, tmp_path))

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_given_the_unit_when_its_exposure_is_rated_then_it_is_at_most_two_of_ten(
    root: Path, tmp_path: Path
) -> None:
    rated = analyzed("security", "--offline=yes", "--threshold=20", placed(root, tmp_path))

    assert rated.returncode == 0, rated.stdout


def placed(root: Path, folder: Path) -> str:
    """The unit with the program where the test has it."""
    unit = folder / "binderops.service"
    text = (DEPLOY / "binderops.service").read_text()
    unit.write_text(text.replace("ExecStart=/opt/", f"ExecStart={root}/opt/"))
    return str(unit)


def analyzed(*words: str) -> "subprocess.CompletedProcess[str]":
    """What ``systemd-analyze`` says."""
    if shutil.which("systemd-analyze") is None:
        missing("systemd", "apt-get install systemd")
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)


def test_given_the_cloud_config_when_compared_with_cloud_inits_schema_then_it_is_valid(
    tmp_path: Path,
) -> None:
    if shutil.which("cloud-init") is None:
        missing("cloud-init", "apt-get install cloud-init")
    done = subprocess.run(
        ["cloud-init", "schema", "--config-file", DEPLOY / "cloud-config.yml"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Valid cloud-config" in done.stdout + done.stderr


def test_given_the_page_then_it_names_every_secret_that_the_unit_reads() -> None:
    page = (ROOT / "docs/howto/install-the-bot.md").read_text()
    unit = Unit((DEPLOY / "binderops.service").read_text(), Path("/"))
    read = [value.rpartition(":")[2].lstrip("-") for name in ("LoadCredential", "EnvironmentFile") for value in unit.all(name)]  # fmt: skip

    assert len(read) == 4
    assert [path for path in read if Path(path).name not in page] == []


def test_given_the_cloud_config_then_it_holds_no_secret() -> None:
    said = json.dumps(CLOUD_CONFIG)

    assert [
        word for word in ("xoxb-", "xapp-", "TOKEN=", "SECRET=", "PASSWORD", "_KEY") if word in said
    ] == []
