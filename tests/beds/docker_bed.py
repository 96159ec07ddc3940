"""The bed "docker": an engine with a base image, for a module of tests. Leaves them out where this machine cannot run it."""

from collections.abc import Iterator

import pytest

from tests.beds.docker.engine import HOW, Engine, engine, is_here
from tests.beds.docker.images import make_base
from tests.beds.left_out import missing


@pytest.fixture(scope="module")
def docker_engine() -> Iterator[Engine]:
    """The engine; `tests.beds.docker.images` says what it has."""
    if not is_here():
        missing("docker", HOW)
    with engine() as found:
        make_base(found)
        yield found
