"""The last look before something is made."""

import contextvars

import pytest

from provisioning.clouds import fence
from provisioning.errors import ConflictError


def test_given_no_worker_when_something_is_made_then_nothing_is_in_the_way() -> None:
    fence.check()


@pytest.mark.parametrize("holds", [True, False])
def test_given_a_worker_when_something_is_made_then_its_right_decides(holds: bool) -> None:
    with fence.acting_while(lambda: holds):
        if holds:
            fence.check()
        else:
            with pytest.raises(ConflictError, match="lease-lost"):
                fence.check()


def test_given_a_call_that_was_given_up_when_its_thread_goes_on_then_it_makes_nothing() -> None:
    with fence.acting_while(lambda: True), fence.while_waited_for():
        thread = contextvars.copy_context()
        thread.run(fence.check)

    with pytest.raises(ConflictError, match="lease-lost"):
        thread.run(fence.check)


def test_given_a_lease_that_ended_when_a_call_is_waited_for_then_it_makes_nothing_either() -> None:
    with (
        fence.acting_while(lambda: False),
        fence.while_waited_for(),
        pytest.raises(ConflictError, match="lease-lost"),
    ):
        fence.check()
