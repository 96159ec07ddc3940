"""The form for tokens: what leaves it is sealed, and what is wrong is told without repeating it."""

from typing import Any

import pytest

from bot.form_fields import FIELD
from bot.intents import Details
from bot.launch_form import Origin
from bot.playground.refusals import checked_view
from bot.token_form import form, submitted
from provisioning.source_tokens import Login, Scope
from provisioning.vault import Vault

SECRET = "ghp_planted0123456789"
ORIGIN = Origin(channel="C1", response_url="https://hooks.slack.com/commands/x")


def read(**fields: str) -> Details | dict[str, str]:
    """The form, submitted with these fields."""
    given: dict[str, str] = {"host": "github.com", "secret": SECRET, **fields}
    values = {name: {FIELD: {"type": "plain_text_input", "value": text}} for name, text in given.items()}
    view: dict[str, Any] = {**form(ORIGIN), "state": {"values": values}}
    return submitted(view, "T1", "U1", Vault("key").close)


def test_given_the_form_then_slack_takes_it() -> None:
    assert checked_view(form(ORIGIN), "modal")


def test_given_a_token_then_what_leaves_the_form_does_not_show_it() -> None:
    found = read()

    assert isinstance(found, Details)
    assert found.token is not None
    assert SECRET not in f"{found} {found.token.sealed}"


def test_given_a_sealed_token_then_each_sealing_looks_different() -> None:
    vault, scope = Vault("key"), Scope(team="T1", person="U1", host="github.com")
    login = Login(username="x", secret=SECRET)

    assert vault.close(scope, login) != vault.close(scope, login)


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        pytest.param({"host": "not a host"}, "host", id="no host"),
        pytest.param({"host": "http://github.com"}, "host", id="no https"),
        pytest.param({"host": "me@github.com"}, "host", id="somebody at a host"),
        pytest.param({"host": SECRET}, "host", id="the token in the field of the host"),
        pytest.param({"secret": f"{SECRET} x"}, "secret", id="two words"),
        pytest.param({"secret": f"{SECRET}\r\nX: y"}, "secret", id="several lines"),
        pytest.param({"secret": f"{SECRET}é"}, "secret", id="no plain letters"),
        pytest.param({"secret": "  "}, "secret", id="nothing"),
        pytest.param({"username": f"{SECRET}:x"}, "secret", id="a colon in the name"),
    ],
)
def test_given_a_mistake_then_it_is_told_at_its_field_and_repeats_nothing(
    fields: dict[str, str], at: str
) -> None:
    found = read(**fields)

    assert isinstance(found, dict)
    assert list(found) == [at]
    assert SECRET not in str(found)
