"""The rule of ``sources.allow_exact``: what is typed, what is looked up and what is fetched go by the same one."""

from collections.abc import Callable

import pytest

from bot.grammar.urls import is_exempt
from provisioning.guest.orders import Source
from provisioning.sources import SourcePolicy

Rule = Callable[[str, str], bool]


def _typed(url: str, prefix: str) -> bool:
    return is_exempt(url, [prefix])


def _looked_up(url: str, prefix: str) -> bool:
    return SourcePolicy(allow_exact=(prefix,)).exempts(url)


def _fetched(url: str, prefix: str) -> bool:
    return Source(
        kind="git", url=url, commit="a" * 40, ref="main", address="", allow_exact=(prefix,)
    ).is_exempt


@pytest.mark.parametrize("rule", [_typed, _looked_up, _fetched])
@pytest.mark.parametrize(
    ("url", "prefix", "covers"),
    [
        pytest.param("http://h.example/a", "http://h.example/", True, id="below the prefix"),
        pytest.param("http://h.example/a", "http://h.example", True, id="a prefix without its slash"),
        pytest.param("http://h.example/a", "http://h.example/a", True, id="the prefix itself"),
        pytest.param("http://h.example/a/", "http://h.example/a", True, id="a slash at its end"),
        pytest.param("http://h.example/.a/..b/c.", "http://h.example/", True, id="dots inside of names"),
        pytest.param("https://h.example/a", "http://h.example/", False, id="another scheme"),
        pytest.param("http://127.0.0.1:8080/a", "http://127.0.0.1:80", False, id="a longer port"),
        pytest.param("http://h.example.evil/a", "http://h.example", False, id="a longer host"),
        pytest.param("http://h.example/team-b/a", "http://h.example/team", False, id="a longer folder"),
        pytest.param("http://h.example@evil/a", "http://h.example", False, id="the host as a user's name"),
        pytest.param("http://h.example/a/../b", "http://h.example/a/", False, id="climbing out"),
        pytest.param("http://h.example/a/..", "http://h.example/a/", False, id="climbing out at the end"),
        pytest.param("http://h.example/a/%2E%2e/b", "http://h.example/a/", False, id="climbing hidden"),
        pytest.param("http://h.example/a\\..\\b", "http://h.example/", False, id="climbing backwards"),
        pytest.param("http://h.example/./b", "http://h.example/", False, id="staying by a dot"),
        pytest.param("http://h.example/a", "/", False, id="a prefix of nothing"),
        pytest.param("http://h.example/a", "", False, id="no prefix"),
    ],
)
def test_given_a_url_and_an_exempt_prefix_then_every_reader_judges_alike(
    rule: Rule, url: str, prefix: str, covers: bool
) -> None:
    assert rule(url, prefix) is covers
