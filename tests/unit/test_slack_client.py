"""The client's address and patience, and what its record leaves out."""

import copy
import json
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.masking import MASK
from bot.settings import load
from bot.slack_client import Recorder, make_client, without_secrets


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"token": "xoxb-secret"}, id="a token"),
        pytest.param(
            {"blocks": [{"url": "http://b.localhost:1/_binder/enter?ticket=a.secret"}]},
            id="a ticket in a block",
        ),
        pytest.param({"text": "it said: bad token xoxb-12-secret"}, id="a token in a text"),
        pytest.param({"text": "it said: bad token xapp-1-A-secret"}, id="an app token in a text"),
        pytest.param({"text": "Binderops-Signature: a.secret"}, id="a signature in a text"),
        pytest.param({"text": "open <https://x/_binder/enter?ticket=secret|here>"}, id="a ticket in a text"),
        pytest.param(
            {"view": {"private_metadata": '{"response_url": "https://secret"}'}},
            id="a response_url in metadata",
        ),
        pytest.param({"url": "https://hooks.slack.com/actions/T1/2/secret"}, id="a response_url of Slack's"),
        pytest.param(
            {"url": "http://127.0.0.1:3000/response/T1/2/secret"}, id="a response_url of the playground's"
        ),
    ],
)
def test_given_a_secret_in_a_call_then_it_is_masked(value: object) -> None:
    shown = json.dumps(without_secrets(value))

    assert "secret" not in shown
    assert MASK in shown


def test_given_a_harmless_call_then_it_is_kept_as_it_is() -> None:
    call = {"channel": "C1", "text": "{not json", "blocks": [{"type": "divider"}]}

    assert without_secrets(call) == call


def test_given_two_calls_then_there_are_two_files_in_order(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "record")
    recorder.note("chat.postMessage", {"channel": "C1"})
    recorder.note("chat.update", {"ts": "1.2"})

    kept = [json.loads(file.read_text()) for file in sorted((tmp_path / "record").iterdir())]
    assert kept == [
        {"method": "chat.postMessage", "args": {"channel": "C1"}},
        {"method": "chat.update", "args": {"ts": "1.2"}},
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [("", AsyncWebClient.BASE_URL), ("http://127.0.0.1:1/api", "http://127.0.0.1:1/api/")],
    ids=["Slack", "another address"],
)
def test_given_an_address_then_the_client_calls_it(given: str, expected: str) -> None:
    assert make_client(load({"SLACK_API_URL": given})).base_url == expected


def test_given_a_proxy_for_the_world_then_this_machine_is_called_directly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:1")

    assert make_client(load({"SLACK_API_URL": "http://127.0.0.1:1/api/"})).proxy is None


def test_given_a_copy_of_a_client_when_the_token_is_renewed_then_both_have_the_new_one() -> None:
    client = make_client(load({"SLACK_BOT_TOKEN": "xoxb-old"}))
    twin = copy.copy(client)

    client.token = "xoxb-new"

    assert twin.token == "xoxb-new"


def test_given_two_clients_when_the_token_of_one_is_renewed_then_the_other_keeps_its_own() -> None:
    one, other = (make_client(load({"SLACK_BOT_TOKEN": "xoxb-old"})) for _ in range(2))

    one.token = "xoxb-new"

    assert other.token == "xoxb-old"
