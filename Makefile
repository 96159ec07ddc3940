# setup: everything into .venv   try: the playground   test: what CI runs
PYTHON ?= python3
PORT ?= 3000
VENV := .venv
.PHONY: setup try test lint tests format lock

setup: $(VENV)/.ready

$(VENV)/.ready: requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

try: setup
	$(VENV)/bin/binderops try --port $(PORT)

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

# Side by side: the tests wait for others most of their time.
test: setup
	$(MAKE) --no-print-directory -j2 lint tests

tests: setup
	$(VENV)/bin/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder

format: setup
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# New versions of everything; the hashes are the lock, no download address is kept.
lock:
	$(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade pyproject.toml -o requirements.txt
	$(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade --extra dev pyproject.toml -o requirements-dev.txt
