"""Seals the tokens of private repositories, and opens them at the moment of use.

Whoever holds ``BINDEROPS_KEY`` can read them; no database has it.
"""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.fernet import InvalidToken

from provisioning.keys import seal_of
from provisioning.source_tokens import Login, Scope, SourceToken

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A token as the database has it."""

    scope: Scope
    sealed: bytes = field(repr=False)
    given_at: datetime


class Vault:
    """Seals and opens. ``secret`` is ``BINDEROPS_KEY``, or what stands for it in the home folder."""

    def __init__(self, secret: str) -> None:
        self._seal = seal_of("binderops source tokens", secret)

    def close(self, scope: Scope, login: Login) -> str:
        """The token, sealed together with whose it is, so that nobody can make it another's in the database."""
        content = {"scope": _as_list(scope), "username": login.username, "secret": login.secret}
        return self._seal.encrypt(json.dumps(content).encode()).decode()

    def open(self, kept: Iterable[Kept]) -> tuple[SourceToken, ...]:
        """Those that can be opened; one that was sealed with another key, or for somebody else, is as if it were not there."""
        found = (self._open(one) for one in kept)
        return tuple(token for token in found if token is not None)

    def _open(self, kept: Kept) -> SourceToken | None:
        try:
            content = json.loads(self._seal.decrypt(kept.sealed))
        except InvalidToken:
            content = {"scope": None}
        if content["scope"] != _as_list(kept.scope):
            log.warning("token-unreadable team=%s host=%s", kept.scope.team, kept.scope.host)
            return None
        return SourceToken(
            scope=kept.scope, login=Login(username=content["username"], secret=content["secret"])
        )


def _as_list(scope: Scope) -> list[str]:
    return [scope.team, scope.person, scope.host, scope.prefix]
