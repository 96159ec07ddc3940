"""Builds that fail on a real instance, each in its own way: what failed is named, with the lines that say so, and what can help."""

import shutil

import pytest

from tests.acceptance.playing import buttons_of
from tests.acceptance.real_guest.conftest import Team
from tests.beds.guest_bed import HOST
from tests.fakes.guest_bench import a_repository
from tests.fakes.playground import BEN, GENERAL

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1200)]

_BASE = "FROM python-of-debian:13\n"
_PIP = f"{_BASE}RUN python3 -m venv /opt/jupyter\nRUN /opt/jupyter/bin/pip install "


@pytest.mark.parametrize(
    ("name", "dockerfile", "cause", "line", "button"),
    [
        pytest.param(
            "conflict", f"{_PIP}'jupyterlab==4.2.5' 'jupyter-server<2'\n",
            "dependencies-conflict", "depends on jupyter-server", "binder.relaunch", id="pip finds nothing that fits together",
        ),
        pytest.param(
            "nameless", f"{_PIP}no-such-package-of-anybody\n",
            "package-not-found", "no-such-package-of-anybody", "binder.relaunch", id="pip finds no such package",
        ),
        pytest.param(
            "misnamed", f"{_BASE}RUN apt-get install -y no-such-package\n",
            "package-not-found", "Unable to locate package no-such-package", "binder.relaunch", id="apt finds no such package",
        ),
        pytest.param(
            "far", f"FROM {HOST}:9/nobody/here:1\nRUN true\n",
            "base-image-unreachable", f"{HOST}:9", "binder.retry", id="nobody answers for the base image",
        ),
        # The machine's own disk is this whole machine's; /dev/shm has an end of its own, and dd says the same.
        pytest.param(
            "full", f"{_BASE}RUN dd if=/dev/zero of=/dev/shm/full bs=1M count=512\n",
            "disk-full", "No space left on device", "binder.larger", id="no space is left",
        ),
        pytest.param(
            "greedy", f"{_BASE}RUN ulimit -v 200000 && python3 -c 'bytearray(10 ** 9)'\n",
            "out-of-memory", "MemoryError", "binder.larger", id="no memory is left",
        ),
        pytest.param(
            "bare", f"{_BASE}RUN useradd --create-home --uid 1000 jovyan\nUSER jovyan\n",
            "jupyter-missing", "jupyter", "binder.relaunch", id="there is no Jupyter in the image",
        ),
    ],
)  # fmt: skip
def test_given_a_build_that_cannot_work_when_launched_then_its_cause_is_told_with_the_button_that_helps(
    team: Team, name: str, dockerfile: str, cause: str, line: str, button: str
) -> None:
    team.launch(name, {"Dockerfile": dockerfile})
    failed = team.ended(name)
    told = failed.message
    shown = str(told["blocks"])

    failed.room.post(
        "/person/command", {"user": BEN, "channel": GENERAL, "text": f"/binder delete {failed.id}"}
    )
    assert f"Cause: `{cause}`" in shown
    assert line in shown
    assert next(iter(buttons_of(told))) == button
    failed.until_told(lambda m: "build.log" in str(m.get("files")) and m["thread_ts"] == told["thread_ts"])
    failed.until_told(lambda m: name in m["text"] and "Its instance is gone" in m["text"])


@pytest.mark.parametrize(
    ("name", "others", "cause"),
    [
        pytest.param(
            "replaced", {"README.md": "another history\n"}, "commit-gone", id="its history was replaced"
        ),
        pytest.param("removed", None, "repository-gone", id="it was removed"),
    ],
)
def test_given_a_repository_that_changes_after_it_was_looked_up_then_the_instance_says_what_is_gone(
    team: Team, name: str, others: dict[str, str] | None, cause: str
) -> None:
    commit = team.launch(name, {"Dockerfile": _BASE})
    team.room.until(
        team.room.message(GENERAL, lambda m: name in m["text"] and commit[:7] in str(m["blocks"]))
    )
    shutil.rmtree(team.folder / name)
    if others:
        a_repository(team.folder / name, others)
    gone = team.ended(name)

    team.room.post("/person/command", {"user": BEN, "channel": GENERAL, "text": f"/binder delete {gone.id}"})
    assert f"Cause: `{cause}`" in str(gone.message["blocks"])
    gone.until_told(lambda m: name in m["text"] and "Its instance is gone" in m["text"])
