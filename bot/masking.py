"""What must not be read by whoever reads a log, a figure or an error: found by its shape, or known by its value."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

MASK = "***"
SHORTEST = 6  # a shorter value would be found in words that hold no secret
_REST = r"[^\s\"'<>|\\]+"  # of a URL, in a line, in Slack's markup <url|label> or in JSON
TOKEN = re.compile(r"\b(?:gh[pousr]_|github_pat_|gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt|oas)-)[\w.-]{10,}")
_SHAPES = (
    re.compile(r"(?<=ticket=)[^&#\s\"'<>|\\]+"),
    re.compile(r"\bxox[a-z]-[\w-]+|\bxapp-[\w-]+"),
    re.compile(r"(?<=https://hooks\.slack\.com/)" + _REST),
    re.compile(r"(?<=/response/)" + _REST),  # the playground's
    re.compile(r"(?<=/socket/)[\w-]+"),  # the playground's one-time addresses, and ...
    re.compile(r"(?<=wss-)[\w.-]+/link/\?" + _REST),  # ... Slack's
    re.compile(r"(?<=Binderops-Signature: )\S+"),
    re.compile(r"(?<=\bv0=)[0-9a-f]{64}\b"),  # Slack's signature
    re.compile(r"(?<=://)[^\s/@\"']+:[^\s/@\"']+(?=@)"),  # who signs in, in a URL
    # A password of Git's, as an HTTP header has it, and the tokens that name themselves: GitHub's, GitLab's.
    re.compile(r"(?<=Authorization: Basic )[\w+/=]+"),
    TOKEN,
    re.compile(r"\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]+"),  # a JSON Web Token, by which a GitHub App says who it is
    re.compile(r"(?:(?<=BEGIN PRIVATE KEY-----)|(?<=BEGIN RSA PRIVATE KEY-----))[\w+/=\\\s]+"),
    re.compile(r"(?i:(?<=password=))[^\s&\"']+"),
)
_NAMES = re.compile(r"TOKEN|SECRET|PASSWORD|PASSCODE|_KEY\b")
_known: set[str] = set()  # of this process; a secret is one however it got into a line


def masked(text: str) -> str:
    """The text without tickets, tokens, signatures, passwords, response URLs and all that `hide` was told."""
    for value in sorted(_known, key=len, reverse=True):
        text = text.replace(value, MASK)
    for shape in _SHAPES:
        text = shape.sub(MASK, text)
    return text


def hide(values: Iterable[str]) -> None:
    """Mask these from now on, wherever they come up. What is too short to be told from words is left out."""
    _known.update(value for value in values if len(value) >= SHORTEST)


def forget() -> None:
    """Hide nothing by its value any more."""
    _known.clear()


def secrets_in(environment: Mapping[str, str]) -> set[str]:
    """The values that look like secrets by their variables' names, and the password within a database's URL."""
    found = {
        value.strip()
        for name, value in environment.items()
        if _NAMES.search(name.upper()) and not name.endswith("_FILE")
    }
    url = environment.get("DATABASE_URL", "")
    if (
        "://" not in url
    ):  # no URL, so that nobody can say what of it is secret; the driver repeats it in its error
        return found | {url} - {""}
    password = _password(url)
    return found | {password, unquote(password)} - {""}


def _password(url: str) -> str:
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return url
