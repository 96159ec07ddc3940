"""Where a person's server listens, over the restarts of the agent."""

import socket
from pathlib import Path

import pytest

from provisioning.guest import jupyter


@pytest.mark.parametrize("is_published", [True, False])
def test_given_a_free_port_when_the_agent_starts_again_then_port_and_token_stay(
    tmp_path: Path, is_published: bool
) -> None:
    before = jupyter.endpoint(tmp_path, is_published=is_published)

    assert jupyter.endpoint(tmp_path, is_published=is_published) == before


@pytest.mark.parametrize(
    ("is_published", "stays"),
    [
        pytest.param(True, True, id="a container that ran on has it"),
        pytest.param(False, False, id="another program took it"),
    ],
)
def test_given_somebody_on_the_port_when_the_agent_starts_again_then_it_is_the_containers_or_another(
    tmp_path: Path, is_published: bool, stays: bool
) -> None:
    before = jupyter.endpoint(tmp_path, is_published=is_published)
    with socket.create_server(("127.0.0.1", before.port)):
        after = jupyter.endpoint(tmp_path, is_published=is_published)

    assert (after.port == before.port) is stays
    assert after.token == before.token
