"""Tokens that open private repositories: whose, for which host, and which one counts for a URL. Touches no world itself.

How they are kept, so that no database can open one, is the business of `provisioning.vault`; how a GitHub App makes one, of
`provisioning.sources.github_app`.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote, urlsplit

from provisioning.errors import BinderopsError, NotInstalledError, PersonError, TemporaryError

LONGEST = 1000  # characters of a token
ANY_USER = "x-access-token"  # where a site asks for no name of its own: GitHub and GitLab take any
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::[0-9]{1,5})?")
_PREFIX = re.compile(r"[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose a token is, and where it counts."""

    team: str
    person: str  # empty: for everyone of the team
    host: str  # in small letters, with its port where it is not 443
    prefix: str = ""  # an organisation or group; empty: everything of the host

    @property
    def place(self) -> str:
        """The host with its organisation, as people write it."""
        return f"{self.host}/{self.prefix}" if self.prefix else self.host

    @property
    def named(self) -> str:
        """What it is called towards the person who launches."""
        whose = "your token" if self.person else "the token for everyone here"
        return f"{whose} for {self.place}"

    def covers(self, url: str) -> bool:
        """Whether it may be sent to this URL: exactly its host, and below its organisation."""
        parts = urlsplit(url)
        path = unquote(parts.path).casefold().strip("/")
        if host_of(url) != self.host or ".." in path.split("/"):
            return False
        return not self.prefix or f"{path}/".startswith(f"{self.prefix.casefold()}/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The secret itself."""

    username: str
    secret: str = field(repr=False)

    @property
    def authorization(self) -> str:
        """The value of HTTP's ``Authorization``; as secret as the token."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.secret}".encode()).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceToken:
    """A token, opened."""

    scope: Scope
    login: Login
    is_the_apps: bool = False  # made by the deployment's GitHub App, for the one repository of the scope

    @property
    def named(self) -> str:
        """What it is called towards the person who launches."""
        return f"this deployment's GitHub App on {self.scope.place}" if self.is_the_apps else self.scope.named

    def refused(self) -> BinderopsError:
        """The error of a token that a host does not take; of one that can be made anew, a `TemporaryError`."""
        host = self.scope.host
        if self.is_the_apps:
            return TemporaryError(
                "token-refused",
                f"{host} refuses the token that it made for {self.named}.",
                "Launch again: a new one is made. If it stays so, ask whoever runs the bot whether the App is still installed there, "
                "or type /binder token to give a token of your own.",
            )
        if self.scope.person:
            hint = "Type /binder token to give a new one, then launch again."
        else:
            hint = "Ask an operator to give a new one by /binder token, or type it to give one of your own."
        return PersonError(
            "token-refused",
            f"{host} refuses {self.named}: it is wrong, has expired, was revoked, or may not read this repository.",
            hint,
        )


class AppTokens(Protocol):
    """What makes tokens for one repository each: `provisioning.sources.github_app.GitHubApp`."""

    async def token(self, url: str, *, to_fetch: bool = False) -> SourceToken | None:
        """One that opens this repository; None where the App is not for its host. ``to_fetch``: made anew, for one guest.

        Raises `NotInstalledError` and what else keeps the App from it.
        """
        ...

    def forget(self, url: str) -> None:
        """Make the next one for this repository anew."""
        ...


async def found(
    tokens: Iterable[SourceToken], url: str, app: AppTokens | None, *, to_fetch: bool = False
) -> SourceToken | None:
    """What opens a closed URL: the person's own token, else one that the App makes, else everyone's.

    The App goes before everyone's because its tokens open one repository, for reading, for an hour. Where it is not installed
    everyone's counts; whatever else is wrong with it is raised, so that nobody lives with a broken App without knowing.
    """
    kept = chosen(tokens, url)
    if app is None or (kept is not None and kept.scope.person):
        return kept
    try:
        return await app.token(url, to_fetch=to_fetch) or kept
    except NotInstalledError:
        if kept is None:
            raise
        return kept


def chosen(tokens: Iterable[SourceToken], url: str) -> SourceToken | None:
    """The one to use for a URL: the person's own before everyone's, and of these the one for the narrowest part of the host."""
    fitting = [token for token in tokens if token.scope.covers(url)]
    return max(fitting, key=lambda t: (bool(t.scope.person), len(t.scope.prefix)), default=None)


def host_of(url: str) -> str:
    """The host of a URL as `Scope` has it; empty where it has none."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return ""
    host = parts.hostname or ""
    return host if port in (None, 443) or not host else f"{host}:{port}"


def place_in(text: str) -> tuple[str, str] | None:
    """Host and organisation of what a person typed, a pasted address among it; None where it is neither."""
    plain = text.strip().removeprefix("https://").rstrip("/")
    host, _, prefix = plain.partition("/")
    host = host.lower().removesuffix(":443")
    if not _HOST.fullmatch(host) or (prefix and not _PREFIX.fullmatch(prefix)):
        return None
    return host, prefix


def login_in(secret: str, username: str) -> Login | None:
    """The secret as it was pasted, its spaces around left out; None where it cannot be one."""
    plain, name = secret.strip(), username.strip()
    is_sendable = all(" " < c < "\x7f" for c in plain + name)
    if not plain or len(plain) > LONGEST or ":" in name or not is_sendable:
        return None
    return Login(username=name or ANY_USER, secret=plain)
