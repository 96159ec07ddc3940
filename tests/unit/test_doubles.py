"""Which of two objects counts: always the same one, whoever looks and in whatever order the cloud tells."""

from dataclasses import replace
from itertools import permutations

import pytest

from provisioning.cloud_objects import CloudId, CloudObject, Kind, Status
from provisioning.doubles import kept, superfluous
from tests.strategies import an_object


def thing(
    kind: Kind, name: str, *, port: str = "", status: Status = Status.ACTIVE, attempt: int = 1
) -> CloudObject:
    return replace(an_object(kind, attempt=attempt, status=status, port_id=port), id=CloudId(name))


PORTS = (thing(Kind.PORT, "a"), thing(Kind.PORT, "b"))


@pytest.mark.parametrize(
    ("objects", "stays"),
    [
        pytest.param(PORTS, {"a"}, id="two-ports-and-nothing-on-them"),
        pytest.param((*PORTS, thing(Kind.SERVER, "s", port="b")), {"b", "s"}, id="the-server's-port"),
        pytest.param((*PORTS, thing(Kind.FLOATING_IP, "f", port="b")), {"b", "f"}, id="the-floating-ip's-port"),
        pytest.param(
            (*PORTS, thing(Kind.SERVER, "s", port="b"), thing(Kind.FLOATING_IP, "f", port="a")), {"b", "s", "f"},
            id="the-server-before-the-floating-ip",
        ),
        pytest.param(
            (thing(Kind.SERVER, "s1", status=Status.ERROR), thing(Kind.SERVER, "s2", port="a"), PORTS[0]), {"s2", "a"},
            id="the-server-that-works",
        ),
        pytest.param(
            (thing(Kind.SERVER, "s1", status=Status.BUILDING), thing(Kind.SERVER, "s2", status=Status.BUILDING, port="a"), PORTS[0]),
            {"s2", "a"}, id="the-server-that-has-the-port",
        ),
        pytest.param(
            (thing(Kind.VOLUME, "v1", status=Status.ERROR), thing(Kind.VOLUME, "v2")), {"v2"}, id="the-volume-that-works"
        ),
        pytest.param(
            (PORTS[1], thing(Kind.FLOATING_IP, "f1", port=""), thing(Kind.FLOATING_IP, "f2", port="b")), {"b", "f2"},
            id="the-floating-ip-that-is-attached",
        ),
    ],
)  # fmt: skip
def test_given_two_of_a_kind_when_told_in_any_order_then_the_same_one_stays(
    objects: tuple[CloudObject, ...], stays: set[str]
) -> None:
    for told in permutations(objects):
        assert {o.id for o in kept(told, 1).values()} == stays
        assert {o.id for o in superfluous(told, 1)} == {o.id for o in objects} - stays


def test_given_what_an_older_attempt_left_when_sorted_then_all_of_it_is_superfluous() -> None:
    older = thing(Kind.PORT, "old", attempt=1)
    mine = thing(Kind.PORT, "new", attempt=2)

    assert superfluous((older, mine), 2) == (older,)
