"""Times, prices and states as people read them."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.words import duration, mention, price, short_id, size, source, when
from provisioning.model import Request
from tests.strategies import a_plan


def test_given_a_time_when_said_then_the_reader_sees_its_own_zone_and_others_utc() -> None:
    at = datetime.fromisoformat("2026-03-02T15:05:00+02:00")

    said = when(at)

    assert said == f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|2 Mar 2026, 13:05 UTC>"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        pytest.param(0, "0 seconds", id="nothing"),
        pytest.param(1, "1 second", id="singular"),
        pytest.param(59.6, "1 minute", id="rounded up to a minute"),
        pytest.param(12 * 60, "12 minutes", id="minutes"),
        pytest.param(3600 * 3 + 60 * 12, "3 hours 12 minutes", id="two units"),
        pytest.param(86400 + 3600, "1 day 1 hour", id="days"),
    ],
)
def test_given_a_span_when_said_then_in_its_two_largest_units(seconds: float, said: str) -> None:
    assert duration(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize("user", ["", None, "U1> <!channel", "someone else"])
def test_given_what_is_no_user_id_when_mentioned_then_nobody_is_called(user: object) -> None:
    assert mention(user) == "somebody"


def test_given_a_price_when_said_then_without_needless_digits() -> None:
    assert price(a_plan()) == "2 SU an hour"


@pytest.mark.parametrize(
    ("open_url", "said"),
    [
        pytest.param("git-pull?repo=https%3A%2F%2Fgithub.com%2Fc%2Fd&branch=dev", ", with the files of <https://github.com/c/d|github.com/c/d> (dev)", id="whole"),
        pytest.param("git-pull?repo=https://github.com/c/d", ", with the files of <https://github.com/c/d|github.com/c/d>", id="no branch"),
        pytest.param("git-pull?repo=<!channel>", ", with the files of &lt;!channel&gt;", id="no link"),
        pytest.param("lab/tree/a.ipynb", "", id="none"),
    ],
)  # fmt: skip
def test_given_a_second_repository_that_nbgitpuller_brings_then_the_plan_names_it(
    open_url: str, said: str
) -> None:
    plan = a_plan()
    alone = source(plan)

    assert source(replace(plan, request=replace(plan.request, open_url=open_url))) == alone + said


@pytest.mark.parametrize(
    ("cloud", "said"),
    [
        pytest.param("", "m3.small (2 CPUs, 6 GB of memory)", id="one"),
        pytest.param("iu", "m3.small (2 CPUs, 6 GB of memory) on iu", id="several"),
    ],
)
def test_given_clouds_then_the_size_says_which_only_where_there_are_several(cloud: str, said: str) -> None:
    assert size(replace(a_plan(), cloud=cloud)) == said


@pytest.mark.parametrize(
    ("kind", "commit", "shown"),
    [
        pytest.param("git", "a" * 40, "a" * 7, id="a commit"),
        pytest.param("archive", "b" * 64, "b" * 7, id="an archive's digest"),
        pytest.param("figshare", "9782777.v3", "9782777.v3", id="a record with its version"),
        pytest.param("swh", f"swh:1:dir:{'c' * 40}", f"swh:1:dir:{'c' * 14}", id="a directory"),
    ],
)
def test_given_a_source_of_any_kind_then_its_id_is_short_but_says_the_version(
    kind: str, commit: str, shown: str
) -> None:
    assert short_id(replace(a_plan(), source_kind=kind, commit=commit)) == shown


def test_given_a_record_then_its_title_leads_to_its_page() -> None:
    request = Request(provider="zenodo", repo="10.5281/zenodo.3242074")
    plan = replace(
        a_plan(), request=request, source_kind="zenodo", commit="3242074", ref="v1.2", title="Examples"
    )

    assert source(plan) == "<https://doi.org/10.5281/zenodo.3242074|Examples> at `3242074` (v1.2)"
