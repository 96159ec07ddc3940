"""One bot on the bed's cloud, and three launches: a repository that builds, one that does not, one that never answers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.playing import Playing, buttons_of
from tests.acceptance.real_guest.launching import DOCKERFILE, bot_on, ended, launch
from tests.acceptance.real_guest.seen import Seen
from tests.beds.guest_bed import HOST, GuestBed
from tests.fakes.guest_bench import a_repository, git_daemon
from tests.integration.openstack.project import Project, openstack_project

__all__ = ["openstack_project"]

_BROKEN = """\
FROM python-of-debian:13
RUN echo so far so good
RUN no-such-program --now
"""

#: It is Jupyter by name only: it runs, and never listens.
_MUTE = """\
FROM python-of-debian:13
RUN printf '#!/bin/sh\\necho thinking\\nexec sleep 100000\\n' > /usr/local/bin/jupyter && chmod 755 /usr/local/bin/jupyter
"""

Launched = Callable[[str], Seen]


@dataclass(frozen=True, slots=True)
class Team:
    """A bot on the bed's cloud, and the repositories that its people launch."""

    room: Playing
    project: Project
    folder: Path
    git: str  # the URL that all repositories are below

    def launch(self, name: str, files: dict[str, str]) -> str:
        """Have a repository of this name with these files, and launch it. The commit."""
        commit = a_repository(self.folder / name, files)
        launch(self.room, f"{self.git}{name}", name)
        return commit

    def ended(self, name: str) -> Seen:
        """The launch of this name, once it has ended in one way or the other."""
        return ended(self.room, self.project, name)


@pytest.fixture(scope="package")
def team(
    guest_bed: GuestBed, openstack_project: Project, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Team]:
    folder = tmp_path_factory.mktemp("real-guest")
    repositories = folder / "git"
    repositories.mkdir()
    with (
        git_daemon(repositories, host=HOST) as git,
        bot_on(openstack_project, folder, image=guest_bed.image, sources=[git]) as room,
    ):
        yield Team(room, openstack_project, repositories, git)
    openstack_project.clear()


@pytest.fixture(scope="package")
def launched(team: Team) -> Launched:
    """All under way; gives one by its name, once its launch has ended in one way or the other."""
    team.launch("whole", {"Dockerfile": DOCKERFILE, "greeting.txt": "hello\n"})
    team.launch("broken", {"Dockerfile": _BROKEN})
    team.launch("mute", {"Dockerfile": _MUTE})  # ten minutes are given to it
    return team.ended


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
