"""One bot on the bed's cloud with two launches: a repository that builds, and one that does not."""

from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.playing import buttons_of
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

Launched = Callable[[str], Seen]


@pytest.fixture(scope="package")
def launched(
    guest_bed: GuestBed, openstack_project: Project, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Launched]:
    """Both under way; gives one by its name, once its launch has ended in one way or the other."""
    folder = tmp_path_factory.mktemp("real-guest")
    a_repository(folder / "git" / "whole", {"Dockerfile": DOCKERFILE, "greeting.txt": "hello\n"})
    a_repository(folder / "git" / "broken", {"Dockerfile": _BROKEN})
    with (
        git_daemon(folder / "git", host=HOST) as git,
        bot_on(openstack_project, folder, image=guest_bed.image, sources=[git]) as room,
    ):
        for name in ("whole", "broken"):
            launch(room, f"{git}{name}", name)
        yield lambda name: ended(room, openstack_project, name)
    openstack_project.clear()


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
