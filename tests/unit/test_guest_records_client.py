"""The guest's way to strangers' servers: one lookup, all of its addresses judged, and the judged one connected to."""

import asyncio
from contextlib import suppress

import pytest

from provisioning.guest.causes import FailedError
from provisioning.guest.records.client import Pinned, checked, chosen
from tests.fakes.changing_names import PUBLIC, ChangingNames
from tests.fakes.git_server import Listener


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(["10.0.0.1"], id="private"),
        pytest.param(["140.82.112.3", "127.0.0.1"], id="one of two"),
        pytest.param(["2606:50c0:8000::153", "::ffff:127.0.0.1"], id="mapped beside a public one"),
        pytest.param(["fe80::1%eth0"], id="with a zone"),
    ],
)
def test_given_an_address_that_is_not_public_when_chosen_then_the_host_is_refused(found: list[str]) -> None:
    with pytest.raises(FailedError) as refused:
        chosen("https://example.org/", found)

    assert refused.value.cause.code == "source-refused"


def test_given_both_kinds_of_addresses_when_chosen_then_it_is_the_one_that_instances_reach() -> None:
    assert chosen("https://example.org/", ["2606:50c0:8000::153", "140.82.112.3"]) == "140.82.112.3"


def test_given_a_name_whose_answer_changes_when_checked_then_one_lookup_gives_the_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ChangingNames(monkeypatch)

    address = checked("https://rebinding.example/a", "rebinding.example", 443)

    assert (address, names.lookups) == (PUBLIC, 1)


async def test_given_a_checked_address_when_connected_then_the_name_is_not_looked_up_again() -> None:
    async with Listener() as listener:
        connection = Pinned(("name.invalid", listener.port), "127.0.0.1")  # RFC 6761: no resolver knows it
        with suppress(OSError):  # nobody there speaks TLS
            await asyncio.to_thread(connection.connect)
        connection.close()

        assert listener.connections == 1
