"""The bot's signing keys: made once, stored encrypted, never logged. Guests know the public halves, current and next."""

import base64
import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from provisioning.errors import RefusedError
from provisioning.store.database import Database
from provisioning.tickets import Signer

_ROLES = ("current", "next")


@dataclass(frozen=True, slots=True)
class Keys:
    """What signs now, and what will sign after a rotation."""

    current: Signer
    next: Signer

    @property
    def public(self) -> tuple[str, str]:
        """The public keys that a guest is told at birth."""
        return self.current.public_key, self.next.public_key


async def load(db: Database, secret: str, clock: Callable[[], datetime]) -> Keys:
    """The deployment's keys, made at the first call.

    Raises `RefusedError` (``wrong-key``) where they were sealed with another ``secret``.
    """
    seal = seal_of("binderops signing keys", secret)
    async with db.transaction() as tx:
        for role in _ROLES:
            sealed = seal.encrypt(Signer.generate().private_bytes)
            await tx.run("keys.make", role=role, sealed=sealed, at=clock())
        stored = {row["role"]: bytes(row["sealed"]) for row in await tx.rows("keys.all")}
    try:
        current, following = (Signer.from_bytes(seal.decrypt(stored[role])) for role in _ROLES)
    except InvalidToken as error:
        raise RefusedError(
            "wrong-key",
            "The signing keys in the database were sealed with another BINDEROPS_KEY.",
            "Set the BINDEROPS_KEY that this database was first used with.",
        ) from error
    return Keys(current, following)


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
