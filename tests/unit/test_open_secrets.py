"""A token that is typed where it can be read is seen, and nothing that is said or stored repeats it."""

import pytest

from bot import open_secrets
from bot.commands import COMMANDS
from bot.effects import mistaken
from bot.reading import read
from provisioning.errors import PersonError

SECRET = "ghp_planted0123456789"
PLAIN = "planted-deploy-token"  # no pattern knows it


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(f"token {SECRET}", id="behind the verb"),
        pytest.param(f"token {PLAIN}", id="behind the verb, of no known shape"),
        pytest.param(f"Token `{PLAIN}`", id="as code"),
        pytest.param(f"token forget {PLAIN}", id="behind forget"),
        pytest.param(f"token list {PLAIN}", id="behind list"),
        pytest.param(f"token={PLAIN}", id="as an option"),
        pytest.param(f"https://{SECRET}@github.com/org/repo", id="in an address"),
        pytest.param(f"org/repo main {SECRET}", id="behind a repository"),
        pytest.param("org/repo glpat-planted-0123456789", id="GitLab's"),
        pytest.param("org/repo github_pat_planted0123456789", id="GitHub's fine-grained"),
    ],
)
def test_given_a_token_in_a_command_then_it_is_refused_without_a_word_of_it(typed: str) -> None:
    with pytest.raises(PersonError) as raised:
        read(typed, COMMANDS, offers={}, allow_exact=())

    assert raised.value.code == "token-given-openly"
    assert "planted" not in f"{mistaken(raised.value)} {open_secrets.blanked(typed)}"
    assert open_secrets.is_in(open_secrets.blanked(typed))


@pytest.mark.parametrize(
    "text",
    [
        "org/token",
        "tokens/repo main",
        "token",
        "token list",
        "token forget git.example.org:8443 everyone",
        "org/repo ghp_short",
    ],
)
def test_given_a_text_without_a_token_then_it_is_taken_for_what_it_is(text: str) -> None:
    assert (open_secrets.is_in(text), open_secrets.blanked(text)) == (False, text)
