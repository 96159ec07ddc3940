"""The bot's signing keys: made once, stored encrypted, never logged. Guests know the public halves.

Who signs asks `load` each time: a rotation (`provisioning.key_rotation`) reaches every process without a restart.
"""

import base64
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from provisioning.errors import NotFoundError, RefusedError
from provisioning.store.database import Database, Row, Tx
from provisioning.tickets import Signer

_USE = "binderops signing keys"
_ALWAYS = ("current", "next")
#: How long guests also take what the key before signed: far longer than a ticket or a call is taken anyway.
GRACE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Keys:
    """What signs now, what will sign after a rotation, and what signed before the last one."""

    current: Signer
    next: Signer
    previous: Signer | None = None
    rotated_at: datetime | None = None
    made_at: Mapping[str, datetime] = field(default_factory=dict)  # by role

    @property
    def at_birth(self) -> tuple[Signer, ...]:
        """What a guest is told at birth: nothing that the key before signed can be meant for it."""
        return (self.current, self.next)

    def told(self, now: datetime) -> tuple[Signer, ...]:
        """What a running guest is told: for a while the key before too, so that what was signed just before still counts."""
        is_recent = self.rotated_at is not None and now < self.rotated_at + GRACE
        return (*self.at_birth, self.previous) if is_recent and self.previous else self.at_birth

    @property
    def signers(self) -> tuple[Signer, ...]:
        """What a call to a guest may be signed with: the key before for one that has not heard of the current one."""
        return (self.current, self.previous) if self.previous else (self.current,)


async def load(db: Database, secret: str, clock: Callable[[], datetime]) -> Keys:
    """The deployment's keys as they are now, made at the first call.

    Cheap enough to be asked whenever something is signed, so that no process signs with what another one rotated away.
    Raises `RefusedError` (``wrong-key``) where they were sealed with another ``secret``.
    """
    async with db.apart() as tx:
        rows = await tx.rows("keys.all")
    if not {row["role"] for row in rows} >= set(_ALWAYS):
        async with db.transaction() as tx:
            for role in _ALWAYS:
                await make(tx, role, secret, clock())
            return await read(tx, secret)
    return _opened(rows, secret)


async def read(tx: Tx, secret: str) -> Keys:
    """The keys. Raises as `load`, and `NotFoundError` (``no-keys``) where none were made."""
    if not (rows := await tx.rows("keys.all")):
        raise NotFoundError(
            "no-keys", "This database has no signing keys yet.", "The bot makes them when it first starts."
        )
    return _opened(rows, secret)


async def make(tx: Tx, role: str, secret: str, now: datetime) -> None:
    """A fresh key for this role, unless it has one."""
    sealed = seal_of(_USE, secret).encrypt(Signer.generate().private_bytes)
    await tx.run("keys.make", role=role, sealed=sealed, at=now)


def _opened(rows: Sequence[Row], secret: str) -> Keys:
    seal = seal_of(_USE, secret)
    by_role = {row["role"]: row for row in rows}
    try:
        signers = {
            role: Signer.from_bytes(seal.decrypt(bytes(row["sealed"]))) for role, row in by_role.items()
        }
    except InvalidToken as error:
        raise RefusedError(
            "wrong-key",
            "The signing keys in the database were sealed with another BINDEROPS_KEY.",
            "Set the BINDEROPS_KEY that this database was first used with.",
        ) from error
    return Keys(
        signers["current"], signers["next"], signers.get("previous"), rotated_at=by_role["current"]["since"],
        made_at={role: row["made_at"] for role, row in by_role.items()},
    )  # fmt: skip


def seal_of(use: str, secret: str) -> Fernet:
    """What seals for one use: what was sealed for another cannot be opened with it."""
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(use.encode() + b"\0" + secret.encode()).digest()))


def secret_of(home: Path, given: str) -> str:
    """``BINDEROPS_KEY`` where it is set, else a file of this home that only its owner reads."""
    if given:
        return given
    file, beside = home / "key", home / f"key.{os.getpid()}"
    home.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            opened.write(base64.urlsafe_b64encode(os.urandom(32)).decode())
        with suppress(FileExistsError):  # whole or not at all, and the first process wins
            os.link(beside, file)
        beside.unlink()
    return file.read_text().strip()
