"""What the bot signs: tickets that let one person into one binder, and its own calls to guests.

Both are ``b64(json).b64(ed25519)``: there is one algorithm and no field that names it. ``b64`` is URL-safe, unpadded.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

SIGNATURE_HEADER = "Binderops-Signature"


class Signer:
    """One Ed25519 key pair."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def generate(cls) -> Self:
        """A fresh pair."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """The pair of a raw 32-byte private key."""
        return cls(Ed25519PrivateKey.from_private_bytes(raw))

    @property
    def private_bytes(self) -> bytes:
        """The raw private key, to be sealed."""
        return self._key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())

    @property
    def public_key(self) -> str:
        """The raw public key, as launch.json holds it."""
        return _b64(self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    @property
    def key_id(self) -> str:
        """A short name of the public key, which tells nothing of the private one."""
        return hashlib.sha256(self.public_key.encode()).hexdigest()[:12]

    def ticket(self, *, binder: str, team: str, user: str, to: str, epoch: int, now: datetime) -> str:
        """A ticket for one person, one binder and one entry; the guest takes it for 60 s and once. ``to``: a local path.

        ``epoch``: the binder's membership epoch, read before it was decided that they may. A guest with a later one refuses.
        """
        return self._signed({"aud": binder, "sub": f"{team}:{user}", "to": to, "epoch": epoch}, now)

    def signature(self, *, binder: str, method: str, path: str, body: bytes, now: datetime) -> str:
        """The value of ``Binderops-Signature`` for one call to a guest; ``path`` with its query."""
        digest = hashlib.sha256(body).hexdigest()
        return self._signed({"aud": f"agent:{binder}", "m": method, "p": path, "sha256": digest}, now)

    def _signed(self, claims: Mapping[str, str | int], now: datetime) -> str:
        full = {**claims, "iat": int(now.timestamp()), "jti": secrets.token_urlsafe(16)}
        head = _b64(json.dumps(full, separators=(",", ":")).encode())
        return f"{head}.{_b64(self._key.sign(head.encode()))}"


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
