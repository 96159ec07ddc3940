"""What a wheel brings, installed elsewhere: the program runs without the checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
# Stands in for an installation: the wheel's files come before the checkout, whose folder is not the working one.
READS = "import json, sys; sys.path.insert(0, sys.argv[1]); from bot.manifest import manifest; print(json.dumps(manifest()))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    [built] = folder.glob("*.whl")
    with zipfile.ZipFile(built) as file:
        file.extractall(folder / "installed")
    return folder / "installed"


def test_given_a_wheel_when_the_manifest_is_read_then_it_is_the_checkouts(
    wheel: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", READS, str(wheel)],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )

    assert yaml.safe_load(done.stdout) == yaml.safe_load((ROOT / "manifest.yml").read_text())


@pytest.mark.parametrize(
    "pattern", ["bot/sql/*.sql", "provisioning/sql/migrations/*.sql", "bot/playground/web/*.js"]
)
def test_given_a_wheel_then_every_file_that_is_no_module_is_in_it(wheel: Path, pattern: str) -> None:
    ours = {str(p.relative_to(ROOT)) for p in ROOT.glob(pattern)}
    theirs = {str(p.relative_to(wheel)) for p in wheel.glob(pattern)}

    assert ours
    assert theirs == ours
