#!/bin/sh
# Installs this clone into a venv: its wheel, and what it needs in the locked versions with their hashes. Run again, it upgrades.
# PREFIX: where to, /opt/binderops without it. PYTHON: 3.11 or newer, python3 without it.
set -eu
cd "$(dirname "$0")/.."
prefix=${PREFIX:-/opt/binderops}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -x "$prefix/bin/python" ] || "${PYTHON:-python3}" -m venv "$prefix"
"$prefix/bin/python" -c 'import sys; sys.exit("Python 3.11 or newer is needed." if sys.version_info < (3, 11) else 0)'
"$prefix/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r requirements.txt

# What builds the wheel is locked with the development packages, and stays out of the venv.
awk '/^[^ ]/ { wanted = /^(hatchling|packaging|pathspec|pluggy|trove-classifiers)==/ } wanted' requirements-dev.txt >"$work/build.txt"
"$prefix/bin/pip" install --quiet --disable-pip-version-check --require-hashes --no-deps --target "$work/tools" -r "$work/build.txt"
PYTHONPATH="$work/tools" "$prefix/bin/python" -m hatchling build -t wheel -d "$work/wheel" >/dev/null
"$prefix/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-index --force-reinstall "$work"/wheel/*.whl
"$prefix/bin/binderops" --version
