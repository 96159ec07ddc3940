"""The sample repositories as git sees them: made from the files beside this module, with the same commit each time."""

import shutil
import subprocess
from pathlib import Path

from bot.playground.git_http import environment

SAMPLES = {"sample.git": "sample", "broken.git": "sample_broken"}
_AUTHOR = "Binderops playground"
_EMAIL = "playground@binderops.invalid"
_DATE = "2026-01-05T09:00:00 +0000"
_IDENTITY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", _AUTHOR), ("EMAIL", _EMAIL), ("DATE", _DATE))
}


def make_samples(folder: Path) -> None:
    """Put the bare repositories into ``folder``, in place of those of an earlier run."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in SAMPLES.items():
        shutil.rmtree(folder / name, ignore_errors=True)
        _make(folder / name, Path(__file__).parent / source)


def _make(bare: Path, source: Path) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(  # noqa: S603  an argument list of ours
            ["git", f"--git-dir={bare}", *arguments],  # noqa: S607  the git of this machine
            env=environment(_IDENTITY),
            check=True,
            capture_output=True,
        )

    git("init", "--bare", "--quiet", "--template=", "--initial-branch=main")
    (bare / "info").mkdir()
    (bare / "info" / "exclude").write_text("__pycache__/\n*.egg-info/\nbuild/\n.ipynb_checkpoints/\n")
    git("config", "core.bare", "false")  # only for the time of the commit
    git(
        f"--work-tree={source}",
        "-c",
        "core.autocrlf=false",
        "-c",
        "core.fileMode=false",
        "add",
        "--all",
        "--",
        ".",
    )
    git(f"--work-tree={source}", "commit", "--quiet", "--message", "A notebook, a package, a small app")
    git("tag", "v1")
    git("config", "core.bare", "true")
    git("config", "uploadpack.allowAnySHA1InWant", "true")
    git("config", "uploadpack.allowFilter", "true")
