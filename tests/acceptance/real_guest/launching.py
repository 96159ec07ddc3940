"""A bot on the bed's cloud whose servers run, a repository that builds there, and how a launch of it ends."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.playing import Playing, buttons_of
from tests.acceptance.real_guest.seen import Seen
from tests.acceptance.serving import ROOT, serving
from tests.fakes.playground import BEN, GENERAL
from tests.integration.openstack.project import Project

FLAVOR = "m3.quad"
DOCKERFILE = """\
FROM python-of-debian:13
ENV NB_USER=jovyan NB_UID=1000 HOME=/home/jovyan
RUN python3 -m venv /opt/jupyter && /opt/jupyter/bin/pip install --no-cache-dir jupyterlab ipykernel
ENV PATH=/opt/jupyter/bin:${PATH}
RUN useradd --create-home --uid ${NB_UID} --shell /bin/bash ${NB_USER}
COPY . ${HOME}
RUN chown -R ${NB_UID} ${HOME}
USER ${NB_USER}
WORKDIR ${HOME}
"""
_OVER_S = 900  # with the guests' root, which may still be in the making


@contextmanager
def bot_on(
    project: Project,
    folder: Path,
    *,
    image: str,
    sources: Sequence[str],
    command: Sequence[str] = (),
) -> Iterator[Playing]:
    """``binderops serve`` on this project, with the playground as its Slack; ``sources``: URLs that it may fetch from."""
    settings = {
        "preset": "generic", "deployment": f"t{secrets.token_hex(3)}", "cloud": {"name": project.member},
        "defaults": {"image": image, "flavor": FLAVOR}, "sources": {"allow_exact": [*sources]},
    }  # fmt: skip
    clouds = str(project.clouds_yaml)
    # The path is for a command that is a module of the tests.
    with serving(
        folder, settings, command=command, OS_CLIENT_CONFIG_FILE=clouds, PYTHONPATH=str(ROOT)
    ) as room:
        yield room


def launch(room: Playing, what: str, name: str) -> None:
    """Ben types it."""
    typed = {"user": BEN, "channel": GENERAL, "text": f"/binder {what} name={name}"}
    assert room.post("/person/command", typed)["ok"]


def ended(room: Playing, project: Project, name: str) -> Seen:
    """The launch of this name, once it is ready or has failed."""
    return room.until(lambda: seen(room, project, name), within_s=_OVER_S)


def seen(room: Playing, project: Project, name: str) -> Seen | None:
    """The launch of this name, where it has ended: what its buttons are says how."""
    is_over = room.message(
        GENERAL,
        lambda m: (
            name in m["text"] and ("binder.open.lab" in buttons_of(m) or "binder.retry" in buttons_of(m))
        ),
    )
    if (told := is_over()) is None:
        return None
    return Seen(room, project, str(next(iter(buttons_of(told).values()))["value"]), str(told["ts"]))
