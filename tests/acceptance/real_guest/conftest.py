"""One bot on the bed's cloud with two launches: a repository that builds, and one that does not."""

import secrets
from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.playing import Playing, buttons_of
from tests.acceptance.real_guest.seen import Seen
from tests.acceptance.serving import serving
from tests.beds.guest_bed import HOST, GuestBed
from tests.fakes.guest_bench import a_repository, git_daemon
from tests.fakes.playground import BEN, GENERAL
from tests.integration.openstack.project import Project, openstack_project

__all__ = ["openstack_project"]

_OVER_S = 900  # with the guests' root, which may still be in the making
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
_BROKEN = """\
FROM python-of-debian:13
RUN echo so far so good
RUN no-such-program --now
"""

Launched = Callable[[str], Seen]


@pytest.fixture(scope="package")
def launched(
    guest_bed: GuestBed, openstack_project: Project, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Launched]:
    """Both under way; gives one by its name, once its launch has ended in one way or the other."""
    folder = tmp_path_factory.mktemp("real-guest")
    a_repository(folder / "git" / "whole", {"Dockerfile": DOCKERFILE, "greeting.txt": "hello\n"})
    a_repository(folder / "git" / "broken", {"Dockerfile": _BROKEN})
    with git_daemon(folder / "git", host=HOST) as git:
        settings = {
            "preset": "generic", "deployment": f"t{secrets.token_hex(3)}", "cloud": {"name": openstack_project.member},
            "defaults": {"image": guest_bed.image, "flavor": "m3.quad"}, "sources": {"allow_exact": [git]},
        }  # fmt: skip
        with serving(folder, settings, OS_CLIENT_CONFIG_FILE=str(openstack_project.clouds_yaml)) as room:
            for name in ("whole", "broken"):
                typed = {"user": BEN, "channel": GENERAL, "text": f"/binder {git}{name} name={name}"}
                assert room.post("/person/command", typed)["ok"]
            yield lambda name: ended(room, openstack_project, name)
    openstack_project.clear()


def ended(room: Playing, project: Project, name: str) -> Seen:
    """The launch of this name, once it is ready or has failed."""
    is_over = room.message(
        GENERAL,
        lambda m: (
            name in m["text"] and ("binder.open.lab" in buttons_of(m) or "binder.retry" in buttons_of(m))
        ),
    )
    told = room.until(is_over, within_s=_OVER_S)
    return Seen(room, project, str(next(iter(buttons_of(told).values()))["value"]), str(told["ts"]))


@pytest.fixture(scope="package")
def ready(launched: Launched) -> Seen:
    """The one that builds, with its buttons."""
    found = launched("whole")
    assert "binder.open.lab" in buttons_of(found.message), str(found.message["blocks"])
    return found


@pytest.fixture(scope="package")
def failed(launched: Launched) -> Seen:
    """The one that does not, with its cause."""
    return launched("broken")
