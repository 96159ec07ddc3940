"""The local cloud's Docker way, up to Docker itself: a program that plays ``docker`` keeps containers and images as files."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from provisioning.cloud_objects import CloudObject, Kind
from provisioning.clouds import ServerSpec
from provisioning.clouds.local import LocalCloud
from provisioning.errors import RefusedError, TemporaryError
from tests.conftest import Clock
from tests.integration.tiny_instances import MARK, TINY_GUEST, listed, spec

pytestmark = pytest.mark.integration

# Its last word but one is read as the thing, its folder is the store; a file "down" makes it refuse, "bare" is one without buildx.
DOCKER = """#!/bin/sh
store=$(dirname "$0")
echo "$@" >> "$store/calls"
if [ -e "$store/down" ]; then echo "Cannot connect to the Docker daemon." >&2; exit 1; fi
for last; do :; done
case "$1" in
    version) echo 28.0 ;;
    buildx) [ ! -e "$store/bare" ] || { echo "docker: unknown command: docker buildx" >&2; exit 1; } ;;
    stop) [ -e "$store/$last" ] || { echo "Error: No such container: $last" >&2; exit 1; } ;;
    rm|image) [ -e "$store/$last" ] || { echo "Error: no such thing: $last" >&2; exit 1; }; rm "$store/$last" ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Docker:
    """The program and its store."""

    program: Path

    def has(self, *names: str) -> None:
        for name in names:
            (self.program.parent / name).touch()

    @property
    def things(self) -> list[str]:
        return sorted(p.name for p in self.program.parent.iterdir() if p.name.startswith("binderops"))

    @property
    def calls(self) -> list[str]:
        return (self.program.parent / "calls").read_text().splitlines()

    def goes(self, *, down: bool) -> None:
        place = self.program.parent / "down"
        place.touch() if down else place.unlink()


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    program = tmp_path / "machine" / "docker"
    program.parent.mkdir()
    program.write_text(DOCKER)
    program.chmod(0o755)
    return Docker(program)


def _cloud(place: Path, clock: Clock, docker: Path, *, runtime: str = "docker") -> LocalCloud:
    return LocalCloud(
        place, deployment="test", guest=TINY_GUEST, caddy=Path("/opt/caddy"), uv=Path("/opt/uv"), now=clock,
        runtime=runtime, docker=str(docker),
    )  # fmt: skip


@pytest.fixture
async def cloud(tmp_path: Path, clock: Clock, docker: Docker) -> AsyncIterator[LocalCloud]:
    opened = _cloud(tmp_path / "cloud", clock, docker.program)
    await opened.open()
    yield opened
    for server in await listed(opened, Kind.SERVER):
        await opened.delete(Kind.SERVER, server.id)


async def _server(cloud: LocalCloud, docker: Docker, *, runtime: str = "docker") -> CloudObject:
    """A server whose guest has made its container and image."""
    asked: ServerSpec = spec(await cloud.create_port(MARK))
    server = await cloud.create_server(replace(asked, launch={**asked.launch, "runtime": runtime}))
    docker.has(f"binderops-{server.id}", f"binderops-{server.id}-image", "binderops-other")
    return server


async def test_given_a_container_when_its_server_is_deleted_then_container_and_image_are_gone(
    cloud: LocalCloud, docker: Docker
) -> None:
    server = await _server(cloud, docker)
    await cloud.delete(Kind.SERVER, server.id)

    assert docker.things == ["binderops-other"]


async def test_given_a_deletion_when_docker_does_not_answer_then_it_is_not_over_until_docker_does(
    cloud: LocalCloud, docker: Docker
) -> None:
    server = await _server(cloud, docker)
    docker.goes(down=True)
    with pytest.raises(TemporaryError, match="Docker did not do rm"):
        await cloud.delete(Kind.SERVER, server.id)
    still_there = [s.id for s in await listed(cloud, Kind.SERVER)]
    docker.goes(down=False)
    await cloud.delete(Kind.SERVER, server.id)

    assert (still_there, docker.things) == ([server.id], ["binderops-other"])


async def test_given_a_deletion_cut_short_among_the_files_when_repeated_then_it_ends(
    cloud: LocalCloud, docker: Docker, tmp_path: Path
) -> None:
    server = await _server(cloud, docker)
    (tmp_path / "cloud" / "servers" / server.id / "state" / "launch.json").unlink()
    await cloud.delete(Kind.SERVER, server.id)

    assert await listed(cloud, Kind.SERVER) == []


async def test_given_a_server_that_never_made_its_container_when_deleted_then_that_is_fine(
    cloud: LocalCloud, docker: Docker
) -> None:
    asked = spec(await cloud.create_port(MARK))
    server = await cloud.create_server(replace(asked, launch={**asked.launch, "runtime": "docker"}))
    await cloud.delete(Kind.SERVER, server.id)

    assert await listed(cloud, Kind.SERVER) == []


async def test_given_a_container_when_switched_off_then_it_is_stopped_and_kept(
    cloud: LocalCloud, docker: Docker
) -> None:
    server = await _server(cloud, docker)
    await cloud.switch_off()

    assert docker.calls[-1] == f"stop binderops-{server.id}"
    assert f"binderops-{server.id}" in docker.things


async def test_given_a_container_when_deleted_by_a_cloud_of_the_other_way_then_it_is_gone_too(
    cloud: LocalCloud, docker: Docker, tmp_path: Path, clock: Clock
) -> None:
    server = await _server(cloud, docker)
    await _cloud(tmp_path / "cloud", clock, docker.program, runtime="venv").delete(Kind.SERVER, server.id)

    assert docker.things == ["binderops-other"]


async def test_given_a_server_without_a_container_when_deleted_then_docker_is_not_called(
    cloud: LocalCloud, docker: Docker
) -> None:
    server = await _server(cloud, docker, runtime="venv")
    await cloud.delete(Kind.SERVER, server.id)

    assert [call.split()[0] for call in docker.calls] == ["version", "buildx"]


async def test_given_a_docker_that_does_not_answer_when_opened_then_it_says_what_to_do(
    tmp_path: Path, clock: Clock, docker: Docker
) -> None:
    docker.goes(down=True)
    with pytest.raises(RefusedError, match="Cannot connect to the Docker daemon") as refused:
        await _cloud(tmp_path / "cloud", clock, docker.program).open()

    assert (refused.value.code, "--docker" in refused.value.hint) == ("docker-missing", True)


async def test_given_a_docker_without_buildx_when_opened_then_it_says_so(
    tmp_path: Path, clock: Clock, docker: Docker
) -> None:
    docker.has("bare")
    with pytest.raises(RefusedError, match="unknown command: docker buildx"):
        await _cloud(tmp_path / "cloud", clock, docker.program).open()


async def test_given_no_docker_when_opened_then_it_says_so(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(RefusedError, match="there is no program") as refused:
        await _cloud(tmp_path / "cloud", clock, tmp_path / "nothing").open()

    assert refused.value.code == "docker-missing"


async def test_given_no_docker_when_the_way_is_not_dockers_then_nobody_asks(
    tmp_path: Path, clock: Clock
) -> None:
    cloud = _cloud(tmp_path / "cloud", clock, tmp_path / "nothing", runtime="venv")
    await cloud.open()

    assert await listed(cloud, Kind.SERVER) == []
