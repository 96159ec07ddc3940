"""`cloud=`: only where there is more than one, and flavors by cloud."""

import pytest

from bot.grammar import parse
from provisioning.errors import PersonError

ONE = {"": ("m3.small", "m3.medium")}
TWO = {"iu": ("m3.small", "m3.medium"), "East": ("r3.large",)}


@pytest.mark.parametrize(
    ("text", "cloud", "flavor"),
    [
        pytest.param("org/repo", "", "", id="neither"),
        pytest.param("org/repo cloud=iu", "iu", "", id="cloud"),
        pytest.param("org/repo cloud=EAST flavor=R3.large", "East", "r3.large", id="another letter case"),
        pytest.param("org/repo flavor=m3.medium", "", "m3.medium", id="a flavor of the first"),
        pytest.param("org/repo --cloud east", "East", "", id="as a program's option"),
    ],
)
def test_given_two_clouds_when_one_is_named_then_it_is_in_the_request(
    text: str, cloud: str, flavor: str
) -> None:
    options = parse(text, TWO).options

    assert (options.cloud, options.flavor) == (cloud, flavor)


def test_given_nothing_known_of_clouds_then_any_name_passes() -> None:
    assert parse("org/repo cloud=iu flavor=x1").options.cloud == "iu"


def test_given_a_cloud_whose_flavors_are_not_known_yet_then_any_flavor_passes() -> None:
    assert parse("org/repo cloud=b flavor=x1", {"a": ("m3.small",), "b": ()}).options.flavor == "x1"


@pytest.mark.parametrize(
    ("text", "offers", "code", "place", "said"),
    [
        pytest.param("o/r cloud=iv", TWO, "unknown-cloud", "iv", "Did you mean iu? Clouds are iu, East.", id="near"),
        pytest.param("o/r cloud=zz9", TWO, "unknown-cloud", "zz9", "Clouds are iu, East.", id="like none"),
        pytest.param("o/r cloud=iu", ONE, "unknown-cloud", "iu", "There is only one here", id="one cloud"),
        pytest.param("o/r cloud=a/b", TWO, "bad-name", "a/b", "cloud=east", id="no name"),
        pytest.param(
            "o/r flavor=r3.large", TWO, "unknown-flavor", "r3.large",
            "The cloud iu has no flavor “r3.large”; the cloud East has it. Add cloud=East", id="the other's flavor",
        ),
        pytest.param(
            "o/r cloud=East flavor=r3.larg", TWO, "unknown-flavor", "r3.larg", "Did you mean r3.large?", id="near, there",
        ),
        pytest.param("o/r region=iu", TWO, "unknown-option", "region", "Did you mean cloud?", id="other launchers' word"),
    ],
)  # fmt: skip
def test_given_a_cloud_or_flavor_that_is_not_there_then_the_place_is_marked_and_a_way_out_is_named(
    text: str, offers: dict[str, tuple[str, ...]], code: str, place: str, said: str
) -> None:
    with pytest.raises(PersonError) as refused:
        parse(text, offers)

    error = refused.value
    assert (error.code, text[slice(*error.span)]) == (code, place)
    assert said in f"{error.message} {error.hint}"


@pytest.mark.parametrize(
    ("offers", "offered"), [pytest.param(ONE, False, id="one"), pytest.param(TWO, True, id="two")]
)
def test_given_an_unknown_option_then_cloud_is_listed_only_where_there_are_several(
    offers: dict[str, tuple[str, ...]], offered: bool
) -> None:
    with pytest.raises(PersonError) as refused:
        parse("o/r colour=red", offers)

    assert ("cloud" in refused.value.hint) is offered
