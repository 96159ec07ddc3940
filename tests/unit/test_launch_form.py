"""The launch form as a value."""

import pytest
from slack_sdk.models.views import View

from bot.launch_form import FIELD, Origin, form, origin_of, submitted
from provisioning.model import Flavor

ORIGIN = Origin(channel="C1", response_url="https://hooks.slack.com/commands/x")
FLAVORS = [Flavor(name=f"m3.{n}", vcpus=n, ram_mib=1024, disk_gib=20) for n in range(150)]


def test_given_the_form_then_it_remembers_where_it_was_asked_for() -> None:
    assert origin_of(form(ORIGIN, FLAVORS, default_hours=4)) == ORIGIN


def test_given_more_flavors_than_a_select_takes_then_the_form_stays_within_slacks_limits() -> None:
    View(**form(ORIGIN, FLAVORS, default_hours=4)).validate_json()


def test_given_no_known_flavors_then_the_name_can_be_typed() -> None:
    fields = {b["block_id"]: b["element"]["type"] for b in form(ORIGIN, [], default_hours=4)["blocks"]}

    assert fields["flavor"] == "plain_text_input"


@pytest.mark.parametrize("element", [{"value": None}, {"value": "  "}, {"selected_option": None}])
def test_given_an_empty_field_then_it_was_not_given(element: dict[str, object]) -> None:
    values = {"repository": {FIELD: {"value": "org/repo"}}, "flavor": {FIELD: element}}
    found = submitted({"state": {"values": values}}, flavors=(), allow_exact=())

    assert not isinstance(found, dict)
    assert found.request is not None
    assert found.request.options.flavor == ""
