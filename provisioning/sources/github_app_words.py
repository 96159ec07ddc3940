"""What is said to GitHub's API as an App, and what its answers mean, in people's words. Pure.

From GitHub's documentation, "Generating a JSON Web Token (JWT) for a GitHub App" and "REST API endpoints for GitHub Apps"
(docs.github.com/en/rest/apps/apps). Its words for what went wrong are those that people report: octokit/auth-app.js
(src/hook.ts), actions/create-github-app-token issue 153, octokit.rb's error classes.
"""

import base64
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from provisioning.errors import BinderopsError, NotInstalledError, RefusedError, TemporaryError
from provisioning.source_tokens import host_of
from provisioning.sources.asking import Said, unreadable

# An assertion may not come from GitHub's future nor end more than ten minutes in it: a minute is left for clocks that differ.
_BEFORE = timedelta(minutes=1)
_LIVES = timedelta(minutes=9)
_SKEWED = timedelta(minutes=1)  # what the margins above do not bear
_LONGEST_WAIT = timedelta(minutes=1)
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_API_PATH = "/api/v3"  # of an Enterprise Server; github.com's API has a host of its own
_OF_TIME = re.compile(r"claim \('(?:iat|exp)'\)")
_OPERATOR = "Whoever runs the bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the API said."""

    status: int
    said: Said  # its JSON
    at: datetime | None = None  # its clock
    wait: timedelta | None = None  # where it asks to be left alone for a while
    location: str = ""

    @property
    def message(self) -> str:
        """Its own words, on one line."""
        return self.said.at("message").text()[:200]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What an App is."""

    name: str
    page: str  # where it can be installed from
    owner: str
    contents: str  # what it may do with repositories' contents: ``read``, ``write``, or nothing
    installations: int | None  # on how many accounts; None: not told


def private_key(pem: str) -> RSAPrivateKey:
    r"""The key in GitHub's file (PKCS #1), or in PKCS #8; a new line may be written out, as ``\n``.

    Raises `RefusedError` (``github-app-key-wrong``) without a word of the key.
    """
    try:
        key = load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _unusable() from error
    if not isinstance(key, RSAPrivateKey):
        raise _unusable()
    return key


def assertion(app: str, key: RSAPrivateKey, now: datetime) -> str:
    """The JSON Web Token by which the App says who it is, good for nine minutes; as secret as a token."""
    at = int(now.timestamp())
    claims = {
        "iat": at - round(_BEFORE.total_seconds()),
        "exp": at + round(_LIVES.total_seconds()),
        "iss": app,
    }
    signed = ".".join(_plain(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
    return f"{signed}.{_plain(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def git_host(api: str) -> str:
    """The host whose repositories this API is for, as `Scope.host`; empty where it is not the address of GitHub's API.

    ``https://api.github.com``, ``https://api.NAME.ghe.com``, and ``https://HOST/api/v3`` of an Enterprise Server.
    """
    host, path = host_of(api), urlsplit(api).path.rstrip("/")
    if path == _API_PATH:
        return host
    return host.removeprefix("api.") if not path and host.startswith("api.") else ""


def repository_in(url: str, host: str) -> tuple[str, str] | None:
    """Owner and name of a repository of this host; None for any other URL."""
    names = unquote(urlsplit(url).path).strip("/").removesuffix(".git").split("/")
    is_plain = len(names) == 2 and all(_NAME.fullmatch(n) and n.strip(".") for n in names)
    return (names[0], names[1]) if host_of(url) == host and is_plain else None


def about(said: Said) -> About:
    """The App, as ``GET /app`` tells it."""
    return About(
        name=said.at("name").needed(),
        page=said.at("html_url").text(),
        owner=said.at("owner", "login").text() or said.at("owner", "slug").text(),
        contents=said.at("permissions", "contents").text(),
        installations=said.at("installations_count").number(),
    )


def refused(answer: Answer, app: str, now: datetime) -> BinderopsError:
    """What an answer means that is none of those that were hoped for.

    `RefusedError` (``github-app-clock-wrong``, ``github-app-key-wrong``, ``github-app-not-permitted``, ``source-unreadable``) or
    `TemporaryError` (``source-unreachable``).
    """
    if answer.status == 401:
        return _clock(answer, now) or _key(answer, app)
    if answer.status == 404 and "integration" in answer.message.lower():
        return _key(answer, app)
    if answer.wait is not None or answer.status == 429 or "rate limit" in answer.message:
        return _away(answer.said.url, "it asks to wait", answer.wait)
    if answer.status >= 500:
        return _away(answer.said.url, f"it answers with status {answer.status}")
    if answer.status in (403, 422):
        return not_permitted(answer.message or f"status {answer.status}")
    return unreadable(answer.said.url)


def unanswered(api: str, why: str) -> TemporaryError:
    """No answer, or none in time."""
    return _away(api, why)


def not_installed(url: str, known: About) -> NotInstalledError:
    """A repository where the App is not installed and one that is missing look the same, so both are named."""
    where = f" ({known.page}/installations/new)" if known.page.startswith("https://") else ""
    return NotInstalledError(
        "github-app-not-installed",
        f"The GitHub App {known.name} may not read {url}: it is not installed on this repository, or there is no such repository.",
        f"Check the address. If it is right, whoever administers the repository can install the App on it{where}, and launch again; "
        "or type /binder token to give a token of your own.",
    )


def not_permitted(why: str) -> RefusedError:
    """It is installed, and may not read all the same."""
    return RefusedError(
        "github-app-not-permitted",
        f"GitHub gives this deployment's GitHub App no token for the repository ({why}).",
        "Whoever administers the repository: look at the App under Settings, GitHub Apps, Configure: it must not be suspended, and "
        "what it asks for must be accepted. Whoever runs the bot: the App needs the permission Contents: Read-only.",
    )


def too_much(granted: dict[str, object]) -> RefusedError:
    """More than was asked for; it is not used."""
    names = ", ".join(sorted(f"{name}: {level}" for name, level in granted.items()))[:200]
    return not_permitted(f"its token could do more than read: {names}")


def incomplete(missing: str, given: str) -> RefusedError:
    """One of the two settings without the other."""
    return RefusedError(
        "github-app-incomplete",
        f"{given} is set, and {missing} is not: a GitHub App needs both.",
        f"{_OPERATOR}: set {missing}, or take {given} away. docs/howto/github-app.md shows each click.",
    )


def _unusable() -> RefusedError:
    return RefusedError(
        "github-app-key-wrong",
        "The private key of the GitHub App cannot be read: it is no RSA key in PEM without a password.",
        f"{_OPERATOR}: give the file as GitHub let it be downloaded, by GITHUB_APP_PRIVATE_KEY_FILE; on the App's page, Generate a private key "
        "makes a new one.",
    )


def _key(answer: Answer, app: str) -> RefusedError:
    return RefusedError(
        "github-app-key-wrong",
        f"GitHub does not take the private key as that of the App {app} ({answer.message or answer.status}).",
        f"{_OPERATOR}: compare github_app.id with the App ID on the App's page, and see whether the key is still listed there; Generate a private key "
        "makes a new one.",
    )


def _clock(answer: Answer, now: datetime) -> RefusedError | None:
    off = now - answer.at if answer.at else timedelta()
    if abs(off) < _SKEWED and not _OF_TIME.search(answer.message):
        return None
    seconds = round(abs(off).total_seconds())
    how = (
        f"{seconds} s {'ahead of' if off > timedelta() else 'behind'} GitHub's" if seconds else "not GitHub's"
    )
    return RefusedError(
        "github-app-clock-wrong",
        f"GitHub does not take what the App signs, because the clock of the machine that the bot runs on is {how}.",
        f"{_OPERATOR}: set that clock, best by NTP (timedatectl set-ntp true), then launch again.",
    )


def _away(url: str, why: str, wait: timedelta | None = None) -> TemporaryError:
    plain = "".join(c for c in why if c.isprintable()).strip()[:200]
    return TemporaryError(
        "source-unreachable",
        f"GitHub's API at {urlsplit(url).netloc} makes no token for the repository now ({plain}).",
        "It is asked again. If it stays so, www.githubstatus.com may know more; whoever runs the bot can look with binderops check.",
        delay=min(wait or timedelta(seconds=2), _LONGEST_WAIT),
    )


def _plain(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
