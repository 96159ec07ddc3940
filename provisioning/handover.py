"""Hands the token of a private repository to the guest that waits for it, over the pinned line, in a signed call.

User data can be read by whoever reads the cloud's API, so the token is not in it: the guest says in a report that it waits, after
each start of its agent anew, and is given what counts for its owner at that moment.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from provisioning.errors import BinderopsError, TemporaryError
from provisioning.guest_config import LEASE, wait_after
from provisioning.model import BinderId, Failure
from provisioning.reports import LISTENS_IN
from provisioning.source_tokens import AppTokens, SourceToken, found, host_of
from provisioning.store import source_tokens
from provisioning.store.database import Database, Row
from provisioning.vault import Vault

log = logging.getLogger(__name__)


class TokenLink(Protocol):
    """The one call that is made here: `provisioning.guest_link.GuestLink` has it."""

    async def hand_token(
        self, agent_url: str, binder: str, *, authorization: str, refused: Failure, cert_sha256: str = ""
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A guest that waits, under our lease."""

    binder: BinderId
    attempt: int
    report: int  # the number of the report that says so
    team: str
    person: str  # its owner
    url: str  # that it fetches from
    agent_url: str
    cert_sha256: str
    tries: int  # that failed in a row
    until: datetime  # the lease's end; whatever we write is fenced by it

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as ``source_tokens.claim`` returns it."""
        return cls(**row)


class Handover:
    """Any number of processes may run one."""

    def __init__(
        self,
        db: Database,
        link: TokenLink,
        vault: Vault,
        clock: Callable[[], datetime],
        app: AppTokens | None = None,
    ) -> None:
        self._db = db
        self._link = link
        self._vault = vault
        self._clock = clock
        self._app = app

    async def once(self) -> bool:
        """Answer one guest; False where none waits, or none may be asked again yet."""
        now = self._clock()
        async with self._db.transaction() as tx:
            row = await tx.row("source_tokens.claim", phases=list(LISTENS_IN), now=now, until=now + LEASE)
            kept = await source_tokens.usable(tx, team=row["team"], person=row["person"]) if row else []
        if row is None:
            return False
        waiting = Waiting.of(row)
        try:
            authorization, refused = await self._opening(self._vault.open(kept), waiting.url)
            await self._link.hand_token(
                waiting.agent_url, waiting.binder, cert_sha256=waiting.cert_sha256, authorization=authorization,
                refused=refused,
            )  # fmt: skip
        except TemporaryError as error:
            await self._again(waiting, error)
        else:
            await self._handed(waiting)
        return True

    async def _opening(self, tokens: Iterable[SourceToken], url: str) -> tuple[str, Failure]:
        """The header's value, empty where there is none, and what the guest says where it cannot get in."""
        try:
            token = await found(tokens, url, self._app, to_fetch=True)
        except TemporaryError:
            raise
        except BinderopsError as error:
            return "", error.failure()
        return token.login.authorization if token else "", _refused(token, url)

    async def _handed(self, waiting: Waiting) -> None:
        async with self._db.transaction() as tx:
            await tx.run(
                "source_tokens.handed", binder=waiting.binder, attempt=waiting.attempt, report=waiting.report,
                until=waiting.until,
            )  # fmt: skip
        log.info("token-handed binder=%s attempt=%s", waiting.binder, waiting.attempt)

    async def _again(self, waiting: Waiting, error: TemporaryError) -> None:
        tries = waiting.tries + 1
        log.warning("token-not-handed binder=%s tries=%s message=%s", waiting.binder, tries, error.message)
        at = self._clock() + max(wait_after(tries), error.delay)
        async with self._db.transaction() as tx:
            await tx.run(
                "source_tokens.again", binder=waiting.binder, tries=tries, at=at, until=waiting.until
            )


def _refused(token: SourceToken | None, url: str) -> Failure:
    """What the guest says where it cannot get in."""
    if token is not None:
        return token.refused().failure()
    return Failure(
        code="token-missing",
        message=f"The token for {host_of(url)} was taken back before the repository was fetched.",
        hint="Type /binder token to give one, then launch again.",
    )
