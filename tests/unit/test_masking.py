"""Nothing that lets anybody in is read by whoever reads a log, a figure or an error."""

from collections.abc import Iterator

import pytest

from bot.masking import forget, hide, masked, secrets_in


@pytest.fixture(autouse=True)
def unhidden() -> Iterator[None]:
    yield
    forget()


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        pytest.param("GET /_binder/enter?ticket=eyJh.c2ln HTTP", "eyJh.c2ln", id="a ticket"),
        pytest.param("token xoxb-12-ab used", "xoxb-12-ab", id="a bot token"),
        pytest.param("token xapp-1-A-b used", "xapp-1-A-b", id="an app token"),
        pytest.param("POST https://hooks.slack.com/commands/T/1/x", "commands/T/1/x", id="a response URL"),
        pytest.param("POST http://127.0.0.1:1/response/abc-d", "abc-d", id="the playground's response URL"),
        pytest.param(
            "POST http://127.0.0.1:1/response/T1/2/abc",
            "abc",
            id="a playground's response URL of several parts",
        ),
        pytest.param("Binderops-Signature: a.b", "a.b", id="a signature"),
        pytest.param(f"X-Slack-Signature: v0={'a1' * 32}", "a1a1", id="Slack's signature"),
        pytest.param(
            "to wss://wss-primary.slack.com/link/?ticket=1&app_id=2", "app_id=2", id="Slack's socket"
        ),
        pytest.param("to ws://127.0.0.1:1/socket/abc-d?app_id=2", "abc-d", id="the playground's socket"),
        pytest.param("postgresql://me:pw%20@db/x", "pw%20", id="a database's URL"),
        pytest.param("https://user:t0ken@git.example/r.git", "t0ken", id="a repository's URL"),
        pytest.param("host=db password=pw1 user=me", "pw1", id="a connection's words"),
        pytest.param("Authorization: Basic eDp5", "eDp5", id="git's password"),
        pytest.param(
            "took ghs_1_eyJhbGci.eyJpYXQ.c2lnbmF0-_dXJl used",
            "c2lnbmF0-_dXJl",
            id="a token of a GitHub App's",
        ),
        pytest.param("Bearer eyJhbGci.eyJpYXQi.c2ln_-F0", "c2ln_-F0", id="a GitHub App's proof"),
        pytest.param(
            "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc+/\nDEF0==\n-----END RSA PRIVATE KEY-----",
            "DEF0",
            id="a private key",
        ),
        pytest.param(
            "-----BEGIN PRIVATE KEY-----\\nMIIEabc+/\\nDEF0==", "DEF0", id="a private key on one line"
        ),
        pytest.param("took ghp_abcdefghij0123", "ghp_abcdefghij0123", id="a token of GitHub's"),
        pytest.param("took glpat-abcdefghij-0123", "glpat-abcdefghij-0123", id="a token of GitLab's"),
    ],
)
def test_given_a_line_with_a_secret_when_masked_then_the_secret_is_not_in_it(line: str, secret: str) -> None:
    assert secret not in masked(line)


def test_given_a_value_that_is_hidden_when_it_comes_up_in_any_line_then_it_is_masked() -> None:
    hide(["8f742231b10e8888", "8f742231b10e8888-longer"])

    assert masked("a8f742231b10e8888-longer:8f742231b10e8888") == "a***:***"


def test_given_a_value_too_short_to_be_told_from_words_then_it_is_not_hidden() -> None:
    hide(["a", ""])

    assert masked("a line") == "a line"


def test_given_an_environment_then_its_secrets_are_found_by_name() -> None:
    found = secrets_in(
        {
            "SLACK_BOT_TOKEN": "bot-token", "SLACK_SIGNING_SECRET": "signing", "BINDEROPS_KEY": "key",
            "OS_PASSWORD": "password", "OS_APPLICATION_CREDENTIAL_SECRET": "credential", "OS_TOKEN": "os-token",
            "DATABASE_URL": "postgresql://me:p%40ss@db/x", "SLACK_BOT_TOKEN_FILE": "/a/file", "HOME": "/root",
            "GITHUB_APP_PRIVATE_KEY": "app-key", "GITHUB_APP_PRIVATE_KEY_FILE": "/a/key.pem",
        }
    )  # fmt: skip

    assert found == {
        "bot-token",
        "signing",
        "key",
        "password",
        "credential",
        "os-token",
        "p%40ss",
        "p@ss",
        "app-key",
    }


@pytest.mark.parametrize("url", ["", "postgresql://db/x"])
def test_given_a_database_without_a_password_then_nothing_is_hidden(url: str) -> None:
    assert secrets_in({"DATABASE_URL": url}) == set()


@pytest.mark.parametrize("url", ["host=db password = 'a b'", "postgresql://[bad"])
def test_given_a_database_that_is_named_by_no_url_then_all_of_it_is_hidden(url: str) -> None:
    assert secrets_in({"DATABASE_URL": url}) == {url}
