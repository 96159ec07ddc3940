"""Which sources a deployment allows: what patterns fit, and what of them an instance is told."""

import pytest

from provisioning.guest.rules import Rules, fits

REPO = "https://github.com/Org/Repo.git"


@pytest.mark.parametrize(
    ("pattern", "url", "is_fitting"),
    [
        pytest.param("github.com", REPO, True, id="a host"),
        pytest.param("GitHub.com/", REPO, True, id="in other letters"),
        pytest.param("github.com/org", REPO, True, id="an organisation"),
        pytest.param("github.com/org/repo", REPO, True, id="a repository"),
        pytest.param("github.com/org/repo.git", REPO, True, id="a repository with its ending"),
        pytest.param(
            "github.com/org/*-course", "https://github.com/org/r-course", True, id="a part of a name"
        ),
        pytest.param("*/org", REPO, True, id="any host"),
        pytest.param("figshare.com", "https://api.figshare.com/v2/articles/1", True, id="a host below"),
        pytest.param("*.example.org", "https://git.example.org/a/b", True, id="hosts below alone"),
        pytest.param("github.com", "https://github.com:8443/org/repo", True, id="a port"),
        pytest.param("github.com/org", "https://github.com/%4frg/repo", True, id="encoded"),
        pytest.param("github.com/org", "https://github.com/x/../org/repo", True, id="dots"),
        pytest.param("github.com/org", "https://github.com//org/repo", True, id="slashes"),
        pytest.param("doi.org/10.5281", "https://doi.org/10.5281/zenodo.1", True, id="a DOI's prefix"),
        pytest.param("github.com/or", REPO, False, id="the beginning of a name"),
        pytest.param("github.com/org/repo/x", REPO, False, id="more than there is"),
        pytest.param("hub.com", REPO, False, id="the end of a host's name"),
        pytest.param("*.example.org", "https://example.org/a", False, id="the host itself"),
        pytest.param("github.com", "https://github.com.evil.example/org/repo", False, id="a longer host"),
        pytest.param(
            "github.com", "https://github.com@evil.example/org/repo", False, id="the host as a user"
        ),
        pytest.param("example.org/github.com", REPO, False, id="another order"),
    ],
)
def test_given_a_pattern_and_a_url_then_they_fit_or_not(pattern: str, url: str, is_fitting: bool) -> None:
    assert fits(pattern, url) == is_fitting


@pytest.mark.parametrize(
    ("rules", "is_allowed"),
    [
        pytest.param(Rules(), True, id="none"),
        pytest.param(Rules(deny=("github.com",)), False, id="denied"),
        pytest.param(Rules(deny=("gitlab.com",)), True, id="another is denied"),
        pytest.param(Rules(allow=("gitlab.com",)), False, id="another is allowed"),
        pytest.param(Rules(allow=("gitlab.com", "github.com/org")), True, id="one of two allows"),
        pytest.param(Rules(allow=("github.com",), deny=("github.com/org",)), False, id="denied goes first"),
    ],
)
def test_given_rules_then_a_source_is_allowed_or_not(rules: Rules, is_allowed: bool) -> None:
    assert rules.allows(REPO) == is_allowed


def test_given_many_patterns_when_an_instance_is_told_then_it_is_what_decides_there() -> None:
    rules = Rules(allow=("gitlab.com", "github.com/org", "github.com"), deny=("evil.example",), ask="Ada")

    assert rules.for_guest(REPO) == Rules(allow=("github.com/org",), deny=("evil.example",), ask="Ada")


def test_given_patterns_that_do_not_fit_when_an_instance_is_told_then_it_still_is_not_allowed() -> None:
    assert not Rules(allow=("gitlab.com",)).for_guest(REPO).allows(REPO)
