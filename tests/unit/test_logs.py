"""Nothing that lets anybody in reaches the log."""

import logging

import pytest

from bot.logs import configure, masked


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
    ],
)
def test_given_a_line_with_a_secret_when_masked_then_the_secret_is_not_in_it(line: str, secret: str) -> None:
    assert secret not in masked(line)


def test_given_a_secret_in_a_trace_when_logged_then_it_is_masked_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure(is_quiet=False)
    try:
        int("xoxb-planted")
    except ValueError:
        logging.getLogger("test").exception("broke")
    finally:
        root.handlers, root.level = handlers, level

    said = capsys.readouterr().err
    assert "ValueError: " in said
    assert "planted" not in said
