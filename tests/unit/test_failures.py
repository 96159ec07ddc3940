"""What a server that never came up says, in our words."""

import pytest

from provisioning.cloud_objects import CloudId, CloudObject, Kind, Mark, Status
from provisioning.failures import could_not_start
from provisioning.model import BinderId

_FULL = "No valid host was found. There are not enough hosts available."
_TRIED = "Exceeded maximum number of retries. Exhausted all hosts available for retrying build failures"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param(_FULL, "no-capacity", id="no host has room"),
        pytest.param(f"{_TRIED} for instance 1234.", "no-capacity", id="every host was tried"),
        pytest.param("No fixed IP addresses available for network: 1234", "no-addresses", id="no address"),
        pytest.param(
            f"{_TRIED}: No more IP addresses available on network 1234.", "no-addresses", id="no address, on every host"
        ),
        pytest.param("Unable to find any IP address on external network 1234.", "no-addresses", id="none outside"),
        pytest.param("Build of instance 1234 aborted", "server-error", id="something else"),
        pytest.param("", "server-error", id="nothing"),
    ],
)  # fmt: skip
def test_given_a_server_that_broke_while_it_was_made_then_its_fault_decides_the_words(
    fault: str, code: str
) -> None:
    server = CloudObject(
        kind=Kind.SERVER,
        id=CloudId("1"),
        mark=Mark(deployment="d", binder=BinderId("bbbbbb"), attempt=1),
        status=Status.ERROR,
        detail=fault,
    )

    assert could_not_start(server).code == code
