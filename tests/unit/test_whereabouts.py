"""Whether the settings still lead to where the environments are, as a table."""

from collections.abc import Mapping

import pytest

from provisioning.model import BinderId
from provisioning.whereabouts import Whereabouts, difference

ONE, MANY = (BinderId("aaaaaaaaaa"),), tuple(BinderId(f"binder{n:04}") for n in range(5))
OLD = Whereabouts(deployment="team", project="project p1, region r1")


def at(deployment: str = "team", project: str = "project p1, region r1") -> Whereabouts:
    return Whereabouts(deployment=deployment, project=project)


@pytest.mark.parametrize(
    ("kept", "now", "living"),
    [
        pytest.param({}, at(), {"": ONE}, id="nothing was kept yet"),
        pytest.param({"": OLD}, at(), {"": ONE}, id="all as it was"),
        pytest.param({"": OLD}, at(project="project p2, region r1"), {}, id="another project, nobody lives"),
        pytest.param({"": OLD}, at(deployment="lab"), {}, id="another name, nobody lives"),
        pytest.param({"": OLD}, at(project=""), {"": ONE}, id="the cloud was not asked yet"),
        pytest.param({"": OLD, "far": OLD}, at(project="project p2, region r1"), {"near": ONE}, id="others live elsewhere"),
    ],
)  # fmt: skip
def test_given_whereabouts_that_harm_nobody_then_what_is_seen_counts(
    kept: Mapping[str, Whereabouts], now: Whereabouts, living: Mapping[str, tuple[BinderId, ...]]
) -> None:
    assert difference(kept, now, living) is None


@pytest.mark.parametrize(
    ("now", "name", "code"),
    [
        pytest.param(at(project="project p2, region r1"), "", "cloud-changed", id="another project"),
        pytest.param(at(project="project p1, region r2"), "far", "cloud-changed", id="another region"),
        pytest.param(at(deployment="lab"), "", "deployment-changed", id="another name"),
        pytest.param(at(deployment="lab", project=""), "", "deployment-changed", id="another name, the cloud not asked"),
        pytest.param(at(deployment="lab", project="project p2, region r1"), "", "deployment-changed", id="both"),
    ],
)  # fmt: skip
def test_given_whereabouts_that_hide_an_environment_then_nothing_that_is_seen_counts(
    now: Whereabouts, name: str, code: str
) -> None:
    error = difference({name: OLD}, now, {name: ONE})

    assert error is not None
    assert error.code == code


def test_given_another_project_then_both_and_the_environments_are_named() -> None:
    error = difference({"far": OLD}, at(project="project p2, region r9"), {"far": MANY})

    assert error is not None
    assert error.message == (
        "The settings lead the cloud far to project p2, region r9, but 5 environments (binder0000, binder0001, binder0002 "
        "and 2 more) were made in project p1, region r1."
    )
    assert "back to project p1, region r1" in error.hint
    assert "binderops serve --forget-cloud far." in error.hint


def test_given_another_name_then_both_are_told_and_which_to_set_back() -> None:
    error = difference({"": OLD}, at(deployment="lab"), {"": ONE})

    assert error is not None
    assert "deployment is lab, but 1 environment (aaaaaaaaaa) was made under the name team" in error.message
    assert "sets deployment back to team" in error.hint
