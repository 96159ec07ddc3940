#!/bin/sh
# Installs this clone into a venv: its wheel, and what it needs in the locked versions with their hashes. Run again, it upgrades.
# PREFIX: where to, /opt/binderops without it. PYTHON: 3.11 or newer, python3 without it. WITHOUT: packages to leave out.
set -eu
cd "$(dirname "$0")/.."
prefix=${PREFIX:-/opt/binderops}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1

[ -x "$prefix/bin/python" ] || "${PYTHON:-python3}" -m venv "$prefix"
# Two lists out of the locks: what the bot needs, and what builds its wheel. The latter stays out of the venv.
"$prefix/bin/python" - "$work" ${WITHOUT:-} <<'P'
import re
import sys
from pathlib import Path

if sys.version_info < (3, 11):
    sys.exit("Python 3.11 or newer is needed.")
work, without = Path(sys.argv[1]), set(sys.argv[2:])
builders = {"hatchling", "packaging", "pathspec", "pluggy", "trove-classifiers"}


def locked(lock, is_wanted):
    entries = re.findall(r"^([\w.-]+)(==(?:.|\n )*)", Path(lock).read_text(), re.MULTILINE)
    return "\n".join(name + rest for name, rest in entries if is_wanted(name))


(work / "bot.txt").write_text(locked("requirements.txt", lambda name: name not in without))
(work / "build.txt").write_text(locked("requirements-dev.txt", builders.__contains__))
P
"$prefix/bin/pip" install --quiet --require-hashes --no-deps -r "$work/bot.txt"
"$prefix/bin/pip" install --quiet --require-hashes --no-deps --target "$work/tools" -r "$work/build.txt"
PYTHONPATH="$work/tools" "$prefix/bin/python" -m hatchling build -t wheel -d "$work/wheel" >/dev/null
"$prefix/bin/pip" install --quiet --no-deps --no-index --force-reinstall "$work"/wheel/*.whl
"$prefix/bin/binderops" --version
