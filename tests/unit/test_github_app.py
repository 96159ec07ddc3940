"""What a GitHub App's settings and GitHub's words about it mean."""

import base64
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from bot.github_app import github_app, verdict
from bot.masking import forget, masked
from bot.settings import Settings, SettingsError, load
from provisioning.checks import State
from provisioning.errors import RefusedError
from provisioning.sources.github_app_words import (
    About,
    assertion,
    git_host,
    private_key,
    repository_in,
)
from tests.conftest import Clock
from tests.fakes.github import a_key, pem_of

ABOUT = About(name="Binderops", page="https://github.com/apps/binderops", owner="org", contents="read", installations=2)  # fmt: skip
SETTINGS = "github_app:\n  id: 12345\n"


def settings(tmp_path: Path, text: str = SETTINGS, **environment: str) -> Settings:
    file = tmp_path / "binderops.yaml"
    file.write_text(text)
    return load(environment, file)


@pytest.mark.parametrize(
    ("api", "host"),
    [
        ("https://api.github.com", "github.com"),
        ("https://api.github.com/", "github.com"),
        ("https://api.octocorp.ghe.com", "octocorp.ghe.com"),
        ("https://github.example.org/api/v3", "github.example.org"),
        ("https://github.example.org:8443/api/v3/", "github.example.org:8443"),
        ("https://github.com", ""),
        ("https://github.example.org/api/graphql", ""),
    ],
)
def test_given_the_address_of_an_api_then_its_repositories_host_is_known(api: str, host: str) -> None:
    assert git_host(api) == host


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://github.com/org/course", ("org", "course")),
        ("https://github.com/org/course.git/", ("org", "course")),
        ("https://github.com/org/a.b", ("org", "a.b")),
        ("https://github.com/org/..", None),
        ("https://github.com/org/a%2Fb", None),
        ("https://github.com/org", None),
        ("https://github.com/org/course/wiki", None),
        ("https://github.com:8443/org/course", None),
        ("https://github.com.evil.example/org/course", None),
        ("https://gist.github.com/org/course", None),
    ],
)
def test_given_a_url_then_only_a_repository_of_the_host_is_one(
    url: str, found: tuple[str, str] | None
) -> None:
    assert repository_in(url, "github.com") == found


def test_given_a_proof_then_openssl_verifies_it_with_the_public_key(tmp_path: Path, clock: Clock) -> None:
    head, claims, signature = assertion("12345", private_key(pem_of(a_key())), clock()).split(".")
    files = {name: tmp_path / name for name in ("key.pem", "public.pem", "signed", "signature")}
    files["key.pem"].write_text(pem_of(a_key()))
    files["signed"].write_text(f"{head}.{claims}")
    files["signature"].write_bytes(base64.urlsafe_b64decode(signature + "=="))
    subprocess.run(
        ["openssl", "rsa", "-in", files["key.pem"], "-pubout", "-out", files["public.pem"]],
        check=True, capture_output=True,
    )  # fmt: skip

    done = subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", files["public.pem"], "-signature", files["signature"], files["signed"]],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.stdout.strip() == "Verified OK"


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param(pem_of(a_key()), id="as downloaded"),
        pytest.param(pem_of(a_key(), PrivateFormat.PKCS8), id="PKCS 8"),
        pytest.param(pem_of(a_key()).replace("\n", "\\n"), id="on one line"),
    ],
)
def test_given_a_key_in_a_form_that_operators_have_it_in_then_it_is_read(pem: str) -> None:
    assert private_key(pem).private_numbers() == a_key().private_numbers()


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param("planted", id="no PEM"),
        pytest.param(pem_of(a_key())[:400], id="cut off"),
        pytest.param(
            ec.generate_private_key(ec.SECP256R1())
            .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"planted"))
            .decode(),
            id="with a password",
        ),
    ],
)
def test_given_no_usable_key_then_the_refusal_says_so_without_a_word_of_it(pem: str) -> None:
    with pytest.raises(RefusedError) as refused:
        private_key(pem)

    assert refused.value.code == "github-app-key-wrong"
    assert [line for line in pem.split() if len(line) > 6 and line in str(refused.value)] == []


@pytest.mark.parametrize(
    ("text", "key", "missing"),
    [
        pytest.param(SETTINGS, "", "GITHUB_APP_PRIVATE_KEY is not", id="no key"),
        pytest.param("", pem_of(a_key()), "github_app.id is not", id="no id"),
    ],
)
def test_given_half_of_an_app_then_what_is_missing_is_said_before_the_first_launch(
    tmp_path: Path, clock: Clock, text: str, key: str, missing: str
) -> None:
    with pytest.raises(RefusedError, match="github-app-incomplete") as refused:
        github_app(settings(tmp_path, text, GITHUB_APP_PRIVATE_KEY=key), clock)

    assert missing in refused.value.message


def test_given_no_app_in_the_settings_then_there_is_none(tmp_path: Path, clock: Clock) -> None:
    assert github_app(settings(tmp_path, ""), clock) is None


def test_given_a_key_in_a_file_when_it_is_renewed_then_the_new_one_counts_and_is_masked(
    tmp_path: Path, clock: Clock
) -> None:
    file = tmp_path / "key.pem"
    file.write_text(pem_of(a_key()))
    app = github_app(settings(tmp_path, GITHUB_APP_PRIVATE_KEY_FILE=str(file)), clock)
    assert app is not None
    file.write_text(pem_of(a_key(1)))

    line = pem_of(a_key(1)).split("\n")[3]
    now = app._key()

    assert (now.strip(), masked(f"a {line} b")) == (pem_of(a_key(1)).strip(), "a *** b")
    forget()


def test_given_a_key_then_it_is_among_the_secrets_line_by_line(tmp_path: Path) -> None:
    secrets = settings(tmp_path, GITHUB_APP_PRIVATE_KEY=pem_of(a_key())).secrets

    assert set(pem_of(a_key()).split("\n")[1:-3]) <= set(secrets.all())
    assert "PRIVATE" not in repr(secrets)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("github_app:\n  id: [1]\n", "github_app.id must be an App ID", id="a list"),
        pytest.param("github_app:\n  id: -1\n", "github_app.id must be an App ID", id="below zero"),
        pytest.param(
            f"{SETTINGS}  api_url: https://github.example.org\n", "github_app.api_url must be", id="a page"
        ),
        pytest.param(
            "github_app:\n  api_url: https://api.github.com\n", "github_app.id is not", id="an API alone"
        ),
    ],
)
def test_given_a_mistake_in_the_apps_settings_then_it_is_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(tmp_path, text)

    assert words in caught.value.message


@pytest.mark.parametrize(
    ("changed", "state", "said"),
    [
        pytest.param({}, State.OK, "installed on 2 accounts", id="well"),
        pytest.param({"installations": 1}, State.OK, "installed on 1 account", id="one"),
        pytest.param({"installations": None}, State.OK, "contents: read", id="an old server"),
        pytest.param({"installations": 0}, State.WARN, "installed nowhere", id="nowhere"),
        pytest.param({"contents": "write"}, State.WARN, "it may write", id="more than needed"),
        pytest.param({"contents": ""}, State.FAIL, "cannot read a repository", id="too little"),
    ],
)
def test_given_what_an_app_may_then_the_check_says_whether_launches_can_use_it(
    changed: dict[str, object], state: State, said: str
) -> None:
    finding = verdict(replace(ABOUT, **changed), "github.com")  # type: ignore[arg-type]

    assert (finding.state, said in finding.said) == (state, True)
