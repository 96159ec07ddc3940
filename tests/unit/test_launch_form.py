"""The launch form as a value."""

import pytest
from slack_sdk.models.views import View

from bot.launch_form import FIELD, Origin, form, origin_of, submitted
from provisioning.model import Flavor

ORIGIN = Origin(channel="C1", response_url="https://hooks.slack.com/commands/x")
FLAVORS = {"": [Flavor(name=f"m3.{n}", vcpus=n, ram_mib=1024, disk_gib=20) for n in range(150)]}


def test_given_the_form_then_it_remembers_where_it_was_asked_for() -> None:
    assert origin_of(form(ORIGIN, FLAVORS, default_hours=4)) == ORIGIN


def test_given_more_flavors_than_a_select_takes_then_the_form_stays_within_slacks_limits() -> None:
    View(**form(ORIGIN, FLAVORS, default_hours=4)).validate_json()


def test_given_no_known_flavors_then_the_name_can_be_typed() -> None:
    fields = {b["block_id"]: b["element"]["type"] for b in form(ORIGIN, {"": []}, default_hours=4)["blocks"]}

    assert fields["flavor"] == "plain_text_input"


@pytest.mark.parametrize(
    ("flavors", "fields"),
    [
        pytest.param({"": ()}, ["repository", "ref", "path", "flavor", "hours", "volume"], id="one"),
        pytest.param(
            {"iu": (), "az": ()},
            ["repository", "ref", "path", "cloud", "flavor", "hours", "volume"],
            id="two",
        ),
    ],
)
def test_given_clouds_then_one_is_asked_for_only_where_there_are_several(
    flavors: dict[str, tuple[Flavor, ...]], fields: list[str]
) -> None:
    assert [b["block_id"] for b in form(ORIGIN, flavors, default_hours=4)["blocks"]] == fields


def test_given_two_clouds_then_their_flavors_stand_in_groups_within_slacks_limits() -> None:
    view = form(ORIGIN, {"iu": FLAVORS[""], "az": FLAVORS[""][:3]}, default_hours=4)

    View(**view).validate_json()
    groups = next(b for b in view["blocks"] if b["block_id"] == "flavor")["element"]["option_groups"]
    assert [(g["label"]["text"], len(g["options"])) for g in groups] == [("iu", 100), ("az", 3)]


@pytest.mark.parametrize(
    ("cloud", "flavor", "asked"),
    [
        pytest.param("", "az m3.1", ("az", "m3.1"), id="the flavor says which"),
        pytest.param("iu", "", ("iu", ""), id="a cloud alone"),
        pytest.param("az", "iu m3.1", ("az", "m3.1"), id="both"),
    ],
)
def test_given_two_clouds_when_submitted_then_cloud_and_flavor_are_those_chosen(
    cloud: str, flavor: str, asked: tuple[str, str]
) -> None:
    values = {
        "repository": {FIELD: {"value": "org/repo"}},
        "cloud": {FIELD: {"selected_option": {"value": cloud} if cloud else None}},
        "flavor": {FIELD: {"selected_option": {"value": flavor} if flavor else None}},
    }

    found = submitted(
        {"state": {"values": values}}, offers={"iu": ["m3.1", "m3.2"], "az": ["m3.1"]}, allow_exact=()
    )

    assert not isinstance(found, dict)
    assert found.request is not None
    assert (found.request.options.cloud, found.request.options.flavor) == asked


def test_given_a_flavor_that_the_chosen_cloud_lacks_when_submitted_then_its_field_says_so() -> None:
    values = {
        "repository": {FIELD: {"value": "org/repo"}},
        "cloud": {FIELD: {"selected_option": {"value": "az"}}},
        "flavor": {FIELD: {"selected_option": {"value": "iu m3.2"}}},
    }

    found = submitted({"state": {"values": values}}, offers={"iu": ["m3.2"], "az": ["m3.1"]}, allow_exact=())

    assert isinstance(found, dict)
    assert "the cloud iu has it" in found["flavor"]


def test_given_a_typed_flavor_with_a_space_then_no_part_of_it_is_a_cloud() -> None:
    values = {"repository": {FIELD: {"value": "org/repo"}}, "flavor": {FIELD: {"value": "m3 small"}}}

    assert "flavor" in submitted({"state": {"values": values}}, offers={}, allow_exact=())


@pytest.mark.parametrize("element", [{"value": None}, {"value": "  "}, {"selected_option": None}])
def test_given_an_empty_field_then_it_was_not_given(element: dict[str, object]) -> None:
    values = {"repository": {FIELD: {"value": "org/repo"}}, "flavor": {FIELD: element}}
    found = submitted({"state": {"values": values}}, offers={}, allow_exact=())

    assert not isinstance(found, dict)
    assert found.request is not None
    assert found.request.options.flavor == ""
