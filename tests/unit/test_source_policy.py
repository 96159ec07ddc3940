"""From settings to what sources a deployment takes."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.settings import Settings, load
from bot.settings_list import SETTINGS
from bot.source_policy import guest_limits, source_policy
from provisioning.guest.rules import Rules
from provisioning.launch_spec import Limits
from provisioning.sources import SourcePolicy


def settings(tmp_path: Path, **own: object) -> Settings:
    loaded = load({"BINDEROPS_HOME": str(tmp_path)})
    return replace(loaded, values={**loaded.values, **{k.replace("__", "."): v for k, v in own.items()}})


def test_given_no_settings_then_lookups_and_guests_have_the_same_limit(tmp_path: Path) -> None:
    given = settings(tmp_path)

    assert (source_policy(given), guest_limits(given)) == (SourcePolicy(), Limits())
    assert source_policy(given).most_mib == guest_limits(given).source_mib


def test_given_patterns_then_lookups_go_by_them(tmp_path: Path) -> None:
    given = settings(
        tmp_path, sources__allow=["github.com/org"], sources__deny=["*.evil.example"], sources__ask="Ada"
    )

    assert source_policy(given).rules == Rules(allow=("github.com/org",), deny=("*.evil.example",), ask="Ada")


@pytest.mark.parametrize(
    ("pattern", "is_good"),
    [
        ("github.com", True), ("github.com/org/*", True), ("*.example.org", True),
        ("https://github.com", False), ("github.com:443", False), ("a b", False), ("", False), (7, False),
    ],
)  # fmt: skip
def test_given_a_pattern_then_settings_take_hosts_and_paths_alone(pattern: object, is_good: bool) -> None:
    assert bool(SETTINGS["sources.deny"].check([pattern])) == is_good


def test_given_another_limit_then_it_counts_for_both(tmp_path: Path) -> None:
    given = settings(tmp_path, limits__source_mib=10_000)

    assert (source_policy(given).most_mib, guest_limits(given).source_mib) == (10_000, 10_000)
