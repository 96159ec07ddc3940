"""binderops.yaml and the environment: every mistake at once, each with its line and what to do."""

import re
from pathlib import Path

import pytest

from bot.settings import SETTINGS, Settings, SettingsError, load

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def loaded(tmp_path: Path, text: str, **environment: str) -> Settings:
    file = tmp_path / "binderops.yaml"
    file.write_text(text)
    return load(environment, file)


def test_given_no_file_when_loaded_then_every_setting_has_its_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    settings = load({})

    assert dict(settings.values) == {name: setting.default for name, setting in SETTINGS.items()}


def test_given_several_mistakes_when_loaded_then_all_are_told_with_their_lines(tmp_path: Path) -> None:
    text = "preset: jetstream\nlimits:\n  max_hours: -1\n  max_hour: 3\naccess: yes\n"

    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, text)

    assert [m.line for m in caught.value.mistakes] == [1, 3, 4, 5]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("limits:\n  max_hour: 3\n", "Did you mean limits.max_hours?", id="a misspelt name"),
        pytest.param("preset: [\n", "This is not YAML", id="broken YAML"),
        pytest.param("- preset\n", "must hold names with values", id="a list"),
        pytest.param("preset: generic\npreset: local\n", "a second time", id="twice"),
        pytest.param("prices: {g3.*: free}\n", "prices must be flavor patterns", id="a price in words"),
    ],
)
def test_given_a_mistake_when_loaded_then_the_message_says_what_it_is(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, text)

    assert words in caught.value.message


def test_given_a_named_file_that_is_not_there_when_loaded_then_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        load({"BINDEROPS_CONFIG": str(tmp_path / "none.yaml")})


def test_given_a_secret_in_a_file_when_loaded_then_it_is_read_from_there(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("xoxb-1\n")

    settings = loaded(tmp_path, "", SLACK_BOT_TOKEN_FILE=str(tmp_path / "token"))

    assert settings.secrets.slack_bot_token == "xoxb-1"


def test_given_secrets_when_the_settings_are_printed_then_they_are_not_in_it(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "", SLACK_BOT_TOKEN="xoxb-planted", BINDEROPS_KEY="planted-key")

    assert "planted" not in repr(settings)


def test_given_the_reference_page_then_it_lists_exactly_the_settings_that_there_are() -> None:
    listed = re.findall(r"^\| `([a-z_.]+)` \|", PAGE.read_text(), re.MULTILINE)

    assert sorted(listed) == sorted(SETTINGS)
