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
        pytest.param("deployment:\n", "deployment must be 1 to 40 small letters", id="nothing"),
        pytest.param(
            "deployment: Team A\n", "deployment must be 1 to 40 small letters", id="a mark that cannot be one"
        ),
        pytest.param(
            f"deployment: {'a' * 41}\n", "deployment must be 1 to 40 small letters", id="a long mark"
        ),
        pytest.param(
            "deployment: !!python/name:os.system\n", "deployment must be 1 to 40", id="a program's value"
        ),
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


def test_given_the_database_s_address_in_a_file_when_loaded_then_it_is_read_from_there(
    tmp_path: Path,
) -> None:
    (tmp_path / "url").write_text("postgresql://bot:secret@db/binderops\n")

    settings = loaded(tmp_path, "", DATABASE_URL_FILE=str(tmp_path / "url"))

    assert settings.database_url == "postgresql://bot:secret@db/binderops"


@pytest.mark.parametrize(
    "name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "BINDEROPS_KEY", "DATABASE_URL"]
)
def test_given_a_secret_s_file_that_is_not_there_when_loaded_then_it_is_said_which(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, "", **{f"{name}_FILE": str(tmp_path / "none")})

    assert f"{tmp_path / 'none'}:1: {name}_FILE names this file" in caught.value.message


def test_given_secrets_when_the_settings_are_printed_then_they_are_not_in_it(tmp_path: Path) -> None:
    url = "postgresql://bot:planted@db/x"
    settings = loaded(
        tmp_path, "", SLACK_BOT_TOKEN="xoxb-planted", BINDEROPS_KEY="planted-key", DATABASE_URL=url
    )

    assert "planted" not in repr(settings)


def test_given_the_reference_page_then_it_lists_exactly_the_settings_that_there_are() -> None:
    listed = re.findall(r"^\| `([a-z_.]+)` \|", PAGE.read_text(), re.MULTILINE)

    assert sorted(listed) == sorted(SETTINGS)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        pytest.param("cloud:\n  naem: js2\n", 2, "Did you mean cloud.name?", id="a misspelt name"),
        pytest.param("cloud:\n  tls: caddy\n", 2, "cloud.tls must be proxy, internal, domain or ip", id="no such way of TLS"),
        pytest.param("cloud:\n  domain: binder.example.org\n", 2, "with {id} or {address} in it", id="one name for all instances"),
        pytest.param("cloud:\n  domain: '{id}'\n", 2, "cloud.domain must be a host's name", id="no domain"),
        pytest.param("cloud:\n  domain: '{id}.{name}.example.org'\n", 2, "cloud.domain must be a host's name", id="a part that is not known"),
        pytest.param(f"cloud:\n  domain: '{'a' * 45}-{{id}}.example.org'\n", 2, "cloud.domain must be a host's name", id="a name that can get too long"),
        pytest.param("cloud:\n  acme_directory: http://ca.example.org/directory\n", 2, "cloud.acme_directory must be an https URL", id="a certificate authority asked openly"),
        pytest.param("cloud:\n  acme_contact: somebody\n", 2, "cloud.acme_contact must be a mail address", id="no mail address"),
        pytest.param("cloud:\n  tls: domain\n", 2, "Write cloud.domain", id="names without a pattern"),
        pytest.param("clouds:\n  a:\n    tls: domain\n", 3, "Write clouds.a.domain", id="names without a pattern, of several"),
        pytest.param("cloud:\n  proxy_host: https://x.org\n", 2, "cloud.proxy_host must be a host's name", id="a URL for a host"),
        pytest.param("cloud:\n  volume_root_below_gib: -1\n", 2, "0 for never", id="less than no disk"),
        pytest.param("clouds:\n  a:\n    nmae: x\n", 3, "Did you mean name?", id="a misspelt name in one of several"),
        pytest.param("clouds:\n  a:\n    requests_per_s: 0\n", 3, "clouds.a.requests_per_s must be a number above 0", id="a number"),
        pytest.param("clouds:\n  a b:\n", 2, "A cloud cannot be named 'a b'", id="a name that cannot be typed"),
        pytest.param("clouds:\n  a:\n  A:\n", 3, "a second time", id="a name twice"),
        pytest.param("clouds: [a, b]\n", 1, "clouds must be the settings of several clouds", id="a list"),
        pytest.param("clouds: {}\n", 1, "clouds must be the settings of several clouds", id="none"),
        pytest.param("clouds:\n  a: x\n", 2, "clouds.a must hold names with values", id="a word for a block"),
        pytest.param("cloud:\n  name: x\nclouds:\n  a:\n", 3, "cloud and clouds are both given", id="one and several"),
        pytest.param("preset: generic\ncloud:\n  tls: proxy\n", 3, "nothing says which", id="a proxy without a host"),
        pytest.param("preset: generic\nclouds:\n  a:\n    tls: proxy\n", 4, "Write clouds.a.proxy_host", id="a proxy without a host, of several"),
    ],
)  # fmt: skip
def test_given_a_mistake_about_clouds_when_loaded_then_its_line_and_a_hint_are_told(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, text)

    assert [m.line for m in caught.value.mistakes] == [line]
    assert words in caught.value.message


def test_given_jetstream2_when_only_the_way_of_tls_is_named_then_its_proxy_is_known(tmp_path: Path) -> None:
    assert loaded(tmp_path, "cloud:\n  tls: proxy\n").text("cloud.tls") == "proxy"


def test_given_a_mistake_in_each_of_two_clouds_when_loaded_then_both_are_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, "clouds:\n  a:\n    x: 1\n  b:\n    tls: 2\n")

    assert [m.line for m in caught.value.mistakes] == [3, 5]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("tls: domain\n  domain: '{id}.binder.example.org'\n", id="by id"),
        pytest.param("tls: domain\n  domain: b-{id}-{address}.sslip.example\n", id="by id and address"),
        pytest.param("tls: ip\n  acme_directory: https://ca.example.org:9000/acme/acme/directory\n", id="an own server"),
        pytest.param("tls: ip\n  acme_contact: binder+acme@example.org\n", id="a contact"),
    ],
)  # fmt: skip
def test_given_a_way_of_tls_by_acme_when_loaded_then_it_is_taken(tmp_path: Path, text: str) -> None:
    assert loaded(tmp_path, f"cloud:\n  {text}").text("cloud.tls") in ("domain", "ip")
