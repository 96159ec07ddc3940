"""What a lookup gives back, and what it may look at. Values of their own, so that plans need none of the lookup's machinery."""

import re
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit

from provisioning.guest.rules import Rules
from provisioning.model import PathKind, Request
from provisioning.source_tokens import AppTokens, SourceToken, found

GIT_PROVIDERS = frozenset({"gh", "gl", "git", "gist"})
_CLIMBS = re.compile(r"[/\\](?:\.|%2e){1,2}(?:[/\\?#]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A request's repository or record in one immutable state."""

    commit: str  # a git object's full id; a record's id with its version; an archive's SHA-256: what a launch keys on
    ref: str  # the ref's or version's short name (``main``, ``v1.2``), for people; the commit where a commit was named
    address: str  # the checked address that answered; empty: exempt from the check (allow_exact)
    url: str = ""  # where redirects led; the guest fetches from there. Empty: the request's own
    size_mib: int | None = None  # of the source, rounded up, where it is known before the fetch
    title: str = ""  # what the source calls itself, on one line; empty where it says nothing
    licence: str = ""  # as the source names it, such as ``cc-by-4.0``; empty where it says nothing
    provider: str = ""  # the kind of source that was found behind a DOI; empty: the request's own

    folders_in_ref: int = (
        0  # how many folders at the path's beginning belong to the branch's name, which has slashes
    )
    needs_token: bool = False  # it was closed without a token, and one of the policy's opened it

    def as_found(self, request: Request) -> Request:
        """The request with its branch's whole name, and with what is left of its path for the path."""
        if not self.folders_in_ref:
            return request
        folders = request.path.split("/")
        rest = folders[self.folders_in_ref :]
        changed = replace(request, ref=self.ref, path="/".join(rest))
        shown = request.open_url.split("/")
        if (
            request.path_kind is PathKind.OPEN
            and [unquote(part) for part in shown[-len(folders) :]] == folders
        ):
            kept = [*shown[: -len(folders)], *shown[len(shown) - len(rest) :]] if rest else []
            changed = replace(changed, open_url="/".join(kept))
        return changed if rest else replace(changed, path_kind=PathKind.NONE)

    def kind(self, request: Request) -> str:
        """How an instance fetches it: ``git`` for every forge, otherwise the provider."""
        provider = self.provider or request.provider
        return "git" if provider in GIT_PROVIDERS else provider


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePolicy:
    """Which sources a deployment takes."""

    allow_exact: tuple[str, ...] = ()  # URL prefixes exempt from the rules on scheme and address
    rules: Rules = field(default_factory=Rules)  # which hosts, organisations and repositories
    most_mib: int = 2048  # what instances fetch; a source that is known to be larger is not launched
    tokens: tuple[SourceToken, ...] = ()  # that the person who asks may use
    app: AppTokens | None = None  # the deployment's GitHub App

    def exempts(self, url: str) -> bool:
        """Whether the URL lies below an exempt prefix.

        A prefix ends where a part of the path does, so that ``:80`` does not cover ``:8080``; dots may not climb out of it.
        """
        if _CLIMBS.search(url):
            return False
        return any(p.rstrip("/") and f"{url}/".startswith(f"{p.rstrip('/')}/") for p in self.allow_exact)

    async def token_for(self, url: str) -> SourceToken | None:
        """The token for a closed place; none where what is sent could be read on the way. Raises what `found` raises."""
        is_sent_safely = urlsplit(url).scheme == "https" or (
            urlsplit(url).scheme == "http" and self.exempts(url)
        )
        return await found(self.tokens, url, self.app) if is_sent_safely else None
